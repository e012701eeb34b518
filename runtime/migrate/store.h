/* store.h - the folders of a store: its main part and one part on every other volume.
 *
 *   C:\StateStore\catalog.db          what is in the store, and its state
 *   C:\StateStore\capture.json        while capturing: where the other parts are
 *   C:\StateStore\data\<chunk>\<id>   files; 128 ids to a chunk, hexadecimal
 *   D:\StateStore\part.json           which store this is a part of
 *   D:\StateStore\data\...
 *
 * Part 0 is the folder with the catalogue. */
#ifndef TS_MIGRATE_STORE_H
#define TS_MIGRATE_STORE_H

#include "migrate/catalog.h"
#include "migrate/run.h"

#define MIG_DATA "data"
#define MIG_PART "part.json"
#define MIG_CAPTURE "capture.json"
/* ext4 looks through a block of a folder name by name, so that large folders cost more
 * for each link (1024 to a folder: half as much again as 128) and tiny ones more folders.
 */
#define MIG_CHUNK 128
#define MIG_PARTS_MAX 64

struct mig_part {
    char *path;   /* as in the catalogue */
    char *volume; /* stable id, "" if unknown */
    struct ts_dir *dir, *data;
    struct ts_stat st; /* of the folder */
    bool few_links;    /* NTFS: 1,024 names at most */
};

struct mig_store {
    char *path;   /* as the caller gave it */
    char *native; /* real path of the folder */
    struct ts_dir *dir;
    struct mig_part parts[MIG_PARTS_MAX];
    int nparts;
    struct mig_catalog *cat;
    enum ts_store_state state;
    char id[33];
};

/* Is there a folder "data" in `dir` with nothing but the chunks of a store in it? */
bool mig_only_chunks(struct ts_dir *dir);

/* What stands at `path`; never opens more than it must.  TS_STORE_NONE is not an error.
 * TS_EDAMAGED: a catalogue that cannot be read. */
TS_NODISCARD enum ts_code mig_store_probe(const char *path, enum ts_store_state *state,
                                          struct ts_err *err);
/* Make the folder with mode 0700 and an empty catalog.tmp.  What stood there was removed
 * before. */
TS_NODISCARD enum ts_code mig_store_create(struct mig_store *s, const char *path,
                                           struct ts_err *err);
/* Open a complete store with all its parts. TS_ENOTFOUND; TS_EREFUSED when it is not
 * complete. */
TS_NODISCARD enum ts_code mig_store_open(struct mig_store *s, const char *path,
                                         bool write, struct ts_err *err);
void mig_store_close(struct mig_store *s); /* a zeroed store is fine */

/* The part on the volume of a root at `root_path` opened as `dir`; made if there is none
 * yet.  Same volume as the store: 0. */
TS_NODISCARD enum ts_code mig_part_for(struct mig_store *s, struct mig_run *run,
                                       const char *root_path, struct ts_dir *dir,
                                       int *part, struct ts_err *err);
/* Catalogue rows of all parts (capture and update). */
TS_NODISCARD enum ts_code mig_parts_save(struct mig_store *s, struct ts_err *err);
/* Sync the volume of every part. */
TS_NODISCARD enum ts_code mig_parts_sync(struct mig_store *s, struct ts_err *err);
/* Is this the folder of one of the parts? */
bool mig_is_part(const struct mig_store *s, const struct ts_stat *st);
/* Which store the part.json in dir belongs to; ids and paths, caller frees.  *found
 * false: there is none (or it is not ours). */
struct mig_part_file {
    char *store, *main, *main_volume;
};
TS_NODISCARD enum ts_code mig_part_read(struct ts_dir *dir, struct mig_part_file *out,
                                        bool *found, struct ts_err *err);
void mig_part_file_fini(struct mig_part_file *f);

/* Where the folder recorded as `path` on the volume `volume` is in this session (letters
 * change); NULL when its volume is not there.  Caller frees. */
char *mig_path_now(const char *path, const char *volume);
/* Stable id of the volume of `path`, opened as `dir`. */
void mig_volume_of_path(const char *path, struct ts_dir *dir, char out[80]);
/* "C:\a" + "b" with the separator that fits. Caller frees. */
char *mig_path_add(const char *dir, const char *name);
/* Last part of a path, after the last separator. */
const char *mig_path_name(const char *path);

/* Open chunk folders, for one thread. */
struct mig_slots {
    struct mig_store *store;
    int64_t chunk[MIG_PARTS_MAX];
    struct ts_dir *dir[MIG_PARTS_MAX];
};
/* The folder in which object `id` of `part` stands, and its name there. */
TS_NODISCARD enum ts_code mig_slot(struct mig_slots *s, int part, int64_t id, bool create,
                                   struct ts_dir **dir, char name[17],
                                   struct ts_err *err);
void mig_slots_close(struct mig_slots *s);

#endif
