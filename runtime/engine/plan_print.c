/* plan_print.c - a plan as text for people. */
#include "engine/engine.h"

#include <string.h>

static bool flag(const struct ts_value *o, const char *key)
{
    const struct ts_value *v = ts_value_get(o, key);

    return v && v->kind == TS_BOOL && v->boolean;
}

static long long number(const struct ts_value *o, const char *key)
{
    const struct ts_value *v = ts_value_get(o, key);

    return v && v->kind == TS_INT ? v->integer : 0;
}

static const char *text(const struct ts_value *o, const char *key)
{
    const char *z = ts_value_text(o, key);

    return z ? z : "";
}

static bool failed(const struct ts_value *o)
{
    return ts_value_get(o, "succeeded") && !flag(o, "succeeded");
}

static const char *reason(const struct ts_value *o)
{
    const char *r = text(o, "reason");

    if (strcmp(r, "condition") == 0) {
        return ts_value_get(o, "code") ? "fails, its condition cannot be evaluated"
                                       : "skipped, its condition is false";
    }
    return strcmp(r, "disabled") == 0       ? "skipped, disabled"
           : strcmp(r, "failed-group") == 0 ? "skipped, a step before it failed"
                                            : "not reached";
}

static void print_end(struct ts_buf *out, const struct ts_value *o)
{
    char code[160];

    if (!flag(o, "runs")) {
        ts_buf_fmt(out, ": %s", reason(o));
    } else if (failed(o)) {
        if (ts_value_get(o, "code")) {
            ts_buf_fmt(out, ": fails with %s",
                       ts_wincode_format(code, sizeof code, number(o, "code")));
        } else {
            ts_buf_z(out, ": fails");
        }
        ts_buf_z(out, flag(o, "ignored") ? ", ignored" : "");
    } else if (number(o, "code")) {
        ts_buf_fmt(out, ": ends with %lld", number(o, "code"));
    }
    if (text(o, "restart")[0]) {
        ts_buf_fmt(out, ", then restarts into %s", text(o, "restart"));
    }
    ts_buf_c(out, '\n');
}

static void print_list(struct ts_buf *out, const struct ts_value *list, int depth);

static void print_node(struct ts_buf *out, const struct ts_value *o, int depth)
{
    const struct ts_value *finally = ts_value_get(o, "finally");
    const char *mark = !flag(o, "runs") ? "-" : failed(o) ? "!" : "+";

    ts_buf_fmt(out, "%4lld %*s%s %s", number(o, "index"), depth * 2, "", mark,
               text(o, "name"));
    if (strcmp(text(o, "type"), "Group") != 0) {
        ts_buf_fmt(out, " (%s)", text(o, "type"));
    }
    print_end(out, o);
    if (text(o, "why")[0]) {
        ts_buf_fmt(out, "     %*s    %s\n", depth * 2, "", text(o, "why"));
    }
    print_list(out, ts_value_get(o, "steps"), depth + 1);
    if (finally && finally->first) {
        ts_buf_fmt(out, "     %*s  finally\n", depth * 2, "");
        print_list(out, finally, depth + 2);
    }
}

static void print_list(struct ts_buf *out, const struct ts_value *list, int depth)
{
    for (const struct ts_value *o = list ? list->first : NULL; o; o = o->next) {
        print_node(out, o, depth);
    }
}

void ts_plan_print(struct ts_buf *out, const struct ts_value *plan)
{
    char code[160];

    ts_buf_fmt(out, "%s, starting in %s\n", text(plan, "name"), text(plan, "phase"));
    print_list(out, ts_value_get(plan, "nodes"), 0);
    if (strcmp(text(plan, "result"), "failed") == 0) {
        ts_buf_fmt(out, "The run would fail with %s.\n",
                   ts_wincode_format(code, sizeof code, number(plan, "code")));
    } else {
        ts_buf_z(out, "The run would succeed.\n");
    }
}
