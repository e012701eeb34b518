/* expect.c - what came against what was expected. */
#include "scenario/scenario_internal.h"

#include <stdio.h>
#include <string.h>

static const struct scn_key keys[] = {{"result", SCN_TEXT},
                                      {"code", SCN_INT},
                                      {"error", SCN_TEXT},
                                      {"ran", SCN_LIST},
                                      {"inOrder", SCN_LIST},
                                      {"notRan", SCN_LIST},
                                      {"skipped", SCN_LIST | SCN_MAP},
                                      {"variables", SCN_MAP},
                                      {"commands", SCN_LIST},
                                      {"restarts", SCN_LIST},
                                      {"boots", SCN_INT},
                                      {"log", SCN_LIST | SCN_TEXT},
                                      {"files", SCN_MAP}};
static const char *const results[] = {
    [TS_END_SUCCEEDED] = "succeeded",
    [TS_END_FAILED] = "failed",
    [TS_END_CANCELLED] = "cancelled",
    [TS_END_RESTART] = "restart",
};

static enum ts_code check_files(const struct ts_value *files, const struct scn_at *at,
                                struct ts_err *err)
{
    for (const struct ts_value *m = files ? files->first : NULL; m; m = m->next) {
        if (m->kind != TS_STRING && m->kind != TS_BOOL) {
            return scn_fail(at, err,
                            "expect.files: %.200s must be a text, true (it is there) or "
                            "false (it is not)",
                            m->key.p);
        }
    }
    return TS_OK;
}

enum ts_code scn_expect_check(const struct scn *s, const struct scn_at *at,
                              struct ts_err *err)
{
    const struct ts_value *e = s->expect, *restarts = ts_value_get(e, "restarts");
    const char *result = ts_value_text(e, "result");
    enum ts_phase phase;
    enum ts_code rc;

    if (!e->first) {
        return scn_fail(at, err,
                        "it expects nothing: say at least expect = { result = "
                        "\"succeeded\" }");
    }
    rc = scn_shape(e, keys, sizeof keys / sizeof keys[0], at, "expect", err);
    if (rc == TS_OK && result && strcmp(result, "succeeded") != 0 &&
        strcmp(result, "failed") != 0 && strcmp(result, "cancelled") != 0) {
        rc = scn_fail(at, err,
                      "expect.result is succeeded, failed or cancelled, not \"%.60s\"",
                      result);
    }
    for (const struct ts_value *m = restarts ? restarts->first : NULL; m && rc == TS_OK;
         m = m->next) {
        if (!ts_phase_parse(m->str, &phase) || phase == TS_PHASE_ANY) {
            rc =
                scn_fail(at, err, "expect.restarts holds WinPE and FullOS, not \"%.60s\"",
                         m->str.p);
        }
    }
    return rc == TS_OK ? check_files(ts_value_get(e, "files"), at, err) : rc;
}

/* ---- names ---------------------------------------------------------------------------
 */

static bool is_like(const struct ts_value *named, ts_str pattern)
{
    return ts_str_like(ts_value_get(named, "name")->str, pattern) ||
           ts_str_like(ts_value_get(named, "id")->str, pattern);
}

/* A pattern that fits nothing in the sequence is a slip of the pen. */
static bool known(struct scn_play *p, const char *key, ts_str pattern)
{
    for (size_t i = 0; i < p->sequence->cover_count; i++) {
        const struct ts_node *n = p->sequence->cover[i].node;
        if (ts_str_like(ts_str_of(n->name), pattern) ||
            ts_str_like(ts_str_of(n->id), pattern)) {
            return true;
        }
    }
    scn_failure(p,
                ts_arena_format(p->a,
                                "%s: the sequence has no step or group like \"%.*s\"",
                                key, (int)pattern.n, pattern.p),
                NULL, NULL);
    return false;
}

static bool all_known(struct scn_play *p, const char *key, const struct ts_value *list)
{
    bool ok = true;

    for (const struct ts_value *m = list->first; m; m = m->next) {
        ok = known(p, key, m->str) && ok;
    }
    return ok;
}

static const char *texts(struct scn_play *p, const struct ts_value *list)
{
    return scn_list(p->a, list);
}

/* ---- each expectation ----------------------------------------------------------------
 */

static void expect_result(struct scn_play *p, const struct ts_value *want)
{
    const char *came = results[p->r->run.end];

    if (strcmp(want->str.p, came) != 0) {
        scn_failure(p, "result", want->str.p,
                    p->r->run.text[0]
                        ? ts_arena_format(p->a, "%s: %s", came, p->r->run.text)
                        : came);
    }
}

static void expect_number(struct scn_play *p, const char *key, int64_t want, int64_t came)
{
    char a[160], b[160];

    if (want != came) {
        scn_failure(p, key, ts_wincode_format(a, sizeof a, want),
                    ts_wincode_format(b, sizeof b, came));
    }
}

static void expect_ran(struct scn_play *p, const struct ts_value *want)
{
    const struct ts_value *have = p->r->ran->first, *m = want->first;

    if (!all_known(p, "ran", want)) {
        return;
    }
    while (m && have && is_like(have, m->str)) {
        m = m->next;
        have = have->next;
    }
    if (m || have) {
        scn_failure(p,
                    m && have
                        ? ts_arena_format(p->a, "ran: \"%s\" was expected, \"%s\" came",
                                          m->str.p, ts_value_text(have, "name"))
                    : m ? ts_arena_format(p->a, "ran: \"%s\" was expected, nothing came",
                                          m->str.p)
                        : ts_arena_format(p->a, "ran: \"%s\" came and was not expected",
                                          ts_value_text(have, "name")),
                    texts(p, want), texts(p, p->r->ran));
    }
}

static void expect_in_order(struct scn_play *p, const struct ts_value *want)
{
    const struct ts_value *m = want->first;

    if (!all_known(p, "inOrder", want)) {
        return;
    }
    for (const struct ts_value *have = p->r->ran->first; have && m; have = have->next) {
        m = is_like(have, m->str) ? m->next : m;
    }
    if (m) {
        scn_failure(
            p,
            ts_arena_format(p->a, "inOrder: \"%s\" did not come in its place", m->str.p),
            texts(p, want), texts(p, p->r->ran));
    }
}

static void expect_not_ran(struct scn_play *p, const struct ts_value *want)
{
    for (const struct ts_value *m = want->first; m; m = m->next) {
        const struct ts_value *have = p->r->ran->first;
        while (have && !is_like(have, m->str)) {
            have = have->next;
        }
        if (known(p, "notRan", m->str) && have) {
            scn_failure(
                p,
                ts_arena_format(p->a, "notRan: \"%s\" ran", ts_value_text(have, "name")),
                NULL, texts(p, p->r->ran));
        }
    }
}

static const char *skipped_list(struct scn_play *p)
{
    struct ts_buf b = {0};

    for (const struct ts_value *m = p->r->skipped->first; m; m = m->next) {
        ts_buf_fmt(&b, "%s%s: %s", b.n ? ", " : "", ts_value_text(m, "name"),
                   ts_value_text(m, "reason"));
    }
    const char *text = b.n ? ts_arena_str(p->a, ts_buf_view(&b)) : "(none)";
    ts_buf_free(&b);
    return text;
}

static void expect_one_skipped(struct scn_play *p, ts_str name, ts_str reason)
{
    const struct ts_value *m = p->r->skipped->first;

    while (m && !(is_like(m, name) &&
                  (!reason.n || ts_str_caseeq(ts_value_get(m, "reason")->str, reason)))) {
        m = m->next;
    }
    if (known(p, "skipped", name) && !m) {
        scn_failure(p,
                    ts_arena_format(p->a, "skipped: \"%.*s\" was not left out%s%.*s",
                                    (int)name.n, name.p, reason.n ? " for " : "",
                                    (int)reason.n, reason.p),
                    NULL, skipped_list(p));
    }
}

/* "NAME", "NAME: reason", or NAME = "reason" (true: whatever reason). */
static void expect_skipped(struct scn_play *p, const struct ts_value *want)
{
    static const char *const reasons[] = {"condition", "disabled", "failed-group",
                                          "interrupted"};

    for (const struct ts_value *m = want->first; m; m = m->next) {
        ts_str name = m->str, reason = {"", 0};
        if (want->kind == TS_OBJECT) {
            name = m->key;
            reason = m->kind == TS_STRING ? m->str : reason;
        }
        for (size_t i = 0; want->kind == TS_ARRAY && i < 4; i++) {
            char *end = ts_format(": %s", reasons[i]);
            if (ts_str_ends(name, ts_str_of(end))) {
                reason = ts_str_of(reasons[i]);
                name.n -= strlen(end);
            }
            ts_free(end);
        }
        expect_one_skipped(p, name, reason);
    }
}

static void expect_variables(struct scn_play *p, const struct ts_value *want)
{
    for (const struct ts_value *m = want->first; m; m = m->next) {
        char *name = ts_str_dup(m->key);
        const char *came = ts_vars_get(p->vars, name);
        bool secret = ts_vars_is_secret(p->vars, m->key);
        bool absent = m->kind == TS_BOOL && !m->boolean;
        bool any = m->kind == TS_BOOL && m->boolean;
        const char *expected = absent ? "(not set)" : any ? "(set)" : scn_text(p->a, m);

        if (absent ? came != NULL
            : any  ? !came
                   : strcmp(came ? came : "", expected) != 0) {
            scn_failure(p, ts_arena_format(p->a, "variables: %s", name),
                        secret ? "*****" : expected,
                        !came    ? "(not set)"
                        : secret ? "*****"
                                 : came);
        }
        ts_free(name);
    }
}

static const char *quoted(struct scn_play *p, const struct ts_value *m)
{
    return m ? ts_arena_format(p->a, "\"%s\"", scn_shown(p, m->str.p)) : "nothing more";
}

/* One by one, all of them.  shown: as `have`, with secrets hidden. */
static void expect_texts(struct scn_play *p, const char *key, const struct ts_value *want,
                         const struct ts_value *have, const struct ts_value *shown)
{
    const struct ts_value *m = want->first, *h = have->first;

    while (m && h && ts_str_like(h->str, m->str)) {
        m = m->next;
        h = h->next;
    }
    if (m || h) {
        scn_failure(p,
                    ts_arena_format(p->a, "%s: %s was expected, %s came", key,
                                    quoted(p, m), quoted(p, h)),
                    scn_shown(p, texts(p, want)), texts(p, shown));
    }
}

static void expect_log(struct scn_play *p, const struct ts_value *want)
{
    const struct ts_value *m = want->kind == TS_ARRAY ? want->first : want;

    for (; m; m = want->kind == TS_ARRAY ? m->next : NULL) {
        if (!strstr(ts_buf_text(&p->r->log), m->str.p)) {
            scn_failure(p, ts_arena_format(p->a, "log: \"%s\" is not in it", m->str.p),
                        NULL, NULL);
        }
    }
}

static void expect_files(struct scn_play *p, const struct ts_value *want)
{
    for (const struct ts_value *m = want->first; m; m = m->next) {
        char *path = ts_str_dup(m->key);
        const struct scn_file *f = scn_file_find(p, path);
        bool there = f || scn_folder_exists(p, path);
        const char *came = !there ? "(not there)" : f && f->text ? f->text : "(a folder)";

        if (m->kind == TS_BOOL
                ? m->boolean != there
                : !f || !f->text || !ts_str_eq((ts_str){f->text, f->n}, m->str)) {
            scn_failure(p, ts_arena_format(p->a, "files: %s", path),
                        m->kind == TS_STRING ? m->str.p
                        : m->boolean         ? "(there)"
                                             : "(not there)",
                        came);
        }
        ts_free(path);
    }
}

static void expect_one(struct scn_play *p, const struct ts_value *m)
{
    const char *key = m->key.p;

    if (strcmp(key, "result") == 0) {
        expect_result(p, m);
    } else if (strcmp(key, "code") == 0) {
        expect_number(p, "code", m->integer, p->r->run.code);
    } else if (strcmp(key, "boots") == 0) {
        expect_number(p, "boots", m->integer, p->r->boots);
    } else if (strcmp(key, "error") == 0) {
        if (!strstr(p->r->run.text, m->str.p)) {
            scn_failure(p, "error", m->str.p, p->r->run.text);
        }
    } else if (strcmp(key, "ran") == 0) {
        expect_ran(p, m);
    } else if (strcmp(key, "inOrder") == 0) {
        expect_in_order(p, m);
    } else if (strcmp(key, "notRan") == 0) {
        expect_not_ran(p, m);
    } else if (strcmp(key, "skipped") == 0) {
        expect_skipped(p, m);
    } else if (strcmp(key, "variables") == 0) {
        expect_variables(p, m);
    } else if (strcmp(key, "commands") == 0) {
        expect_texts(p, key, m, p->r->commands, p->r->shown);
    } else if (strcmp(key, "restarts") == 0) {
        expect_texts(p, key, m, p->r->restarts, p->r->restarts);
    } else if (strcmp(key, "log") == 0) {
        expect_log(p, m);
    } else {
        expect_files(p, m);
    }
}

void scn_expect(struct scn_play *p)
{
    for (const struct ts_value *m = p->s->expect->first; m; m = m->next) {
        expect_one(p, m);
    }
}
