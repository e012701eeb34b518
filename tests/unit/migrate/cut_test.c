/* Losing power at every point: the users' files are somewhere at every instant, and the
 * same call again comes to the same end. */
#include "operations.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/power.h"

/* Every content is in some regular file of the machine. */
static void all_there(struct lab *l, const struct operation *op, unsigned n)
{
    const char *lost = missing_content(l, op);

    cr_assert(!lost, "%s cut at %u: \"%s\" is nowhere", op->name, n, lost);
}

/* Run in another process, armed when n is not 0.  True: it was cut. */
static bool run_once(struct lab *l, const struct operation *op, unsigned n)
{
    char *counter = lab_path(l, "counter");
    pid_t pid;
    int status;

    unlink(counter);
    pid = fork();
    if (pid == 0) {
        struct ts_err err = {0};
        enum ts_code rc;
        if (n > 0)
            ts_power_arm(counter, n);
        rc = op->run(l, &err);
        if (rc != TS_OK)
            fprintf(stderr, "%s (cut at %u): %s\n", op->name, n, err.text);
        _exit(rc == TS_OK ? 0 : 1);
    }
    cr_assert(waitpid(pid, &status, 0) == pid);
    unlink(counter);
    ts_free(counter);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s with a cut at %u failed",
              op->name, n);
    return false;
}

static void cut_everywhere(const char *name)
{
    const struct operation *op = operations;
    unsigned n = 1, cuts = 0;
    bool cut = true;

    while (strcmp(op->name, name) != 0)
        op++;
    while (cut) {
        struct lab *l = lab_new_in_memory();
        op->before(l);
        cut = run_once(l, op, n);
        all_there(l, op, n);
        if (cut) {
            cuts++;
            cr_assert(!run_once(l, op, 0));
            all_there(l, op, n);
        }
        op->after(l, n);
        lab_free(l);
        n++;
    }
    cr_expect(cuts >= 8, "%s: only %u points", op->name, cuts);
    fprintf(stderr, "%s: cut at %u points\n", op->name, cuts);
}

Test(cut, capture_at_every_point, .timeout = 120)
{
    cut_everywhere("capture");
}

Test(cut, update_at_every_point, .timeout = 120)
{
    cut_everywhere("update");
}

Test(cut, wipe_at_every_point, .timeout = 120)
{
    cut_everywhere("wipe");
}

Test(cut, restore_at_every_point, .timeout = 120)
{
    cut_everywhere("restore");
}

Test(cut, restore_of_copies_at_every_point, .timeout = 120)
{
    cut_everywhere("restore of copies");
}

Test(cut, removal_at_every_point, .timeout = 120)
{
    cut_everywhere("removal");
}
