/* scope.h - the folders that are captured: profiles, more folders, and for its links the
 * folder that holds the profiles. */
#ifndef TS_MIGRATE_SCOPE_H
#define TS_MIGRATE_SCOPE_H

#include "migrate/run.h"
#include "migrate/store.h"

enum mig_root_kind { MIG_PROFILE = 1, MIG_EXTRA = 2, MIG_USERS = 3 };

struct mig_root {
    int64_t object; /* id of its folder; 0: not in the catalogue yet */
    int index;      /* in the catalogue's table */
    enum mig_root_kind kind;
    char *name;   /* of a profile: the user */
    char *path;   /* as captured; rules are asked with it, whatever its letter is now */
    char *now;    /* in this session */
    char *volume; /* stable id */
    int part;
    bool orphan, is_public;
    char *why;
    char *restored; /* where it was restored to, "" if it was not */
    char *restored_volume;
    bool existed;       /* restore: its folder was there before */
    struct ts_dir *up;  /* the folder that holds it */
    char *real;         /* its name there */
    struct ts_dir *dir; /* itself */
    struct ts_stat st;
};

struct mig_scope {
    struct mig_root *p;
    size_t n, cap;
};

void mig_scope_fini(struct mig_scope *s);
struct mig_root *mig_scope_add(struct mig_scope *s, enum mig_root_kind kind,
                               const char *path);

/* Find what is to be captured: profiles of `drive` (NULL: this Linux), then `extra`.
 * Each root is opened. */
TS_NODISCARD enum ts_code mig_scope_find(struct mig_scope *s, const char *drive,
                                         const char *const *extra, struct mig_run *run,
                                         struct ts_err *err);
/* Note a profile without an account, once it is captured. */
void mig_root_say_orphan(struct mig_run *run, const struct mig_root *r);
/* As the catalogue has it; nothing is opened, `now` is NULL if its volume is not there.
 */
TS_NODISCARD enum ts_code mig_scope_load(struct mig_scope *s, struct mig_catalog *c,
                                         struct ts_err *err);
TS_NODISCARD enum ts_code mig_root_save(struct mig_catalog *c, const struct mig_root *r,
                                        struct ts_err *err);
/* Open r->now. TS_ENOTFOUND, TS_ELINK. */
TS_NODISCARD enum ts_code mig_root_open(struct mig_root *r, struct ts_err *err);
void mig_root_close(struct mig_root *r);
/* The root of `s` that is the same folder as `other`, by volume and path below it. */
struct mig_root *mig_scope_match(struct mig_scope *s, const struct mig_root *other);
/* Path of something below a root; caller frees. */
char *mig_root_path(const struct mig_root *r, const char *rel);
/* The same for people: the middle of a very long one is left out. */
char *mig_root_show(const struct mig_root *r, const char *rel);

/* Profiles in the folder `top` ("C:\" or "/mnt/windows"): its Users, and for a native
 * path its home as well.  Appends to *tail. */
TS_NODISCARD enum ts_code mig_profiles_below(struct ts_profile ***tail, const char *top,
                                             const struct ts_mig_env *env,
                                             struct ts_err *err);
/* Is it a link that Windows itself puts beside the profiles ("All Users")? */
bool mig_link_of_windows(const char *name);

#endif
