/* What the runtime promises to be durable, on disks that lose the rest.  Each of these
 * was found by the crash loops. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "engine/engine.h"
#include "fk.h"
#include "parse/parse.h"
#include "platform/fs.h"
#include "state/state.h"
#include "steps/host.h"

#define OK(call)                                          \
    do {                                                  \
        if ((call) != TS_OK) {                            \
            fprintf(stderr, "%s: %s\n", #call, err.text); \
            _exit(1);                                     \
        }                                                 \
    } while (0)

static struct ts_err err;

static void power_up(void)
{
    fk_power_up();
}

TestSuite(durable, .init = power_up);

static struct ts_run new_run(void)
{
    return (struct ts_run){.sequence_name = "S",
                           .sequence_file = "",
                           .sequence_hash = "",
                           .model = "{}",
                           .machine = "m",
                           .position = "",
                           .work_dir = "",
                           .error = ""};
}

/* Each in a start of its own. */
static int commit_a_run(void *ctx)
{
    struct ts_run run = new_run();
    struct ts_state *s;

    (void)ctx;
    OK(ts_state_open(&s, "/var/lib/taskseq", true, false, &err));
    OK(ts_state_begin(s, &run, &err));
    OK(ts_state_commit(s, &err));
    return 0;
}

static int find_the_run(void *ctx)
{
    struct ts_run run;
    struct ts_state *s;

    (void)ctx;
    OK(ts_state_open(&s, "/var/lib/taskseq", false, true, &err));
    OK(ts_state_last_run(s, &run, &err));
    return run.sequence_name[0] == 'S' ? 0 : 1;
}

Test(durable, a_committed_run_whose_folders_are_new)
{
    cr_assert_eq(fk_start(commit_a_run, NULL, 5), 0);
    fk_crash(FK_DROP, 0);
    cr_assert_eq(fk_start(find_the_run, NULL, 5), 0);
}

/* ---- what a step writes --------------------------------------------------------------
 */

static int write_as_a_step(void *ctx)
{
    struct ts_host host = {.state_dir = "/var/lib/taskseq"};
    struct ts_step_call call = {.host = &host};

    OK(ts_host_write(&call, "/new/folder/a.txt", TS_S("told"), false, &err));
    OK(ts_host_write(&call, "/new/b.txt", TS_S("told"), true, &err));
    OK(ts_host_mkdir(&call, "/new/empty", &err));
    OK(ts_host_delete(&call, "/old.txt", false, NULL, &err));
    if (ctx) {
        OK(ts_host_settle(&call, &err));
    }
    return 0;
}

static int make_old(void *ctx)
{
    (void)ctx;
    OK(ts_file_replace("/old.txt", "x", 1, 0644, &err));
    return 0;
}

static int count_what_is_there(void *ctx)
{
    (void)ctx;
    return ts_fs_exists("/new/folder/a.txt") + ts_fs_exists("/new/b.txt") +
           ts_fs_exists("/new/empty") + ts_fs_exists("/old.txt") * 10;
}

Test(durable, what_a_step_wrote_when_it_has_ended)
{
    cr_assert_eq(fk_start(make_old, NULL, 5), 0);
    cr_assert_eq(fk_start(write_as_a_step, "ends", 5), 0);
    fk_crash(FK_DROP, 0);
    cr_assert_eq(fk_start(count_what_is_there, NULL, 5), 3);
}

Test(durable, not_what_a_step_wrote_that_was_cut)
{
    cr_assert_eq(fk_start(make_old, NULL, 5), 0);
    cr_assert_eq(fk_start(write_as_a_step, NULL, 5), 0);
    fk_crash(FK_DROP, 0);
    cr_assert_eq(fk_start(count_what_is_there, NULL, 5), 10);
}

static enum ts_code write_or_die(void *self, struct ts_step_call *c, struct ts_err *why)
{
    (void)self;
    if (c->node->name[0] == 'B') {
        _exit(7); /* behind the record that A has ended */
    }
    return ts_host_write(c, "/new/by-a-step.txt", TS_S("told"), false, why);
}

static int run_a_sequence(void *ctx)
{
    static const struct ts_step_ops ops = {.run = write_or_die};
    static const struct ts_step_type type = {.name = "Told",
                                             .summary = "",
                                             .source = "",
                                             .on_interrupt = TS_INTERRUPT_RERUN,
                                             .ops = &ops};
    static const char text[] =
        "{\"taskseq\":1,\"name\":\"S\",\"steps\":[{\"type\":\"Told\",\"name\":\"A\"},"
        "{\"type\":\"Told\",\"name\":\"B\"}]}";
    struct ts_registry steps = {.types = {0}};
    struct ts_host host = {.log = ts_log_new(),
                           .events = ts_events_new(),
                           .vars = ts_vars_new(),
                           .phase = TS_PHASE_FULLOS};
    struct ts_engine_config config = {.steps = &steps, .host = &host};
    struct ts_run run = new_run();
    struct ts_run_result result;
    struct ts_sequence *seq;

    (void)ctx;
    OK(ts_registry_add(&steps, &type, &err));
    OK(ts_sequence_parse(&seq, TS_S(text), "json", "sequence", NULL, &steps, &err));
    config.seq = host.seq = seq;
    OK(ts_state_open(&config.state, "/var/lib/taskseq", true, false, &err));
    OK(ts_state_begin(config.state, &run, &err));
    host.run = run.uid;
    OK(ts_engine_run(&config, false, NULL, &result, &err));
    return 1; /* B ends it before */
}

static int find_what_a_wrote(void *ctx)
{
    (void)ctx;
    return ts_fs_exists("/new/by-a-step.txt") ? 0 : 1;
}

Test(durable, what_a_step_wrote_before_the_next_one_begins)
{
    cr_assert_eq(fk_start(run_a_sequence, NULL, 5), 7);
    fk_crash(FK_DROP, 0);
    cr_assert_eq(fk_start(find_what_a_wrote, NULL, 5), 0);
}
