/* place.h - where the state of a run lies. */
#ifndef TS_CLI_PLACE_H
#define TS_CLI_PLACE_H

#include "base/err.h"
#include "model/model.h"

#define TS_STATE_FOLDER "_TaskSequence"

struct ts_place {
    char *dir;        /* native folder; ts_free */
    bool is_volatile; /* on a drive that a restart empties */
};

/* The folder for `run`: `option` (--state) if given; in a full OS the system drive's
 * \_TaskSequence, or the platform's default; in WinPE an existing \_TaskSequence on a
 * fixed drive that belongs to this machine, else the RAM drive. */
TS_NODISCARD enum ts_code ts_place_new(struct ts_place *out, const char *option,
                                       enum ts_phase phase, const char *machine,
                                       struct ts_err *err);
/* The folder of an existing state, for resume and status.  TS_ENOTFOUND: says where it
 * was looked for. */
TS_NODISCARD enum ts_code ts_place_find(struct ts_place *out, const char *option,
                                        enum ts_phase phase, const char *machine,
                                        struct ts_err *err);
/* \_TaskSequence on the drive `path` is on, or (NULL) on the best fixed drive: the one
 * with Windows, else with the most free space.  Native; caller frees. */
TS_NODISCARD enum ts_code ts_place_durable(char **out, const char *path,
                                           struct ts_err *err);

#endif
