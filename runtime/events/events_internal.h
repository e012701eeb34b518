/* events_internal.h - the file of events; shared by the files of this folder only. */
#ifndef TS_EVENTS_EVENTS_INTERNAL_H
#define TS_EVENTS_EVENTS_INTERNAL_H

#include "events/events.h"

struct ts_eventfile;
/* *last: the highest "seq" of `run` in the file, 0 if none. */
TS_NODISCARD enum ts_code ts_eventfile_open(struct ts_eventfile **out, const char *path,
                                            const char *run, uint64_t *last,
                                            struct ts_err *err);
void ts_eventfile_close(struct ts_eventfile *ef); /* NULL is allowed */
/* One line; adds the end of line to it. */
void ts_eventfile_write(struct ts_eventfile *ef, struct ts_buf *line);
void ts_eventfile_sync(struct ts_eventfile *ef);

/* Append `"run":"...","seq":`, by which a run's events are found again.  Inside any text
 * its quotes would be escaped, so it stands nowhere else in a line. */
void ts_eventfile_mark(struct ts_buf *out, const char *run);

#endif
