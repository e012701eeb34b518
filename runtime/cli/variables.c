/* variables.c - the variables a run starts with. */
#include <string.h>

#include "base/mem.h"
#include "cli/session.h"
#include "platform/console.h"
#include "platform/sysinfo.h"

static enum ts_code set_text(struct ts_session *s, ts_str name, ts_str value,
                             struct ts_err *err)
{
    enum ts_code rc =
        ts_vars_set(s->vars, TS_SCOPE_RUN, name, value, ts_var_name_secret(name), err);

    if (rc == TS_EACCESS) /* a name of the runtime: bad input, no trouble of ours */
        err->code = rc = TS_EINPUT;
    return rc;
}

static enum ts_code from_object(struct ts_session *s, const struct ts_value *object,
                                const char *what, struct ts_err *err)
{
    for (const struct ts_value *v = object->first; v; v = v->next) {
        struct ts_buf text = {0};
        enum ts_code rc;

        if (v->kind == TS_STRING)
            ts_buf_str(&text, v->str);
        else if (v->kind == TS_INT || v->kind == TS_REAL || v->kind == TS_BOOL)
            ts_json_write(&text, v, 0);
        else
            return ts_fail(err, TS_EINPUT,
                           "%s: the value of %.*s must be text, a number or "
                           "true or false, but is %s",
                           what, (int)v->key.n, v->key.p, ts_kind_name(v->kind));
        rc = set_text(s, v->key, ts_buf_view(&text), err);
        ts_buf_free(&text);
        if (rc != TS_OK)
            return ts_err_context(err, "%s", what);
    }
    return TS_OK;
}

static enum ts_code from_ini(struct ts_session *s, ts_str text, const char *path,
                             struct ts_err *err)
{
    ts_str line;

    for (int number = 1; ts_str_cut(&text, '\n', &line); number++) {
        ts_str t = ts_str_trim(line), name;
        enum ts_code rc;

        if (t.n == 0 || t.p[0] == ';' || t.p[0] == '#' || t.p[0] == '[')
            continue;
        if (!memchr(t.p, '=', t.n))
            return ts_fail(err, TS_EINPUT, "%s:%d: a line must be NAME=VALUE", path,
                           number);
        (void)ts_str_cut(&t, '=', &name);
        rc = set_text(s, ts_str_trim(name), ts_str_trim(t), err);
        if (rc != TS_OK)
            return ts_err_context(err, "%s:%d", path, number);
    }
    return TS_OK;
}

static enum ts_code from_file(struct ts_session *s, const char *path, struct ts_err *err)
{
    struct ts_buf text = {0};
    struct ts_arena arena = {0};
    struct ts_value *v = NULL;
    char *native = NULL;
    enum ts_code rc = ts_path_native(&native, path, NULL, err);

    if (rc == TS_OK)
        rc = ts_file_read(native, 16 << 20, &text, err);
    if (rc == TS_OK) {
        ts_str t = ts_buf_view(&text);

        if (ts_str_starts(t, TS_S("\xEF\xBB\xBF"))) {
            t.p += 3;
            t.n -= 3;
        }
        t = ts_str_trim(t);
        if (t.n && t.p[0] == '{') {
            rc = ts_json_parse(&v, &arena, ts_buf_view(&text), path, err);
            if (rc == TS_OK)
                rc = from_object(s, v, path, err);
        } else
            rc = from_ini(s, t, path, err);
    }
    ts_arena_fini(&arena);
    ts_buf_free(&text);
    ts_free(native);
    return rc;
}

static enum ts_code from_environment(struct ts_session *s, struct ts_err *err)
{
    for (const char *const *e = ts_env_all(); e && *e; e++) {
        ts_str word = ts_str_of(*e), name;
        enum ts_code rc;

        if (!ts_str_starts(word, TS_S("TASKSEQ_VAR_")))
            continue;
        (void)ts_str_cut(&word, '=', &name);
        name.p += 12;
        name.n -= 12;
        if ((rc = set_text(s, name, word, err)) != TS_OK)
            return ts_err_context(err, "environment variable TASKSEQ_VAR_%.*s",
                                  (int)name.n, name.p);
    }
    return TS_OK;
}

static enum ts_code from_options(struct ts_session *s, struct ts_err *err)
{
    const char *word;

    for (size_t i = 0; (word = ts_args_nth(s->args, "set", i)) != NULL; i++) {
        ts_str value = ts_str_of(word), name;
        enum ts_code rc;

        if (!strchr(word, '='))
            return ts_fail(err, TS_EINPUT, "--set wants NAME=VALUE, not \"%s\"", word);
        (void)ts_str_cut(&value, '=', &name);
        if ((rc = set_text(s, name, value, err)) != TS_OK)
            return ts_err_context(err, "--set %.*s", (int)name.n, name.p);
        if (ts_vars_is_secret(s->vars, name))
            ts_cli_say("warning: %.*s is a secret, and others on this machine can see a "
                       "command line; use --vars FILE or TASKSEQ_VAR_%.*s instead",
                       (int)name.n, name.p, (int)name.n, name.p);
    }
    return TS_OK;
}

/* ---- inputs --------------------------------------------------------------------------
 */

static bool is_choice(const struct ts_value *choices, ts_str answer)
{
    if (!choices)
        return true;
    for (const struct ts_value *c = choices->first; c; c = c->next)
        if (ts_str_caseeq(c->str, answer))
            return true;
    return false;
}

static enum ts_code check_answer(const struct ts_input *in, ts_str answer,
                                 struct ts_err *err)
{
    struct ts_buf list = {0};
    enum ts_code rc = TS_OK;

    if (!is_choice(in->choices, answer)) {
        for (const struct ts_value *c = in->choices->first; c; c = c->next)
            ts_buf_fmt(&list, "%s%.*s", list.n ? ", " : "", (int)c->str.n, c->str.p);
        rc = ts_fail(err, TS_EINPUT, "input %s must be one of %s", in->name,
                     ts_buf_text(&list));
    } else if (in->pattern && !ts_str_like(answer, ts_str_of(in->pattern)))
        rc = ts_fail(err, TS_EINPUT, "input %s does not match the pattern %s", in->name,
                     in->pattern);
    ts_buf_free(&list);
    return rc;
}

static enum ts_code ask_person(struct ts_session *s, const struct ts_input *in,
                               struct ts_buf *missing, struct ts_err *err)
{
    struct ts_buf answer = {0}, prompt = {0};
    enum ts_code rc;

    ts_buf_z(&prompt, in->prompt ? in->prompt : in->name);
    if (in->def)
        ts_buf_fmt(&prompt, " [%s]", in->def);
    rc = ts_console_ask(ts_buf_text(&prompt), in->secret, &answer, err);
    if (rc == TS_EUNSUPPORTED && !in->def) {
        ts_buf_fmt(missing, "%s%s", missing->n ? ", " : "", in->name);
        rc = TS_OK;
    } else if (rc == TS_EUNSUPPORTED || (rc == TS_OK && answer.n == 0)) {
        rc = TS_OK;
        if (in->def)
            rc = ts_vars_set(s->vars, TS_SCOPE_RUN, ts_str_of(in->name),
                             ts_str_of(in->def), in->secret, err);
        else
            ts_buf_fmt(missing, "%s%s", missing->n ? ", " : "", in->name);
    } else if (rc == TS_OK && (rc = check_answer(in, ts_buf_view(&answer), err)) == TS_OK)
        rc = ts_vars_set(s->vars, TS_SCOPE_RUN, ts_str_of(in->name), ts_buf_view(&answer),
                         in->secret, err);
    ts_buf_free(&prompt);
    ts_buf_free(&answer);
    return rc;
}

/* Every input gets a value, or all that are missing are named at once. */
static enum ts_code inputs(struct ts_session *s, bool ask, struct ts_err *err)
{
    struct ts_buf missing = {0};
    enum ts_code rc = TS_OK;

    for (size_t i = 0; i < s->seq->input_count && rc == TS_OK; i++) {
        const struct ts_input *in = &s->seq->inputs[i];
        const char *given = ts_vars_get(s->vars, in->name);

        if (given)
            rc = check_answer(in, ts_str_of(given), err);
        else if (ask)
            rc = ask_person(s, in, &missing, err);
        else if (in->def)
            rc = ts_vars_set(s->vars, TS_SCOPE_RUN, ts_str_of(in->name),
                             ts_str_of(in->def), in->secret, err);
    }
    if (rc == TS_OK && missing.n)
        rc = ts_fail(err, TS_EINPUT,
                     "the sequence needs a value for %s; give it with --set NAME=VALUE, "
                     "--vars FILE or TASKSEQ_VAR_NAME",
                     ts_buf_text(&missing));
    ts_buf_free(&missing);
    return rc;
}

enum ts_code ts_session_secrets(struct ts_session *s, struct ts_err *err)
{
    struct ts_buf missing = {0};
    enum ts_code rc = TS_OK;

    for (size_t i = 0; i < s->seq->input_count && rc == TS_OK; i++) {
        const struct ts_input *in = &s->seq->inputs[i];
        char *name = ts_format("TASKSEQ_VAR_%s", in->name);
        const char *given = ts_env(name);

        if (in->secret && !ts_vars_get(s->vars, in->name)) {
            ts_vars_mark_secret(s->vars, ts_str_of(in->name));
            rc = given ? set_text(s, ts_str_of(in->name), ts_str_of(given), err)
                       : ask_person(s, in, &missing, err);
        }
        ts_free(name);
    }
    if (rc == TS_OK && missing.n)
        rc = ts_fail(err, TS_EINPUT,
                     "a run that has ended keeps no secrets: give %s again, as "
                     "TASKSEQ_VAR_NAME in the environment",
                     ts_buf_text(&missing));
    ts_buf_free(&missing);
    return rc;
}

enum ts_code ts_session_variables(struct ts_session *s, bool ask, struct ts_err *err)
{
    const char *file;
    enum ts_code rc = TS_OK;

    for (size_t i = 0; s->seq && i < s->seq->input_count; i++)
        if (s->seq->inputs[i].secret)
            ts_vars_mark_secret(s->vars, ts_str_of(s->seq->inputs[i].name));
    if (s->lab && s->lab->variables)
        rc = from_object(s, s->lab->variables, "machine.json", err);
    for (size_t i = 0; rc == TS_OK && (file = ts_args_nth(s->args, "vars", i)); i++)
        rc = from_file(s, file, err);
    if (rc == TS_OK)
        rc = from_environment(s, err);
    if (rc == TS_OK)
        rc = from_options(s, err);
    return rc == TS_OK && s->seq ? inputs(s, ask, err) : rc;
}
