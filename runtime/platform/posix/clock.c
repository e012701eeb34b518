#include "platform/clock.h"

#include "base/hash.h"
#include "platform/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static int64_t now_of(clockid_t clock, int64_t per_second)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * per_second + t.tv_nsec / (1000000000 / per_second);
}

int64_t ts_now_ms(void)
{
    return now_of(CLOCK_REALTIME, 1000);
}

int64_t ts_mono_ns(void)
{
    return now_of(CLOCK_MONOTONIC, 1000000000);
}

void ts_sleep_ms(int64_t ms)
{
    int64_t end = ts_mono_ns() + ms * 1000000;

    /* Short naps: the signal may have come to another thread. */
    for (int64_t left = ms * 1000000; left > 0 && !ts_cancelled();
         left = end - ts_mono_ns()) {
        int64_t nap = left < 50000000 ? left : 50000000;
        nanosleep(&(struct timespec){.tv_nsec = (long)nap}, NULL);
    }
}

void ts_time_rfc3339(char out[32], int64_t ms)
{
    int64_t seconds = ms / 1000, rest = ms % 1000;
    char date[32] = "";
    struct tm tm;

    if (rest < 0) {
        rest += 1000;
        seconds--;
    }
    time_t t = (time_t)seconds;
    if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 8099 ||
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm) != 19) {
        snprintf(out, 32, "%s", "9999-12-31T23:59:59.999Z"); /* four digits is the form */
        return;
    }
    snprintf(out, 32, "%.19s.%03uZ", date, (unsigned)rest % 1000u);
}

void ts_time_local(struct ts_local *out, int64_t ms)
{
    int64_t seconds = ms / 1000, rest = ms % 1000;
    struct tm tm = {0};

    if (rest < 0) {
        rest += 1000;
        seconds--;
    }
    time_t t = (time_t)seconds;
    localtime_r(&t, &tm);
    *out = (struct ts_local){.year = tm.tm_year + 1900,
                             .month = tm.tm_mon + 1,
                             .day = tm.tm_mday,
                             .hour = tm.tm_hour,
                             .minute = tm.tm_min,
                             .second = tm.tm_sec,
                             .ms = (int)rest,
                             .bias_min = (int)(-tm.tm_gmtoff / 60)};
}

void ts_random_bytes(void *p, size_t n)
{
    unsigned char *to = p;

    while (n) {
        ssize_t got = getrandom(to, n, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            fprintf(stderr, "taskseq: the system gives no random numbers\n");
            abort();
        }
        to += got;
        n -= (size_t)got;
    }
}

void ts_random_id(char out[33])
{
    uint8_t bytes[16];

    ts_random_bytes(bytes, sizeof bytes);
    ts_hex(out, bytes, sizeof bytes);
}
