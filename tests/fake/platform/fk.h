/* fk.h - a kernel in memory: the system calls that runtime/platform/posix makes, on disks
 * that forget what was not synced when the power goes.
 *
 * DESIGN.md has the whole.  A test makes the machine (fk_power_up), starts it as often as
 * it likes, each start a forked child (fk_start), and says what a power cut does to the
 * disks (fk_crash).  The disks live in memory that parent and children share. */
#ifndef TS_TESTS_FK_H
#define TS_TESTS_FK_H

#include "base/buf.h"

#include <stdint.h>

/* ---- the machine ---------------------------------------------------------------------
 */

/* Make the memory and an empty machine: volume 1 mounted at "/", with /tmp.  Registers
 * the SQLite VFS.  Once per process; fk_reset empties the machine again. */
void fk_power_up(void);
void fk_reset(void);
/* Mount an empty volume at the folder `path` (made).  Its number: st_dev. */
int fk_mount(const char *path);
void fk_readonly(int volume, bool on);

/* One start of the machine: fn runs in a child whose exit code is given back; FK_CUT when
 * the power went, FK_HUNG after `seconds`.  Other signals: 128 + number. */
enum { FK_CUT = 201, FK_HUNG = 202 };
int fk_start(int (*fn)(void *ctx), void *ctx, unsigned seconds);

/* The same, and at each point (below), before it is carried out, the machine stands still
 * while at_point looks at it: it may crash the disks and start the machine as often as it
 * likes, and must put everything back (fk_restore). */
int fk_start_watched(int (*fn)(void *ctx), void *ctx, unsigned seconds,
                     void (*at_point)(void *look), void *look);

/* ---- power ---------------------------------------------------------------------------
 */

/* Every call that changes something, and every sync, is a point; also ts_power_point of
 * code above the platform.  The power goes before point number `n` (counted from here on,
 * over all starts) is carried out, then again at the `m`-th after that.  0: never. */
void fk_cut_at(uint64_t n, uint64_t m);
uint64_t fk_points(void);        /* since fk_cut_at */
const char *fk_last_point(void); /* "write /s/state.db-wal" */

enum fk_crash { FK_DROP, FK_KEEP, FK_RANDOM };
/* What the disks hold when the power is back.  FK_DROP: only what is durable.  FK_KEEP:
 * everything.  FK_RANDOM: any state the rules of DESIGN.md allow, chosen by `seed`. */
void fk_crash(enum fk_crash how, uint64_t seed);
/* The machine ends in order: nothing is lost. */
void fk_shut_down(void);
/* Is there anything a crash could take? */
bool fk_all_durable(void);

/* The same number for the same content of all disks and of the notes: a machine that was
 * seen before.  Times of change count, the clock and what is not durable yet do not. */
uint64_t fk_hash(void);

/* The whole machine, to put it back as it was. */
struct fk_snapshot;
struct fk_snapshot *fk_save(void);
void fk_restore(const struct fk_snapshot *s);
void fk_snapshot_free(struct fk_snapshot *s);

/* A line for each object below `path`, sorted: its path, type, size and a hash of the
 * content, target of a link; `meta`: mode, owner, time of change too.  Costs little. */
void fk_picture(const char *path, bool meta, struct ts_buf *out);
/* Called for every regular file below `path`: a number that stands for its content. */
void fk_each_content(const char *path, void (*fn)(void *ctx, uint64_t content),
                     void *ctx);

/* ---- faults --------------------------------------------------------------------------
 */

enum {
    FK_WRITE = 1,
    FK_SYNC = 2,
    FK_CREATE = 4,
    FK_LINK = 8,
    FK_MKDIR = 16,
    FK_RENAME = 32,
    FK_UNLINK = 64,
    FK_META = 128,
    FK_ANY = 255,
    FK_POINT = 256 /* ts_power_point: cannot fail */
};
/* The n-th call (from here on) of one of `kinds` answers `os`; n 0: none.  for_good: so
 * do all after it. */
void fk_fail(unsigned kinds, uint64_t n, int os, bool for_good);
bool fk_failed(void); /* did it?  Until the next one is set. */
const char *fk_failed_call(void);

/* A disk that lies: syncing these does nothing and answers that all is well. */
enum {
    FK_LIE_WAL = 1,      /* files named *-wal */
    FK_LIE_DATABASE = 2, /* files named *.db, *.tmp: catalogues, states */
    FK_LIE_FOLDERS = 4,
    FK_LIE_VOLUMES = 8, /* syncfs */
    FK_LIE_FILES = 16   /* all other files */
};
void fk_lie(unsigned what);

/* ---- outside the machine -------------------------------------------------------------
 * *
 *
 * Notes of the test that no crash touches (but fk_restore puts back). */
void fk_note(const char *name, ts_str text); /* appends */
void fk_note_set(const char *name, ts_str text);
char *fk_noted(const char *name); /* "" if nothing; caller frees */

/* ---- programs ------------------------------------------------------------------------
 */

struct ts_proc_spec;
struct fk_program {
    const char *name; /* last part of argv[0], without regard to case */
    /* What it does; gives the exit code.  `say` hands on output. */
    long long (*run)(const struct ts_proc_spec *spec,
                     void (*say)(const struct ts_proc_spec *, ts_str));
    int64_t takes_ms; /* on the machine's clock */
};
void fk_programs(const struct fk_program *list, size_t n);
/* Advance the clock. */
void fk_pass_ms(int64_t ms);
int fk_restarts_asked(void); /* of ts_power_restart */

#endif
