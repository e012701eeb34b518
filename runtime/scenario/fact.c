/* fact.c - facts in conditions: from an `on`, the files, the facts; else not prepared. */
#include "scenario/scenario_internal.h"

#include <string.h>

/* The fact as it is written, with the texts it is asked with. */
static const char *printed(struct ts_arena *a, const struct ts_expr *x)
{
    struct ts_buf b = {0};

    ts_expr_print(&b, x);
    const char *text = ts_arena_str(a, ts_buf_view(&b));
    ts_buf_free(&b);
    return text;
}

static enum ts_code ask_facts(struct scn_play *p, const char *query, const char *ns,
                              bool *result, bool *known, struct ts_err *err)
{
    struct ts_wql_answer answer = {0};
    enum ts_code rc;

    *known = false;
    if (!p->facts) {
        return TS_OK;
    }
    rc = ts_wql_query(p->facts, ts_str_of(query), ns, NULL, &answer, err);
    *known = rc != TS_OK || !answer.unknown[0];
    *result = answer.count > 0;
    return rc;
}

/* What stands in the scenario besides its answers.  *known false: nothing does. */
static enum ts_code from_scenario(struct scn_play *p, const struct ts_expr *x,
                                  const char *name, const char *part, bool *result,
                                  bool *known, struct ts_err *err)
{
    *known = false;
    if (x->kind == TS_X_WMI) {
        return ask_facts(p, name, part, result, known, err);
    }
    if ((x->kind == TS_X_FILE || x->kind == TS_X_FOLDER) && !part && scn_files_told(p)) {
        const struct scn_file *f = scn_file_find(p, name);
        *known = true;
        *result = x->kind == TS_X_FILE ? f && f->text : scn_folder_exists(p, name);
    }
    return TS_OK;
}

static const char *way_out(const struct ts_expr *x, const char *part)
{
    if (x->kind == TS_X_WMI) {
        return "say facts = { classes = ... } in the scenario, or on \"wmi(*\" { holds = "
               "true }";
    }
    if ((x->kind == TS_X_FILE || x->kind == TS_X_FOLDER) && !part) {
        return "say files = { ... } or folders = { ... } in the scenario, or on "
               "\"file(*\" { holds = true }";
    }
    return "add on with this text as its pattern and { holds = true } or { holds = false "
           "}";
}

enum ts_code scn_fact(void *ctx, const struct ts_expr *x, const char *name,
                      const char *value, const char *part, bool *result,
                      struct ts_buf *why, struct ts_err *err)
{
    struct scn_play *p = ctx;
    struct ts_expr asked = *x;
    const struct scn_on *on = NULL;
    bool known = false;
    enum ts_code rc = TS_OK;

    asked.name = name;
    asked.value = value;
    asked.value_is_name = false;
    asked.part = part;
    asked.first = asked.next = NULL;
    const char *texts[] = {printed(p->a, &asked), printed(p->a, x)};
    const struct scn_answer *a = scn_match(p, texts, 2, &on);
    if (a && scn_answer_fits(p, on, a, SCN_FACT, texts[0])) {
        *result = a->holds->boolean;
        known = true;
    } else if (!a) {
        rc = from_scenario(p, x, name, part, result, &known, err);
    }
    if (rc == TS_OK && !known) {
        if (!a) {
            const char *action = ts_vars_get(p->vars, "_SMSTSCurrentActionName");
            scn_unprepared(p, NULL,
                           ts_arena_format(p->a, "condition of \"%s\": %s",
                                           action ? action : "", texts[0]),
                           way_out(x, part));
        }
        rc = ts_fail(err, TS_EINPUT, "%s is not prepared", texts[0]);
    }
    p->fact_failed = p->fact_failed || rc != TS_OK;
    if (rc == TS_OK && why) {
        ts_buf_fmt(why, "%s is %s", texts[0], *result ? "true" : "false");
    }
    return rc;
}
