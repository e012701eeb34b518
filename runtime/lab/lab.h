/* lab.h - a machine in a folder.
 *
 * DIR/machine.json is the firmware and the disk table; DIR/<volume>/ the drives.  The
 * runtime runs as a child exactly as on a real machine; the environment variable
 * TASKSEQ_LAB names the machine's folder, which makes phase, drives, machine id, restart
 * backend and pending deletions come from it. */
#ifndef TS_LAB_LAB_H
#define TS_LAB_LAB_H

#include "engine/restart.h"
#include "base/value.h"
#include "facts/facts.h"
#include "platform/fs.h"

struct ts_lab_volume {
    char *id;           /* stable volume id */
    char *folder;       /* native */
    char fullos, winpe; /* letters in each phase, 0 if not visible there */
    bool ram;           /* emptied at every restart: the RAM drive */
    bool fixed;
};

struct ts_lab_machine { /* machine.json */
    char *dir, *id, *name;
    enum ts_phase phase;     /* what the firmware starts, also after a power cut */
    enum ts_phase next_boot; /* what a restart request asked for; ANY: none is pending */
    struct ts_lab_volume *volumes;
    size_t volume_count;
    struct ts_value
        *variables; /* object of strings: machine variables for runs; a path on
                       a volume has the letter of the phase that runs now */
    struct ts_value *stored_variables; /* as written: {"volume", "path"} for a path */
    struct ts_value *facts; /* what the machine is, as facts.h says; NULL: not said */
    struct ts_arena arena;
};
/* TS_ENOTFOUND: no machine.json (the message names `taskseq lab --new`); TS_EINPUT: file,
 * line, column. */
TS_NODISCARD enum ts_code ts_lab_open(struct ts_lab_machine **out, const char *dir,
                                      struct ts_err *err);
void ts_lab_free(struct ts_lab_machine *m);
/* Write machine.json, durably and at once. */
TS_NODISCARD enum ts_code ts_lab_save(struct ts_lab_machine *m, struct ts_err *err);

/* Inside the child: map the drives for the current phase, hold what is held, set the
 * pending file, arm the power cut.  NULL *out if TASKSEQ_LAB is not set. */
TS_NODISCARD enum ts_code ts_lab_attach(struct ts_lab_machine **out, struct ts_err *err);
/* The machine's facts, with the drives as its phase shows them; *out NULL if machine.json
 * says nothing: then those of the real machine count.  The caller frees. */
TS_NODISCARD enum ts_code ts_lab_facts(const struct ts_lab_machine *m,
                                       struct ts_facts **out, struct ts_err *err);
/* The backend for a run inside a lab machine; ctx is the machine. */
struct ts_restart_backend ts_lab_restart_backend(struct ts_lab_machine *m);

struct ts_lab_new {
    const char *dir;
    const char *profile;     /* "small" "large" or a JSON file */
    const char *const *from; /* NAME=DIR pairs: real files taken into the profile NAME */
    uint64_t seed;
    bool swap_letters; /* WinPE shows other letters than the full OS */
};
/* Make a machine with profiles full of real kinds of files, an operating system that
 * looks like Windows where the runtime looks, and an image of the new one on the media
 * drive. */
TS_NODISCARD enum ts_code ts_lab_new(const struct ts_lab_new *n, struct ts_err *err);

struct ts_lab_run {
    const char *program; /* this program */
    const char *sequence;
    const char *dir;
    enum ts_phase boot;             /* first start; ANY: as machine.json says */
    const char *const *args;        /* passed to `run`, NULL-terminated */
    const char *const *resume_args; /* passed to `resume` */
    uint64_t power_cut;             /* cut at the n-th power point; 0: never */
    uint64_t power_seed;            /* cut at random points from this seed; 0: never */
    const char *hold; /* path that another program holds open in every phase, until a
                         restart carries out a deletion that waited for one */
    int max_boots;    /* 0: 50 */
    bool check_files; /* look after the users' files: after each cut and at the end */
    void (*on_cut)(void *ctx, const struct ts_value *cut); /* may be NULL */
    void *ctx;
};
struct ts_lab_end { /* zero-initialise */
    int exit_code;  /* of the last runtime (0, 1, 2, 3, 11, 12) */
    int boots;
    uint64_t points; /* how many effects there were */
    bool damage;     /* a user's file was not there after a cut, or not as it was */
    /* Array of {when, step, name, effect, start, lost}: `lost` as ts_census_lost says,
     * only with check_files.  When and step as ts_lab_where says. */
    struct ts_value *cuts;
    struct ts_value *files; /* with check_files: {checked, lost, displaced} at the end */
    struct ts_arena arena;
};
/* Play the machine until the run ends. */
TS_NODISCARD enum ts_code ts_lab_play(const struct ts_lab_run *r, struct ts_lab_end *end,
                                      struct ts_err *err);
void ts_lab_end_fini(struct ts_lab_end *end);

#endif
