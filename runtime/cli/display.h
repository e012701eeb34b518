/* display.h - a run as lines of text for a person. */
#ifndef TS_CLI_DISPLAY_H
#define TS_CLI_DISPLAY_H

#include "events/events.h"
#include "log/log.h"
#include "model/model.h"

struct ts_display;
/* Lines go to standard error.  verbose: program output too; quiet: failures only. */
struct ts_display *ts_display_new(struct ts_sequence *const *seq, bool verbose,
                                  bool quiet);
void ts_display_event(void *display, const struct ts_event *e);
void ts_display_log(void *display, const struct ts_log_record *r);
void ts_display_free(struct ts_display *d);

#endif
