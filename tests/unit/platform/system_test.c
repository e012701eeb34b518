#include "platform/clock.h"
#include "platform/dynlib.h"
#include "platform/fs.h"
#include "platform/sysinfo.h"
#include "platform/thread.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

Test(clock, writes_rfc3339)
{
    static const struct {
        int64_t ms;
        const char *text;
    } table[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1795397380123, "2026-11-23T01:29:40.123Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char out[32];
        ts_time_rfc3339(out, table[i].ms);
        cr_expect_str_eq(out, table[i].text);
    }
}

Test(clock, local_time_has_its_bias)
{
    struct ts_local t;

    setenv("TZ", "XXX-2:30", 1); /* two and a half hours east */
    tzset();
    ts_time_local(&t, 1795397380123);
    cr_assert_eq(t.bias_min, -150);
    cr_assert(t.year == 2026 && t.month == 11 && t.day == 23);
    cr_assert(t.hour == 3 && t.minute == 59 && t.second == 40 && t.ms == 123);
}

Test(clock, goes_on)
{
    int64_t a = ts_mono_ns(), wall = ts_now_ms();

    ts_sleep_ms(20);
    cr_assert_geq(ts_mono_ns() - a, 20000000);
    cr_assert_geq(ts_now_ms() - wall, 19);
    cr_assert_gt(wall, INT64_C(1700000000000));
}

Test(clock, random_ids_differ)
{
    char a[33], b[33];

    ts_random_id(a);
    ts_random_id(b);
    cr_assert_eq(strlen(a), 32);
    cr_assert_eq(strspn(a, "0123456789abcdef"), 32);
    cr_assert_str_neq(a, b);
}

struct shared {
    struct ts_mutex *mutex;
    struct ts_cond *cond;
    int count, ready;
};

static void add(void *ctx)
{
    struct shared *s = ctx;

    ts_mutex_lock(s->mutex);
    while (!s->ready) {
        ts_cond_wait(s->cond, s->mutex);
    }
    ts_mutex_unlock(s->mutex);
    for (int i = 0; i < 10000; i++) {
        ts_mutex_lock(s->mutex);
        s->count++;
        ts_mutex_unlock(s->mutex);
    }
}

Test(thread, wait_for_each_other)
{
    struct shared s = {.mutex = ts_mutex_new(), .cond = ts_cond_new()};
    struct ts_thread *threads[4];

    for (int i = 0; i < 4; i++) {
        threads[i] = ts_thread_start(add, &s);
    }
    ts_mutex_lock(s.mutex);
    cr_assert_eq(s.count, 0);
    s.ready = 1;
    ts_cond_broadcast(s.cond);
    ts_mutex_unlock(s.mutex);
    for (int i = 0; i < 4; i++) {
        ts_thread_join(threads[i]);
    }
    cr_assert_eq(s.count, 40000);
    ts_mutex_free(s.mutex);
    ts_cond_free(s.cond);
}

Test(dynlib, first_that_loads)
{
    const char *names[] = {"libno-such-thing.so.1", "libm.so.6", NULL};
    const char *none[] = {"libno-such-thing.so.1", "libneither.so", NULL};
    struct ts_dynlib *l = NULL;
    struct ts_err err = {0};

    cr_assert_eq(ts_dynlib_open(&l, names, &err), TS_OK, "%s", err.text);
    double (*cosine)(double) = (double (*)(double))ts_dynlib_symbol(l, "cos");
    cr_assert_not_null(cosine);
    cr_assert_float_eq(cosine(0), 1.0, 1e-9);
    cr_assert_null(ts_dynlib_symbol(l, "no_such_function"));
    cr_assert_eq(ts_dynlib_open(&l, none, &err), TS_ENOTFOUND);
    cr_assert(strstr(err.text, "libno-such-thing.so.1, libneither.so"), "%s", err.text);
}

Test(sysinfo, facts)
{
    char text[256];

    cr_assert_geq(ts_cpu_count(), 1);
    cr_assert_gt(ts_memory_total(), 1 << 20);
    cr_assert_gt(ts_memory_peak(), 100 << 10);
    cr_assert_eq(ts_is_admin(), geteuid() == 0);
    cr_assert_eq(ts_process_id(), getpid());
    cr_assert_str_eq(ts_platform_name(), "posix");
    cr_assert_neq(ts_platform_arch()[0], '\0');
    ts_host_name(text);
    cr_assert_neq(text[0], '\0');
    ts_user_name(0, text, sizeof text);
    cr_assert_str_eq(text, "root");
    ts_user_name(3999999999u, text, sizeof text);
    cr_assert_str_eq(text, "");
    cr_assert_gt(ts_thread_id(), 0);
}

Test(sysinfo, environment)
{
    ts_env_set("TASKSEQ_TEST", "x");
    cr_assert_str_eq(ts_env("TASKSEQ_TEST"), "x");
    ts_env_set("TASKSEQ_TEST", NULL);
    cr_assert_null(ts_env("TASKSEQ_TEST"));
}

Test(sysinfo, machine_id_is_stable_and_no_placeholder)
{
    char a[64], b[64];

    ts_machine_id(a);
    ts_machine_id(b);
    cr_assert_str_eq(a, b);
    cr_assert_neq(strspn(a, "0-"), strlen(a) ? strlen(a) : (size_t)-1);
}

Test(sysinfo, state_folder)
{
    char *dir = ts_default_state_dir();

    if (geteuid() == 0) {
        cr_assert_str_eq(dir, "/var/lib/taskseq");
    } else {
        cr_assert(ts_path_is_absolute(dir));
    }
}

Test(sysinfo, ended_processes_are_not_alive)
{
    pid_t pid = fork();

    if (pid == 0) {
        pause();
    }
    cr_assert(ts_process_alive(pid));
    kill(pid, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    cr_assert_not(ts_process_alive(pid)); /* ended, not yet waited for */
    waitpid(pid, NULL, 0);
    cr_assert_not(ts_process_alive(pid));
    cr_assert_not(ts_process_alive(0));
    cr_assert_not(ts_process_alive(-1));
    cr_assert(ts_process_alive(getpid()));
}
