#include "rig.h"

#include "platform/fs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Criterion must not hear of a child of its child: there a failure ends the process. */
static bool in_child;

static void need(bool ok, const char *what)
{
    if (ok) {
        return;
    }
    if (in_child) {
        fprintf(stderr, "rig: %s\n", what);
        _exit(96);
    }
    cr_assert_fail("%s", what);
}

/* ---- sequences
 * ------------------------------------------------------------------------- */

static struct ts_value *read_text(struct ts_arena *a, const char *text)
{
    struct ts_value *v = NULL;
    struct ts_err err;
    char *json = ts_strdup(text);

    for (char *p = json; *p; p++) {
        *p = *p == '\'' ? '"' : *p == '`' ? '\'' : *p;
    }
    need(ts_json_parse(&v, a, ts_str_of(json), "test", &err) == TS_OK, err.text);
    ts_free(json);
    return v;
}

static bool yes(const struct ts_value *v, const char *key)
{
    const struct ts_value *m = ts_value_get(v, key);

    return m && m->boolean;
}

static int64_t number(const struct ts_value *v, const char *key, int64_t def)
{
    const struct ts_value *m = ts_value_get(v, key);

    return m ? m->integer : def;
}

static struct ts_codes codes(struct ts_arena *a, const struct ts_value *v)
{
    struct ts_codes c = {.set = v != NULL, .n = v ? v->count : 0};
    int64_t *list = ts_arena_alloc(a, sizeof *list * (c.n + 1));
    size_t i = 0;

    for (const struct ts_value *m = v ? v->first : NULL; m; m = m->next) {
        list[i++] = m->integer;
    }
    c.v = list;
    return c;
}

static enum ts_interrupt interrupt(const char *text)
{
    return !text                        ? TS_INTERRUPT_DEFAULT
           : strcmp(text, "rerun") == 0 ? TS_INTERRUPT_RERUN
           : strcmp(text, "skip") == 0  ? TS_INTERRUPT_SKIP
                                        : TS_INTERRUPT_FAIL;
}

static struct ts_node *list(struct ts_arena *a, const struct ts_value *v,
                            struct ts_node *parent, bool in_finally);

static struct ts_node *node(struct ts_arena *a, const struct ts_value *v,
                            struct ts_node *parent, bool in_finally)
{
    struct ts_node *n = ts_arena_alloc(a, sizeof *n);
    const struct ts_value *retry = ts_value_get(v, "retry");
    const char *condition = ts_value_text(v, "condition");
    const char *phase = ts_value_text(v, "phase");
    struct ts_expr *x = NULL;
    struct ts_err err;

    n->parent = parent;
    n->in_finally = in_finally;
    n->name = ts_value_text(v, "name");
    n->id = ts_value_text(v, "id") ? ts_value_text(v, "id") : n->name;
    n->disabled = yes(v, "disabled");
    n->continue_on_error = yes(v, "continueOnError");
    if (condition) {
        need(ts_expr_parse(&x, a, ts_str_of(condition), &err) == TS_OK, err.text);
    }
    n->condition = x;
    n->is_group = ts_value_get(v, "steps") != NULL;
    n->first = list(a, ts_value_get(v, "steps"), n, false);
    n->finally_first = list(a, ts_value_get(v, "finally"), n, true);
    n->type = ts_value_text(v, "type") ? ts_value_text(v, "type") : "Do";
    need(!phase || ts_phase_parse(ts_str_of(phase), &n->phase), "phase");
    n->timeout_ms = number(v, "timeout", 0);
    n->retry.attempts = (int)number(retry, "attempts", 1);
    n->retry.delay_ms = number(retry, "delay", 0);
    n->retry.on = codes(a, ts_value_get(retry, "on"));
    n->on_interrupt = interrupt(ts_value_text(v, "onInterrupt"));
    n->success_codes = codes(a, ts_value_get(v, "successCodes"));
    n->restart_codes = codes(a, ts_value_get(v, "restartCodes"));
    n->input = ts_value_text(v, "input");
    n->env = ts_value_get(v, "env");
    n->xml = ts_value_get(v, "xml");
    return n;
}

/* What is no option is a property of the type. */
static void set_params(struct ts_arena *a, struct ts_node *n, const struct ts_value *v)
{
    struct ts_value *params = ts_value_new(a, TS_OBJECT);

    for (const struct ts_value *m = v->first; m; m = m->next) {
        if (!ts_is_step_option(m->key)) {
            ts_value_set(a, params, m->key, ts_value_copy(a, m));
        }
    }
    n->params = params;
}

static struct ts_node *list(struct ts_arena *a, const struct ts_value *v,
                            struct ts_node *parent, bool in_finally)
{
    struct ts_node *first = NULL, **at = &first;

    for (const struct ts_value *m = v ? v->first : NULL; m; m = m->next) {
        *at = node(a, m, parent, in_finally);
        if (!(*at)->is_group) {
            set_params(a, *at, m);
        }
        at = &(*at)->next;
    }
    return first;
}

struct ts_sequence *rig_sequence(const char *text)
{
    struct ts_sequence *seq = ts_alloc(sizeof *seq);
    struct ts_arena *a = &seq->arena;
    struct ts_value *v = read_text(a, text);
    const struct ts_value *inputs = ts_value_get(v, "inputs");

    seq->name = ts_arena_strz(a, "Test");
    seq->root = ts_arena_alloc(a, sizeof *seq->root);
    seq->root->is_group = true;
    seq->root->name = seq->root->id = "";
    seq->configmgr = ts_value_text(v, "semantics") != NULL;
    seq->variables = ts_value_get(v, "variables");
    seq->inputs =
        ts_arena_alloc(a, sizeof *seq->inputs * (inputs ? inputs->count + 1 : 1));
    for (const struct ts_value *m = inputs ? inputs->first : NULL; m; m = m->next) {
        seq->inputs[seq->input_count++] =
            (struct ts_input){.name = m->key.p, .secret = yes(m, "secret")};
    }
    seq->root->first =
        list(a, v->kind == TS_ARRAY ? v : ts_value_get(v, "steps"), seq->root, false);
    return seq;
}

/* ---- runs
 * ------------------------------------------------------------------------------ */

void rig_init(struct rig *r, const char *sequence, const char *results)
{
    memset(r, 0, sizeof *r);
    fake_init(&r->f);
    r->seq = rig_sequence(sequence);
    r->f.results = results ? read_text(&r->arena, results) : NULL;
}

void rig_run(struct rig *r)
{
    cr_assert_eq(fake_run(&r->f, r->seq, false, NULL), TS_OK, "%s", r->f.err.text);
}

void rig_fini(struct rig *r)
{
    ts_state_close(r->f.config.state);
    fake_fini(&r->f);
    ts_arena_fini(&r->seq->arena);
    ts_free(r->seq);
    ts_arena_fini(&r->arena);
}

char *rig_folder(void)
{
    char *dir = ts_strdup("/dev/shm/taskseq-engine-XXXXXX"); /* thousands of commits */

    if (mkdtemp(dir)) {
        return dir;
    }
    ts_free(dir);
    dir = ts_strdup("/tmp/taskseq-engine-XXXXXX");
    cr_assert(mkdtemp(dir));
    return dir;
}

void rig_remove(char *dir)
{
    cr_assert_eq(ts_fs_remove_tree(dir, NULL), TS_OK);
    ts_free(dir);
}

void rig_state(struct rig *r, const char *dir, bool resume)
{
    char *state = ts_path_join(dir, "state");
    struct ts_run run;
    struct fake *f = &r->f;
    enum ts_code rc = ts_state_open(&f->config.state, state, !resume, false, &f->err);

    f->ran_file = ts_path_join(dir, "ran");
    f->events_file = ts_path_join(dir, "events");
    if (rc == TS_OK && resume) {
        rc = ts_state_last_run(f->config.state, &run, &f->err);
        if (rc == TS_OK) {
            rc = ts_state_load_vars(f->config.state, run.id, f->host.vars, NULL, NULL,
                                    &f->err);
            ts_events_run(f->host.events, run.uid, run.next_seq);
        }
    } else if (rc == TS_OK) {
        rc = fake_begin(f, r->seq);
    }
    need(rc == TS_OK, f->err.text);
    ts_free(state);
}

void rig_is_child(void)
{
    in_child = true;
}

int rig_child(const char *sequence, const char *results, const char *dir, bool resume)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        struct rig r;
        in_child = true;
        rig_init(&r, sequence, results);
        rig_state(&r, dir, resume);
        alarm(30);
        enum ts_code rc = fake_run(&r.f, r.seq, resume, NULL);
        int code = rc != TS_OK ? 98 : r.f.result.end == TS_END_RESTART ? 10 : 0;
        if (rc == TS_OK) {
            rig_fini(&r);
        }
        _exit(code);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
