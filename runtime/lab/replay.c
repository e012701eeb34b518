/* replay.c - one machine played to its end, as a program of its own. */
#include "lab/replay.h"

#include <string.h>

#include "base/mem.h"
#include "lab/lab_internal.h"
#include "platform/clock.h"
#include "platform/proc.h"

#define MOST_OUTPUT ((size_t)64 << 20)
#define MOST_WORDS ((size_t)64 << 10)
#define EXIT_CANCELLED 11
#define PATIENCE_MS 20000

static void take_output(void *ctx, enum ts_stream stream, ts_str bytes)
{
    struct ts_replay *r = ctx;
    struct ts_buf *b = stream == TS_STDOUT ? &r->out : &r->words;
    size_t most = stream == TS_STDOUT ? MOST_OUTPUT : MOST_WORDS;

    if (b->n + bytes.n <= most)
        ts_buf_str(b, bytes);
}

static char **command(const struct ts_lab_every *e, const char *dir, uint64_t cut_at)
{
    size_t n = 0, extra = 0;
    char **argv;

    while (e->args && e->args[extra])
        extra++;
    argv = ts_alloc_array(extra + 10, sizeof *argv);
    argv[n++] = ts_strdup(e->program);
    argv[n++] = ts_strdup("lab");
    argv[n++] = ts_format("--machine=%s", dir);
    argv[n++] = ts_strdup("--json");
    argv[n++] = ts_strdup("--quiet");
    argv[n++] = ts_strdup("--check-files");
    if (cut_at)
        argv[n++] = ts_format("--power-cut=%llu", (unsigned long long)cut_at);
    for (size_t i = 0; i < extra; i++)
        argv[n++] = ts_strdup(e->args[i]);
    argv[n++] = ts_strdup("--");
    argv[n++] = ts_strdup(e->sequence);
    return argv;
}

/* Until it has ended; a wish to stop is handed on, and after some time it is ended. */
static enum ts_code wait_for(struct ts_child *c, struct ts_proc_result *res,
                             struct ts_err *err)
{
    bool done = false;
    int64_t told_ms = 0;
    enum ts_code rc = TS_OK;

    while (rc == TS_OK && !done) {
        rc = ts_child_wait(c, 100, &done, res, err);
        if (rc != TS_OK || done || !ts_cancelled())
            continue;
        if (!told_ms) {
            ts_child_stop(c);
            told_ms = ts_now_ms();
        } else if (ts_now_ms() - told_ms > PATIENCE_MS) {
            return TS_OK; /* ts_child_free ends it */
        }
    }
    return rc;
}

static enum ts_code play(struct ts_replay *r, char **argv, struct ts_mutex *starting,
                         struct ts_err *err)
{
    static const char *const env[] = {TS_ENV_LAB, TS_ENV_POWER, TS_ENV_HOLD, TS_ENV_ROOT,
                                      NULL};
    struct ts_proc_spec spec = {.argv = (const char *const *)argv,
                                .program = argv[0],
                                .env = env,
                                .output = take_output,
                                .ctx = r};
    struct ts_proc_result res = {0};
    struct ts_child *child = NULL;
    enum ts_code rc;

    ts_mutex_lock(starting);
    rc = ts_child_start(&child, &spec, false, err);
    ts_mutex_unlock(starting);
    if (rc == TS_OK)
        rc = wait_for(child, &res, err);
    ts_mutex_lock(starting);
    ts_child_free(child);
    ts_mutex_unlock(starting);
    r->exit_code = (int)res.code;
    if (rc == TS_OK && ts_cancelled())
        return ts_fail(err, TS_ECANCELLED, "stopped by the user");
    return rc;
}

enum ts_code ts_replay_run(struct ts_replay *r, const struct ts_lab_every *e,
                           const char *dir, uint64_t cut_at, struct ts_mutex *starting,
                           struct ts_err *err)
{
    char **argv = command(e, dir, cut_at);
    enum ts_code rc;

    r->dir = ts_strdup(dir);
    rc = ts_tree_clone(e->dir, dir, err);
    r->began_ms = ts_now_ms();
    if (rc == TS_OK)
        rc = play(r, argv, starting, err);
    if (rc == TS_OK && r->out.n &&
        ts_json_parse(&r->result, &r->arena, ts_buf_view(&r->out), "result", NULL) !=
            TS_OK)
        r->result = NULL;
    ts_words_free(argv);
    return rc;
}

void ts_replay_fini(struct ts_replay *r)
{
    ts_free(r->dir);
    ts_buf_free(&r->out);
    ts_buf_free(&r->words);
    ts_arena_fini(&r->arena);
}
