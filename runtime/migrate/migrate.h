/* migrate.h - user state: capture by hard links, restore, verify, remove, and the proof
 * that must come before anything destructive.
 *
 * A store is a folder with one part per volume.  At every instant it is complete or not
 * there: the catalogue (SQLite) gets its final name last.  States of a complete store:
 * complete, wiping, restored, verified, removing.  Paths given here are in either form of
 * drives.h. */
#ifndef TS_MIGRATE_MIGRATE_H
#define TS_MIGRATE_MIGRATE_H

#include "base/value.h"
#include "base/err.h"
#include "platform/drives.h"

enum ts_store_state {
    TS_STORE_NONE,
    TS_STORE_CAPTURING,
    TS_STORE_COMPLETE,
    TS_STORE_WIPING,
    TS_STORE_RESTORED,
    TS_STORE_VERIFIED,
    TS_STORE_REMOVING
};
const char *ts_store_state_name(enum ts_store_state s);

/* What the caller wants to hear, and may ask to stop.  All may be NULL. */
struct ts_mig_env {
    void *ctx;
    /* percent -1: not known; text: what is being done. About 5 times a second at most. */
    void (*progress)(void *ctx, int percent, const char *text);
    /* One line worth keeping: level as in log.h (1 info, 2 warning, 3 error). */
    void (*note)(void *ctx, int level, const char *text);
    bool (*cancelled)(void *ctx); /* time-outs too */
};

/* Where rules say yes or no.  The native list: lines "include PATTERN" and "exclude
 * PATTERN", '#' comments; a pattern with a separator is a path below the profile
 * ("AppData/Local/Temp/"), one without it a name in any folder ("*.ost"), one with a
 * drive or a slash in front a whole path ("C:\Data\"); '*' within a name, '**' across
 * folders, a trailing slash for folders only; what is in a folder that matches, matches
 * too; no case; the last matching line wins, without one an object is kept.  `profile` is
 * the path of the captured folder as ts_profile.path had it at the capture, `rel` the
 * path below it with '/'.  A rules object is used from several threads at once and must
 * not change. */
struct ts_rules {
    void *self;
    enum ts_verdict {
        TS_RULE_KEEP,
        TS_RULE_SKIP,
        TS_RULE_PRUNE /* folder and all below */
    } (*decide)(const struct ts_rules *r, const char *profile, const char *rel,
                enum ts_ftype type, uint64_t size);
    void (*free)(struct ts_rules *r);
    char *text; /* kept in the catalogue */
};
/* Parse the native list; name is used in messages ("rules.txt:3: ...").  TS_EINPUT. */
TS_NODISCARD enum ts_code ts_rules_parse(struct ts_rules **out, ts_str text,
                                         const char *name, struct ts_err *err);
void ts_rules_free(struct ts_rules *r);

/* A user profile found. */
struct ts_profile {
    char *name;  /* folder name: the user */
    char *path;  /* "C:\Users\Ann" or "/home/ann" */
    bool orphan; /* no account or user hive belongs to it */
    bool is_public;
    char *why; /* of orphan, "" else */
    struct ts_profile *next;
};
/* Profiles of the Windows on `drive` ("C:"; NULL: of this Linux system).  Users on other
 * fixed drives (D:\Users) are found as well, and said in path.  A Users folder that is a
 * link is an error that names it. */
TS_NODISCARD enum ts_code ts_profiles_find(struct ts_profile **out, const char *drive,
                                           const struct ts_mig_env *env,
                                           struct ts_err *err);
void ts_profiles_free(struct ts_profile *p);

struct ts_mig_totals {
    uint64_t profiles, orphans, folders, files, links, copies, symlinks;
    uint64_t bytes, copied_bytes;
    uint64_t skipped; /* by rules */
    uint64_t unreadable,
        special;        /* left out: could not be read; sockets, devices, pipes */
    uint64_t conflicts; /* restore: existing files kept under another name */
    uint64_t pending;   /* removal: what waits for a restart */
    uint64_t added, changed, deleted; /* update */
    int64_t elapsed_ms;
};

struct ts_capture {
    const char *store;            /* folder; its parent exists or is made */
    const char *windows_drive;    /* "C:"; NULL: Linux homes */
    const char *const *extra;     /* more folders to capture, NULL-terminated, or NULL */
    const struct ts_rules *rules; /* NULL: everything */
    const char *machine;          /* machine id for the catalogue */
    bool skip_unreadable;         /* else the first unreadable object fails the capture */
    bool copy;                    /* copy instead of linking, everywhere */
    bool overwrite; /* replace a store that is not complete or was released; a
                       complete one only if `force` */
    bool force;
    int threads; /* 0: as many as processors, at most 8 */
};
/* Capture.  An incomplete store of an earlier, cut attempt is removed first (its links
 * are not last names).  TS_EREFUSED: a complete store stands there.  The store is left
 * out of the walk. */
TS_NODISCARD enum ts_code ts_migrate_capture(const struct ts_capture *c,
                                             const struct ts_mig_env *env,
                                             struct ts_mig_totals *totals,
                                             struct ts_err *err);
/* Bring a complete store up to date by a second walk: changed, new, renamed-over, deleted
 * since.  Same arguments; rules NULL: the ones kept in the catalogue. */
TS_NODISCARD enum ts_code ts_migrate_update(const struct ts_capture *c,
                                            const struct ts_mig_env *env,
                                            struct ts_mig_totals *totals,
                                            struct ts_err *err);

struct ts_store_info {
    enum ts_store_state state;
    char id[33];
    char machine[64];
    int64_t created_ms;
    struct ts_mig_totals totals;
};
/* TS_ENOTFOUND: no store; TS_EDAMAGED: the catalogue cannot be read. An incomplete one
 * gives TS_STORE_CAPTURING. */
TS_NODISCARD enum ts_code ts_store_info(const char *store, struct ts_store_info *out,
                                        struct ts_err *err);

/* Something wrong that a check found. Texts valid during the call. */
typedef void (*ts_finding_fn)(void *ctx, const char *path, const char *what);

/* Every entry is in the store under its recorded file id and size.  TS_EREFUSED with a
 * count and the first few in the message, each one to `fn`. */
TS_NODISCARD enum ts_code ts_store_verify(const char *store, const struct ts_mig_env *env,
                                          ts_finding_fn fn, void *ctx,
                                          struct ts_err *err);
/* Walk the sources again: they agree with the catalogue (file id, size, times, no new
 * names, none gone). TS_EREFUSED as above, the message names the update. */
TS_NODISCARD enum ts_code ts_store_verify_source(const char *store,
                                                 const struct ts_mig_env *env,
                                                 ts_finding_fn fn, void *ctx,
                                                 struct ts_err *err);

struct ts_restore {
    const char *store;
    const char *windows_drive; /* where profiles go now; NULL: where they were */
    const char *const *users;  /* only these profiles, NULL-terminated; NULL: all */
    int threads;
};
/* Restore by links (copies across volumes).  Can be cut and run again.  A file already
 * there that differs is kept under "name (before restore)" and noted.  Folder metadata is
 * set last.  A store that is verified already: nothing to do, TS_OK.  State becomes
 * restored, then - when every entry was found under its restored
 * name with its recorded file id, or content where copied - verified. */
TS_NODISCARD enum ts_code ts_migrate_restore(const struct ts_restore *r,
                                             const struct ts_mig_env *env,
                                             struct ts_mig_totals *totals,
                                             struct ts_err *err);
/* The check of a restore alone; sets verified on success. */
TS_NODISCARD enum ts_code ts_migrate_verify_restored(const char *store,
                                                     const struct ts_mig_env *env,
                                                     ts_finding_fn fn, void *ctx,
                                                     struct ts_err *err);

/* Remove the store on every volume: only in verified (or removing), else TS_EREFUSED with
 * what is missing; `force` overrides.  Never follows links.  What is in use is handed to
 * ts_power_delete_at_restart and counted in totals->pending.  No store, or only an
 * incomplete one: TS_OK.  What is not the store's stays, and then its folder does. */
TS_NODISCARD enum ts_code ts_store_remove(const char *store, bool force,
                                          const struct ts_mig_env *env,
                                          struct ts_mig_totals *totals,
                                          struct ts_err *err);

struct ts_wipe {
    const char *drive;       /* "C:" or a folder */
    const char *store;       /* NULL: none */
    const char *const *keep; /* protected paths besides the store's parts */
    bool without_store;      /* allowed although the volume holds profiles */
    /* Of an entry: it stays, with all below it.  May be NULL.  Called from worker
     * threads, one at a time. */
    bool (*is_protected)(void *ctx, const char *native_path);
    void *ctx;
};
/* Delete everything on a volume except protected paths, after the proof: with a store
 * ts_store_verify and ts_store_verify_source hold (state complete -> wiping); in wiping
 * it goes on after a cut.  Without a store a volume that holds profiles is refused unless
 * without_store.  A store on that volume that was not named is refused too. */
TS_NODISCARD enum ts_code ts_migrate_wipe(const struct ts_wipe *w,
                                          const struct ts_mig_env *env,
                                          struct ts_mig_totals *totals,
                                          struct ts_err *err);

/* Is there a store on the volume of `dir` that still holds state (complete ... restored)?
 * Its path to *out (caller frees), NULL if none.  Used before format and by WipeVolume:
 * looks for a catalogue or a part in the folders of the volume's root and, but for those
 * of users, in the folders in them.  What cannot be read counts as a store. */
TS_NODISCARD enum ts_code ts_store_find(const char *dir, char **out, struct ts_err *err);

#endif
