/* What the runtime promises to be durable, on disks that lose the rest.  Each of these
 * was found by the crash loops. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "fk.h"
#include "platform/fs.h"
#include "state/state.h"

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
