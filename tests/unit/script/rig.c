#include "rig.h"

#include <stdio.h>
#include <string.h>

#include "platform/clock.h"
#include "platform/fs.h"
#include "platform/sysinfo.h"

static void keep_line(void *ctx, const struct ts_log_record *record)
{
    struct rig *r = ctx;

    ts_buf_fmt(&r->logged, "%d %.*s\n", (int)record->level, (int)record->text.n,
               record->text.p);
}

void rig_start(struct rig *r)
{
    char id[33];

    memset(r, 0, sizeof *r);
    ts_random_id(id);
    char *temp = ts_fs_temp_dir();
    r->dir = ts_format("%s/taskseq-script-%s", temp, id);
    r->steps = ts_format("%s/steps", r->dir);
    ts_free(temp);
    cr_assert_eq(ts_fs_mkdirs(r->steps, 0700, &r->err), TS_OK, "%s", r->err.text);
    cr_assert_eq(ts_script_new(&r->script, NULL, &r->err), TS_OK, "%s", r->err.text);
    r->vars = ts_vars_new();
    r->log = ts_log_new();
    ts_log_sink(r->log, keep_line, r);
    r->seq.folder = r->dir;
    r->host = (struct ts_host){
        .log = r->log,
        .vars = r->vars,
        .seq = &r->seq,
        .phase = TS_PHASE_WINPE,
        .machine = "machine-1",
        .run = "run-1",
        .state_dir = r->dir,
    };
    r->node.name = "A step";
    r->node.id = "a-step";
}

void rig_end(struct rig *r)
{
    ts_script_free(r->script);
    ts_registry_fini(&r->registry);
    ts_vars_free(r->vars);
    ts_log_free(r->log);
    ts_buf_free(&r->logged);
    ts_buf_free(&r->call.tail);
    ts_arena_fini(&r->arena);
    ts_host_fini(&r->host);
    (void)!ts_fs_remove_tree(r->dir, NULL);
    ts_free(r->dir);
    ts_free(r->steps);
}

char *rig_path(struct rig *r, const char *name)
{
    return ts_path_join(r->dir, name);
}

void rig_file(struct rig *r, const char *name, const char *text)
{
    char *path = rig_path(r, name);

    cr_assert_eq(ts_file_replace(path, text, strlen(text), 0600, &r->err), TS_OK, "%s",
                 r->err.text);
    ts_free(path);
}

/* Each file gets a folder of its own, so that earlier ones are not registered twice. */
enum ts_code rig_load(struct rig *r, const char *name, const char *file)
{
    char *folder = ts_format("%s/%s.d", r->steps, name);
    char *path = ts_format("%s/%s.lua", folder, name);

    cr_assert_eq(ts_fs_mkdirs(folder, 0700, NULL), TS_OK);
    cr_assert_eq(ts_file_replace(path, file, strlen(file), 0600, NULL), TS_OK);
    memset(&r->err, 0, sizeof r->err);
    enum ts_code rc = ts_script_load_folder(r->script, folder, &r->registry, &r->err);
    ts_free(folder);
    ts_free(path);
    return rc;
}

void rig_step(struct rig *r, const char *name, const char *body)
{
    char *file = ts_format(
        "return { summary = 'test', onInterrupt = 'rerun', params = {\n"
        "  text = { type = 'string', doc = 'd' }, list = { type = 'list', doc = 'd' },\n"
        "  number = { type = 'integer', doc = 'd' }, map = { type = 'map', doc = 'd' },\n"
        "  yes = { type = 'boolean', doc = 'd' } },\n"
        "run = function(p, host)\n%s\nend }\n",
        body);

    cr_assert_eq(rig_load(r, name, file), TS_OK, "%s", r->err.text);
    ts_free(file);
}

enum ts_code rig_run(struct rig *r, const char *type, const char *props)
{
    const struct ts_step_type *t = ts_registry_find(&r->registry, ts_str_of(type));
    struct ts_value *given = NULL, *params = NULL;
    int attempt = r->call.attempt ? r->call.attempt : 1;
    bool interrupted = r->call.interrupted_before;
    int64_t deadline = r->call.deadline_ns;
    enum ts_code rc;

    cr_assert_not_null(t, "no step type %s", type);
    if (props) {
        cr_assert_eq(ts_json_parse(&given, &r->arena, ts_str_of(props), "props", &r->err),
                     TS_OK, "%s", r->err.text);
    }
    ts_buf_free(&r->call.tail);
    memset(&r->call, 0, sizeof r->call);
    memset(&r->err, 0, sizeof r->err);
    if ((rc = ts_params_check(t, given, NULL, &r->err)) != TS_OK ||
        (rc = ts_params_prepare(t, given, r->vars, &r->arena, &params, &r->err)) !=
            TS_OK) {
        return rc;
    }
    r->call.host = &r->host;
    r->call.node = &r->node;
    r->call.type = t;
    r->call.params = params;
    r->call.arena = &r->arena;
    r->call.attempt = attempt;
    r->call.interrupted_before = interrupted;
    r->call.deadline_ns = deadline;
    return t->ops->run(t->self, &r->call, &r->err);
}

const char *rig_var(struct rig *r, const char *name)
{
    const char *value = ts_vars_get(r->vars, name);

    return value ? value : "";
}
