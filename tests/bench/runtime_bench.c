/* runtime_bench.c - what a step costs.
 *
 *   bench_runtime [--dir DIR] [--runs R] [--steps N] [--commands N]
 *
 * Durable runs are the whole program (`taskseq run` in a child of this process) against
 * bare commits, and bare processes, in the same folder; in memory it is the engine alone.
 * What a run makes durable is counted where it reaches the system. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lauxlib.h>

#include "bench.h"

#include "cli/cli.h"
#include "engine/engine.h"
#include "parse/parse.h"
#include "script/script.h"

extern char **environ;

static const char *base = "/tmp";
static char dir[400];
static int runs = 5, steps = 2000, commands = 300;
static long *syncs; /* shared with children */

/* SQLite and the runtime come here instead of to the C library. */
__attribute__((visibility("default"))) int fdatasync(int fd)
{
    ++*syncs;
    return (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
    ++*syncs;
    return (int)syscall(SYS_fsync, fd);
}

static void need(enum ts_code rc, const struct ts_err *err)
{
    if (rc != TS_OK) {
        bench_die(err->text);
    }
}

/* ---- durable -------------------------------------------------------------------------
 */

static void sequence_of(const char *path, int n, const char *step)
{
    FILE *f = fopen(path, "w");

    if (!f) {
        bench_die(path);
    }
    fputs("{ \"taskseq\": 1, \"name\": \"Steps\", \"steps\": [", f);
    for (int i = 0; i < n; i++) {
        fprintf(f, "%s\n  { \"name\": \"Step %d\", ", i ? "," : "", i);
        fprintf(f, step, i);
        fputs(" }", f);
    }
    fputs("\n] }\n", f);
    if (fclose(f) != 0) {
        bench_die(path);
    }
}

static void quiet(void)
{
    int null = open("/dev/null", O_WRONLY);

    if (null < 0 || dup2(null, 2) < 0) {
        bench_die("/dev/null");
    }
}

/* Seconds of a whole `taskseq run` with a new state. */
static double run_sequence(const char *path)
{
    static int number;
    char state[500];
    int status;

    snprintf(state, sizeof state, "%s/state%d", dir, number++);
    *syncs = 0;
    double began = bench_now();
    pid_t pid = fork();
    if (pid == 0) {
        quiet();
        char *argv[] = {"taskseq", "run",        "--quiet", "--state",
                        state,     (char *)path, NULL};
        exit(ts_cli_main(6, argv));
    }
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        bench_die("a run failed");
    }
    return bench_now() - began;
}

static double bare_commits(int n)
{
    static int number;
    char path[500];

    snprintf(path, sizeof path, "%s/commits%d.db", dir, number++);
    struct sqlite3 *db = bench_db_create(path);
    double began = bench_now();
    for (int i = 0; i < 2 * n; i++) {
        bench_db_commit(db);
    }
    double took = bench_now() - began;
    bench_db_close(db);
    return took;
}

static double bare_commands(int n)
{
    static int number;
    char *const argv[] = {"/bin/true", NULL};
    char path[500];

    snprintf(path, sizeof path, "%s/commands%d.db", dir, number++);
    struct sqlite3 *db = bench_db_create(path);
    double began = bench_now();
    for (int i = 0; i < n; i++) {
        pid_t pid;
        int status;
        bench_db_commit(db);
        if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0 ||
            waitpid(pid, &status, 0) != pid || status != 0) {
            bench_die(argv[0]);
        }
        bench_db_commit(db);
    }
    double took = bench_now() - began;
    bench_db_close(db);
    return took;
}

struct durable {
    const char *what, *step;
    int n;
    double (*bare)(int n);
    const char *peer, *budget;
    double limit; /* of the ratio */
    double more; /* or this many us more are fine, where a commit costs next to nothing */
};

/* How often a run of n steps waits for the disk. */
static double syncs_of(const char *path, int n, const char *step)
{
    sequence_of(path, n, step);
    (void)run_sequence(path);
    return (double)*syncs;
}

/* Microseconds per step, in turn; gives ours. */
static double durable(const struct durable *d)
{
    struct bench_series ours = {.n = 0}, peer = {.n = 0};
    char path[500];

    snprintf(path, sizeof path, "%s/steps.json", dir);
    double synced = (syncs_of(path, 101, d->step) - syncs_of(path, 1, d->step)) / 100;
    sequence_of(path, d->n, d->step);
    for (int i = 0; i < runs; i++) {
        bench_add(&peer, d->bare(d->n) / d->n * 1e6);
        bench_add(&ours, run_sequence(path) / d->n * 1e6);
    }
    double a = bench_median(&ours), b = bench_median(&peer);
    bench_print(&(struct bench_row){.what = d->what,
                                    .ours = a,
                                    .unit = "us",
                                    .peer = d->peer,
                                    .peers = b,
                                    .ratio = a / b,
                                    .budget = d->budget,
                                    .held = a / b <= d->limit || a - b <= d->more});
    bench_print(&(struct bench_row){.what = "  commits that reach the disk",
                                    .ours = synced,
                                    .unit = "a step",
                                    .ratio = synced / 2,
                                    .budget = "2 a step",
                                    .held = synced <= 2});
    return a;
}

/* ---- the same with Ansible ------------------------------------------------------------
 */

/* Seconds of a playbook of n commands; below 0: it cannot be run here. */
static double playbook(int n)
{
    char path[500];
    char *argv[] = {"ansible-playbook", "-i", "localhost,", "-c", "local", path, NULL};
    posix_spawn_file_actions_t fa;
    pid_t pid;
    int status;

    snprintf(path, sizeof path, "%s/playbook%d.yml", dir, n);
    FILE *f = fopen(path, "w");
    if (!f) {
        bench_die(path);
    }
    fputs("- hosts: all\n  gather_facts: false\n  tasks:\n", f);
    for (int i = 0; i < n; i++) {
        fputs("    - command: /bin/true\n", f);
    }
    if (fclose(f) != 0) {
        bench_die(path);
    }
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
    double began = bench_now();
    bool ran = posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ) == 0 &&
               waitpid(pid, &status, 0) == pid && status == 0;
    posix_spawn_file_actions_destroy(&fa);
    return ran ? bench_now() - began : -1;
}

static void against_ansible(double ours_us)
{
    double one = playbook(1), many = one < 0 ? -1 : playbook(11);

    if (many < 0) {
        printf("  (ansible-playbook is not installed: not compared)\n");
        return;
    }
    double task = (many - one) / 10 * 1e6;
    bench_print(&(struct bench_row){.what = "  the same as an Ansible task",
                                    .ours = ours_us,
                                    .unit = "us",
                                    .peer = "a task",
                                    .peers = task,
                                    .ratio = ours_us / task,
                                    .budget = "at least 100 times faster",
                                    .held = task / ours_us >= 100});
}

/* ---- in memory -----------------------------------------------------------------------
 */

static enum ts_code set_in_c(void *self, struct ts_step_call *c, struct ts_err *err)
{
    const char *name = ts_value_text(c->params, "variable");
    const char *value = ts_value_text(c->params, "value");

    (void)self;
    return ts_vars_set(c->host->vars, TS_SCOPE_STEP, ts_str_of(name), ts_str_of(value),
                       false, err);
}

static const struct ts_param set_params[] = {
    {.name = "variable", .type = TS_P_STRING, .required = true, .expand = true},
    {.name = "value", .type = TS_P_STRING, .required = true, .expand = true},
};
static const struct ts_step_ops set_ops = {set_in_c};
static const struct ts_step_type set_type = {.name = "SetInC",
                                             .params = set_params,
                                             .param_count = 2,
                                             .on_interrupt = TS_INTERRUPT_RERUN,
                                             .source = "",
                                             .ops = &set_ops};

enum work { ENGINE, PLAN };

/* Processor seconds of one pass over the sequence. */
static double pass(enum work work, struct ts_sequence *seq, struct ts_registry *types)
{
    struct ts_host host = {.vars = ts_vars_new(), .seq = seq, .phase = TS_PHASE_FULLOS};
    struct ts_engine_config c = {
        .seq = seq, .steps = types, .host = &host, .restart = &ts_restart_exit};
    struct ts_arena arena = {0};
    struct ts_value *plan = NULL;
    struct ts_run_result r;
    struct ts_err err;

    double began = bench_cpu();
    need(work == PLAN ? ts_plan(&c, NULL, 0, &arena, &plan, &err)
                      : ts_engine_run(&c, false, NULL, &r, &err),
         &err);
    double took = bench_cpu() - began;
    if (work == ENGINE && (r.end != TS_END_SUCCEEDED || r.steps_run != 10000)) {
        bench_die(r.text);
    }
    ts_arena_fini(&arena);
    ts_host_fini(&host);
    ts_vars_free(host.vars);
    return took;
}

/* Processor seconds of compiling and running n short lines of Lua: a measure of how fast
 * this machine is now. */
static double lua_lines(int n)
{
    lua_State *L = luaL_newstate();

    if (!L) {
        bench_die("no memory");
    }
    lua_pushstring(L, "yes");
    lua_setglobal(L, "Other");
    double began = bench_cpu();
    for (int i = 0; i < n; i++) {
        if (luaL_dostring(L, "return Other ~= 'no' and 1 < 2") != LUA_OK ||
            !lua_toboolean(L, -1)) {
            bench_die("Lua");
        }
        lua_settop(L, 0);
    }
    double took = bench_cpu() - began;
    lua_close(L);
    return took;
}

static void in_memory(const char *what, enum work work, const char *step)
{
    struct bench_series ours = {.n = 0}, peer = {.n = 0};
    struct ts_registry types = {0};
    struct ts_script *script = NULL;
    struct ts_sequence *seq = NULL;
    struct ts_err err;
    char path[500];

    snprintf(path, sizeof path, "%s/memory.json", dir);
    sequence_of(path, 10000, step);
    need(ts_script_new(&script, NULL, &err), &err);
    need(ts_script_load_library(script, &types, &err), &err);
    need(ts_registry_add(&types, &set_type, &err), &err);
    need(ts_sequence_load(&seq, path, &types, &err), &err);
    for (int i = 0; i < 4 * runs; i++) {
        bench_add(&peer, lua_lines(10000) * 100);
        bench_add(&ours, pass(work, seq, &types) * 100);
    }
    double a = bench_median(&ours), b = bench_median(&peer);
    /* 500,000 a second are 2 us; a line of Lua takes 1.4 us or less on a machine that has
     * nothing else to do, so that on a busy one the ratio tells. */
    bench_print(&(struct bench_row){.what = what,
                                    .ours = a,
                                    .unit = "us",
                                    .peer = "a line of Lua",
                                    .peers = b,
                                    .ratio = a / b,
                                    .budget = work == PLAN ? "500,000/s" : "",
                                    .held = a <= 2 || a / b <= 2 / 1.4});
    ts_sequence_free(seq);
    ts_registry_fini(&types);
    ts_script_free(script);
}

#define SET(type)                                                                      \
    "\"type\": \"" type "\", \"variable\": \"Name\", \"value\": \"the value is %d\", " \
    "\"condition\": \"Other != 'no'\""

static void options(int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        const char *v = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(argv[i], "--dir")) {
            base = v;
        } else if (!strcmp(argv[i], "--runs")) {
            runs = atoi(v);
        } else if (!strcmp(argv[i], "--steps")) {
            steps = atoi(v);
        } else if (!strcmp(argv[i], "--commands")) {
            commands = atoi(v);
        } else {
            runs = 0;
        }
    }
    if (runs < 1 || runs > BENCH_MAX / 4 || steps < 1 || commands < 1) {
        fprintf(stderr, "usage: %s [--dir DIR] [--runs R] [--steps N] [--commands N]\n",
                argv[0]);
        exit(2);
    }
    snprintf(dir, sizeof dir, "%s/bench-runtime-XXXXXX", base);
    if (!mkdtemp(dir)) {
        bench_die(dir);
    }
}

int main(int argc, char **argv)
{
    syncs = mmap(NULL, sizeof *syncs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                 -1, 0);
    if (syncs == MAP_FAILED) {
        bench_die("mmap");
    }
    options(argc, argv);
    bench_head("Steps");
    durable(&(struct durable){
        .what = "SetVariable, durable",
        .step = "\"type\": \"SetVariable\", \"variable\": \"Name\", \"value\": \"%d\"",
        .n = steps,
        .bare = bare_commits,
        .peer = "2 bare commits",
        .budget = "3,000/s at 0.05 ms a commit",
        .limit = 10.0 / 3, /* 1/3000 s against 2 commits of 0.05 ms */
        .more = 233});
    double command = durable(&(struct durable){
        .what = "RunCommandLine /bin/true, durable",
        .step = "\"type\": \"RunCommandLine\", \"command\": \"/bin/true\"",
        .n = commands,
        .bare = bare_commands,
        .peer = "spawn, wait, 2 commits",
        .budget = "at most 2 times",
        .limit = 2});
    against_ansible(command);
    in_memory("plan of 10,000 SetVariable", PLAN, SET("SetVariable"));
    in_memory("engine in memory, steps in C", ENGINE, SET("SetInC"));
    in_memory("engine in memory, SetVariable in Lua", ENGINE, SET("SetVariable"));
    bench_remove(dir);
    return 0;
}
