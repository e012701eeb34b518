/* record.h - what the state tells of a run, for status, vars and explain. */
#ifndef TS_CLI_RECORD_H
#define TS_CLI_RECORD_H

#include "cli/session.h"

/* Find the state (--state, or where this machine keeps it) and open it for reading, with
 * its newest run in s->run. */
TS_NODISCARD enum ts_code ts_record_open(struct ts_session *s, const struct ts_args *args,
                                         struct ts_err *err);

/* Members of an object, with a value where there is none: 0, "", false, NULL. */
int64_t ts_record_int(const struct ts_value *o, const char *key);
const char *ts_record_text(const struct ts_value *o, const char *key);
bool ts_record_bool(const struct ts_value *o, const char *key);
const struct ts_value *ts_record_list(const struct ts_value *o, const char *key);

/* The member "run" in words: "running", "interrupted" ... */
const char *ts_record_status(const struct ts_value *run);
/* It is recorded as running, but no process works on it. */
bool ts_record_interrupted(const struct ts_value *run);

/* One restart of the ledger (a member of "restarts" in ts_state_to_value): two lines,
 * with `indent` before each. */
void ts_record_restart(struct ts_buf *out, const char *indent, const struct ts_value *r);
/* "runs again" of rerun, "is left out" of skip, "fails" of fail. */
const char *ts_record_rule(const char *on_interrupt);
/* Who decided it, of onInterruptFrom: "its step's option" ... */
const char *ts_record_rule_from(const char *from);

#endif
