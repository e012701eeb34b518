/* judge.h - did a replay end as the uncut run did? */
#ifndef TS_LAB_JUDGE_H
#define TS_LAB_JUDGE_H

#include "base/map.h"
#include "lab/picture.h"
#include "lab/record.h"
#include "lab/replay.h"

/* How the undisturbed run ends. */
struct ts_uncut {
    struct ts_picture *picture;  /* settled */
    struct ts_lab_record record; /* all NULL: nothing was recorded */
    struct ts_map left;          /* sum: struct ts_left of contents it takes away */
    struct ts_arena arena;
};
struct ts_left {
    uint64_t files; /* in how many files the content is at the uncut end */
};
/* Look at the end of two undisturbed replays. */
TS_NODISCARD enum ts_code ts_uncut_take(struct ts_uncut *u, const struct ts_replay *one,
                                        const struct ts_replay *two,
                                        struct ts_lab_proof *proof, struct ts_err *err);
void ts_uncut_fini(struct ts_uncut *u);

/* NULL in *failure when the replay ended as the uncut run did; else what ts_lab_proof
 * says of a failure, in the arena. */
TS_NODISCARD enum ts_code ts_replay_judge(const struct ts_uncut *u,
                                          const struct ts_replay *r, uint64_t point,
                                          bool files_at_end_only, struct ts_arena *a,
                                          struct ts_value **failure, struct ts_err *err);

#endif
