/* post.c - SMSTSPostAction: a command that is started when the run is over. */
#include "engine/engine_internal.h"

#include "platform/proc.h"

/* A machine that is only told of is told the command. */
static bool tell(struct ts_engine *e, const char *command)
{
    const struct ts_host_fake *fake = e->host->fake;
    struct ts_arena a = {0};
    struct ts_err err;

    if (fake) {
        struct ts_value *args = ts_value_new(&a, TS_ARRAY);
        struct ts_value *spec = ts_value_new(&a, TS_OBJECT);
        const struct ts_value *out = NULL;
        ts_value_set(&a, spec, TS_S("command"),
                     ts_value_string(&a, ts_str_of(command)));
        ts_value_push(args, spec);
        if (fake->effect(fake->ctx, NULL, "run", args, &a, &out, &err) != TS_OK) {
            ts_log_write(e->log, TS_LOG_WARNING, NULL,
                         "SMSTSPostAction could not be started: %s", err.text);
        }
    }
    ts_arena_fini(&a);
    return fake != NULL;
}

/* It is not waited for and its end is not recorded, as in ConfigMgr: usually it restarts
 * the machine.  It is not one of the run's processes: it must outlive them. */
void ts_post_action(struct ts_engine *e)
{
    const char *command = ts_vars_get(e->vars, "SMSTSPostAction");
    static const char *const env[] = {"TASKSEQ_RUN", "TASKSEQ_ADDRESS", "TASKSEQ_TOKEN",
                                      NULL};
    struct ts_child *child = NULL;
    struct ts_buf text = {0};
    struct ts_err err;
    size_t n = 0;

    if (!command || e->end == TS_END_RESTART) {
        return;
    }
    ts_vars_expand(e->vars, &text, ts_str_of(command), NULL);
    char **argv = ts_argv_split(ts_buf_text(&text), &n);
    struct ts_proc_spec spec = {.argv = (const char *const *)argv, .env = env};
    ts_log_write(e->log, TS_LOG_INFO, NULL, "Starting SMSTSPostAction: %s", command);
    if (tell(e, ts_buf_text(&text))) {
        goto done;
    }
    if (n == 0 || ts_child_start(&child, &spec, false, &err) != TS_OK) {
        ts_log_write(e->log, TS_LOG_WARNING, NULL,
                     "SMSTSPostAction could not be started: %s",
                     n ? err.text : "it is empty");
    }
    ts_child_release(child);
done:
    ts_free(argv);
    ts_buf_free(&text);
}
