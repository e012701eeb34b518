#include "cli/record.h"

#include <string.h>

#include "base/mem.h"

enum ts_code ts_record_open(struct ts_session *s, const struct ts_args *args,
                            struct ts_err *err)
{
    enum ts_code rc = ts_session_machine(s, args, err);

    if (rc == TS_OK)
        rc = ts_place_find(&s->place, ts_args_get(args, "state"), s->phase, s->machine,
                           err);
    if (rc == TS_OK)
        rc = ts_state_open(&s->state, s->place.dir, false, true, err);
    if (rc == TS_OK)
        rc = ts_state_last_run(s->state, &s->run, err);
    return rc;
}

int64_t ts_record_int(const struct ts_value *o, const char *key)
{
    const struct ts_value *v = ts_value_get(o, key);

    return v && v->kind == TS_INT ? v->integer : 0;
}

const char *ts_record_text(const struct ts_value *o, const char *key)
{
    const char *t = ts_value_text(o, key);

    return t ? t : "";
}

bool ts_record_bool(const struct ts_value *o, const char *key)
{
    const struct ts_value *v = ts_value_get(o, key);

    return v && v->kind == TS_BOOL && v->boolean;
}

const struct ts_value *ts_record_list(const struct ts_value *o, const char *key)
{
    const struct ts_value *v = ts_value_get(o, key);

    return v && v->kind == TS_ARRAY ? v->first : NULL;
}

bool ts_record_interrupted(const struct ts_value *run)
{
    return strcmp(ts_record_text(run, "status"), "running") == 0 &&
           !ts_record_bool(run, "active");
}

const char *ts_record_status(const struct ts_value *run)
{
    return ts_record_interrupted(run) ? "interrupted" : ts_record_text(run, "status");
}

const char *ts_record_rule(const char *on_interrupt)
{
    return strcmp(on_interrupt, "rerun") == 0  ? "runs again"
           : strcmp(on_interrupt, "skip") == 0 ? "is left out"
                                               : "fails";
}

const char *ts_record_rule_from(const char *from)
{
    return strcmp(from, "step") == 0        ? "its onInterrupt says so"
           : strcmp(from, "type") == 0      ? "its type says so"
           : strcmp(from, "configmgr") == 0 ? "the rule of imported sequences"
           : strcmp(from, "limit") == 0     ? "too many restarts"
                                            : "the wrong system came up";
}

static void asked(struct ts_buf *out, const struct ts_value *r)
{
    const char *by = ts_record_text(r, "by"), *was = ts_record_text(r, "was");
    const char *at = ts_record_text(r, "atName");

    if (strcmp(by, "step") == 0)
        ts_buf_fmt(out, "step \"%s\" (%s) asked for %s", ts_record_text(r, "name"),
                   ts_record_text(r, "step"), ts_record_text(r, "target"));
    else if (strcmp(by, "runtime") == 0)
        ts_buf_fmt(out, "the runtime went back to %s", ts_record_text(r, "target"));
    else
        ts_buf_fmt(out, "nobody asked (crash, power cut or somebody else)%s%s",
                   *was ? "; the run was in " : "", was);
    if (*at)
        ts_buf_fmt(out, ", to go on at \"%s\"", at);
}

static void came(struct ts_buf *out, const struct ts_value *r)
{
    const char *phase = ts_record_text(r, "phase"), *target = ts_record_text(r, "target");
    const char *rule = ts_record_text(r, "onInterrupt");

    if (!*phase) {
        ts_buf_z(out, "not started again yet");
    } else {
        ts_buf_fmt(out, "%s came up at %s", phase, ts_record_text(r, "arrived"));
        if (*target && strcmp(phase, target) != 0)
            ts_buf_fmt(out, ", not %s", target);
        if (ts_value_get(r, "ms"))
            ts_buf_fmt(out, ", %.1f s later", (double)ts_record_int(r, "ms") / 1000);
    }
    if (*ts_record_text(r, "interrupted"))
        ts_buf_fmt(out, "; step \"%s\" was interrupted",
                   ts_record_text(r, "interruptedName"));
    if (*rule)
        ts_buf_fmt(out, " and %s (%s)", ts_record_rule(rule),
                   ts_record_rule_from(ts_record_text(r, "onInterruptFrom")));
    int count = (int)ts_record_int(r, "count"), limit = (int)ts_record_int(r, "limit");
    if (limit)
        ts_buf_fmt(out, "; restart %d %s%d%s without a step being finished", count,
                   count > limit ? "(" : "of at most ", limit,
                   count > limit ? " are allowed)" : "");
}

void ts_record_restart(struct ts_buf *out, const char *indent, const struct ts_value *r)
{
    const char *when = ts_record_text(r, "requested");

    ts_buf_fmt(out, "%s%s  ", indent, *when ? when : ts_record_text(r, "arrived"));
    asked(out, r);
    ts_buf_fmt(out, "\n%s  ", indent);
    came(out, r);
    ts_buf_c(out, '\n');
}
