/* explain_print.c - the explanation as text. */
#include <string.h>

#include "base/mem.h"
#include "cli/explain.h"

#define TAIL_LINES 10

/* ---- one sentence each ---------------------------------------------------------------
 */

static const char *state_words(const char *state)
{
    return strcmp(state, "succeeded") == 0     ? "it ran and succeeded"
           : strcmp(state, "failed") == 0      ? "it failed"
           : strcmp(state, "ignored") == 0     ? "it failed, and the failure was ignored"
           : strcmp(state, "running") == 0     ? "it is under way"
           : strcmp(state, "open") == 0        ? "it is under way"
           : strcmp(state, "interrupted") == 0 ? "it was cut off"
           : strcmp(state, "skipped") == 0     ? "it was left out"
                                               : "it was not reached";
}

static const char *reason_words(const char *reason)
{
    return strcmp(reason, "condition") == 0   ? "its condition was false"
           : strcmp(reason, "disabled") == 0  ? "it is disabled"
           : strcmp(reason, "group") == 0     ? "the group around it was left out"
           : strcmp(reason, "not-yet") == 0   ? "the run has not come to it yet"
           : strcmp(reason, "next") == 0      ? "it is what the run goes on with"
           : strcmp(reason, "run-ended") == 0 ? "the run ended before it"
           : strcmp(reason, "interrupted") == 0
               ? "it was cut off, and its onInterrupt is skip"
           : strcmp(reason, "from") == 0 ? "the run went on behind it (--from)"
                                         : "a step before it failed its group";
}

static void print_setter(struct ts_buf *out, const struct ts_value *v)
{
    const char *by = ts_record_text(v, "by"), *time = ts_record_text(v, "time");

    if (strcmp(by, "step") == 0)
        ts_buf_fmt(out, "set by step \"%s\" (%s)", ts_record_text(v, "stepName"),
                   ts_record_text(v, "step"));
    else
        ts_buf_z(out, strcmp(by, "default") == 0   ? "a default of the sequence"
                      : strcmp(by, "rules") == 0   ? "set by rules"
                      : strcmp(by, "start") == 0   ? "given at the start (--set, --vars, "
                                                     "the environment or an answer)"
                      : strcmp(by, "runtime") == 0 ? "set by the runtime"
                      : strcmp(by, "typed") == 0   ? "typed in the step itself"
                                                   : "set by nobody");
    if (*time)
        ts_buf_fmt(out, " at %s", time);
}

/* The parts of "why", one a line: they begin with a backquote. */
static void print_parts(struct ts_buf *out, const char *indent, const char *why)
{
    const char *next;

    while (*why) {
        next = strstr(why, "; `");
        ts_buf_fmt(out, "%s%.*s\n", indent,
                   (int)(next ? (size_t)(next - why) : strlen(why)), why);
        why = next ? next + 2 : why + strlen(why);
    }
}

static void print_condition(struct ts_buf *out, const struct ts_value *c)
{
    const char *result = ts_record_text(c, "result"), *time = ts_record_text(c, "time");

    ts_buf_fmt(out, "  condition   %s\n", ts_record_text(c, "text"));
    ts_buf_fmt(out, "    was %s%s%s\n", result, *time ? " at " : "", time);
    print_parts(out, "    ", ts_record_text(c, "why"));
    for (const struct ts_value *v = ts_record_list(c, "variables"); v; v = v->next) {
        if (ts_value_get(v, "value"))
            ts_buf_fmt(out, "    %s = '%s', ", ts_record_text(v, "name"),
                       ts_record_text(v, "value"));
        else
            ts_buf_fmt(out, "    %s had no value, ", ts_record_text(v, "name"));
        print_setter(out, v);
        ts_buf_c(out, '\n');
    }
}

static void print_cause(struct ts_buf *out, const struct ts_value *o)
{
    const struct ts_value *c = ts_value_get(o, "cause");
    const char *kind = ts_record_text(c, "kind");

    if (*ts_record_text(o, "cancelled"))
        ts_buf_fmt(out, "    %s\n", ts_record_text(o, "cancelled"));
    if (*ts_record_text(o, "error"))
        ts_buf_fmt(out, "    %s\n", ts_record_text(o, "error"));
    if (!c)
        return;
    if (strcmp(kind, "failed-step") == 0) {
        ts_buf_fmt(out, "    step \"%s\" (%s) failed with %s at %s\n",
                   ts_record_text(c, "name"), ts_record_text(c, "step"),
                   ts_record_text(c, "codeText"), ts_record_text(c, "time"));
        if (*ts_record_text(c, "message"))
            ts_buf_fmt(out, "      %s\n", ts_record_text(c, "message"));
    } else if (strcmp(kind, "skipped-group") == 0) {
        ts_buf_fmt(out, "    group \"%s\" (%s): %s\n", ts_record_text(c, "name"),
                   ts_record_text(c, "step"), reason_words(ts_record_text(c, "reason")));
        print_cause(out, c);
        if (ts_value_get(c, "condition"))
            print_condition(out, ts_value_get(c, "condition"));
    } else {
        ts_buf_fmt(out, "    it stands at \"%s\" (%s)\n", ts_record_text(c, "name"),
                   ts_record_text(c, "step"));
    }
}

/* ---- attempts ------------------------------------------------------------------------
 */

static void print_tail(struct ts_buf *out, const char *tail)
{
    size_t n = strlen(tail), lines = 0, at;

    while (n && (tail[n - 1] == '\n' || tail[n - 1] == '\r'))
        n--;
    for (at = n; at > 0 && lines < TAIL_LINES; at--)
        lines += tail[at - 1] == '\n';
    at += at > 0 || lines == TAIL_LINES;
    if (n == 0)
        return;
    ts_buf_z(out, at > 1 ? "      its last output:\n" : "      its output:\n");
    ts_str rest = {tail + (at > 1 ? at : 0), n - (at > 1 ? at : 0)}, line;
    while (ts_str_cut(&rest, '\n', &line))
        ts_buf_fmt(out, "        %.*s\n", (int)ts_str_trim(line).n, ts_str_trim(line).p);
}

static void print_attempt(struct ts_buf *out, const struct ts_value *a)
{
    const char *ended = ts_record_text(a, "ended"), *note = ts_record_text(a, "note");

    ts_buf_fmt(out, "    %d  began %s", (int)ts_record_int(a, "attempt"),
               ts_record_text(a, "started"));
    if (!*ended) {
        ts_buf_z(out, ", has not ended\n");
        return;
    }
    ts_buf_fmt(out, ", ended %s: %s %s\n", ended,
               strcmp(note, "interrupted") == 0 ? "cut off,"
               : ts_record_bool(a, "succeeded") ? "succeeded,"
               : ts_record_bool(a, "ignored")   ? "failed (ignored),"
                                                : "failed,",
               ts_record_text(a, "codeText"));
    if (*note && strcmp(note, "interrupted") != 0)
        ts_buf_fmt(out, "      %s\n", note);
    print_tail(out, ts_record_text(a, "tail"));
}

static void print_step(struct ts_buf *out, const struct ts_value *v)
{
    const struct ts_value *a = ts_record_list(v, "attempts");
    const struct ts_value *set = ts_record_list(v, "set");

    if (a)
        ts_buf_z(out, "  attempts\n");
    for (; a; a = a->next)
        print_attempt(out, a);
    if (set)
        ts_buf_z(out, "  variables it set, their last values\n");
    for (; set; set = set->next)
        ts_buf_fmt(
            out, *ts_record_text(set, "value") ? "    %s = '%s'\n" : "    %s deleted%s\n",
            ts_record_text(set, "name"), ts_record_text(set, "value"));
}

/* ---- the whole -----------------------------------------------------------------------
 */

static void print_head(struct ts_buf *out, const struct ts_value *v)
{
    const struct ts_value *run = ts_value_get(v, "run");
    bool group = strcmp(ts_record_text(v, "type"), "Group") == 0;
    const struct ts_value *path = ts_record_list(v, "path");

    ts_buf_fmt(out, "%s \"%s\" (%s): %s\n", group ? "Group" : "Step",
               ts_record_text(v, "name"), ts_record_text(v, "step"),
               state_words(ts_record_text(v, "state")));
    ts_buf_fmt(out, "  run         \"%s\", %s\n", ts_record_text(run, "name"),
               ts_record_status(run));
    ts_buf_fmt(out, "  place       instruction %d", (int)ts_record_int(v, "index"));
    for (const struct ts_value *p = path; p; p = p->next)
        ts_buf_fmt(out, "%s\"%s\"", p == path ? " in " : " > ",
                   ts_record_text(p, "name"));
    ts_buf_fmt(out, "%s\n", ts_record_bool(v, "finally") ? ", in the finally list" : "");
    if (!group)
        ts_buf_fmt(out, "  type        %s\n", ts_record_text(v, "type"));
}

void ts_explain_print(struct ts_buf *out, const struct ts_value *v)
{
    const char *state = ts_record_text(v, "state");
    const struct ts_value *r = ts_record_list(v, "restarts");

    print_head(out, v);
    if (*ts_record_text(v, "reason"))
        ts_buf_fmt(out, "  not run     %s\n", reason_words(ts_record_text(v, "reason")));
    print_cause(out, v);
    if (*ts_record_text(v, "message"))
        ts_buf_fmt(out, "  message     %s\n", ts_record_text(v, "message"));
    if (ts_value_get(v, "condition"))
        print_condition(out, ts_value_get(v, "condition"));
    print_step(out, v);
    if (*ts_record_text(v, "onInterrupt") &&
        (r || strcmp(state, "running") == 0 || strcmp(state, "interrupted") == 0))
        ts_buf_fmt(out, "  rule        when interrupted it %s (%s)\n",
                   ts_record_rule(ts_record_text(v, "onInterrupt")),
                   ts_record_rule_from(ts_record_text(v, "onInterruptFrom")));
    if (r)
        ts_buf_z(out, "  restarts\n");
    for (; r; r = r->next)
        ts_record_restart(out, "    ", r);
}
