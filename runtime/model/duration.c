/* duration.c - "1h30m" to milliseconds and back. */
#include "model/model.h"

#include <inttypes.h>

/* A million hours: long enough for everybody, and in nanoseconds still an int64_t. */
#define MOST_MS (INT64_C(1000000) * 60 * 60 * 1000)

static const struct {
    char name[3];
    int64_t ms;
} units[] = {{"h", 60 * 60 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"ms", 1}};
enum { UNITS = sizeof units / sizeof *units };

/* Digits at the start of *s. */
static bool take_number(ts_str *s, int64_t *out)
{
    size_t n = 0;

    *out = 0;
    for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++) {
        *out = *out * 10 + (s->p[n] - '0');
        if (*out > MOST_MS) {
            return false;
        }
    }
    *s = (ts_str){s->p + n, s->n - n};
    return n > 0;
}

/* The unit at the start of *s, one smaller than `above` (an index), or -1. */
static int take_unit(ts_str *s, int above)
{
    for (int i = UNITS - 1; i > above; i--) { /* "ms" before "m" */
        ts_str name = ts_str_of(units[i].name);
        if (ts_str_starts(*s, name)) {
            *s = (ts_str){s->p + name.n, s->n - name.n};
            return i;
        }
    }
    return -1;
}

bool ts_duration_parse(ts_str s, int64_t *ms)
{
    int64_t sum = 0, number;

    s = ts_str_trim(s);
    if (s.n == 0) {
        return false;
    }
    for (int unit = -1; s.n;) {
        bool first = unit < 0;
        if (!take_number(&s, &number)) {
            return false;
        }
        if (first && s.n == 0) {
            unit = 2; /* a bare integer is in seconds */
        } else {
            unit = take_unit(&s, unit);
        }
        if (unit < 0 || number > (MOST_MS - sum) / units[unit].ms) {
            return false;
        }
        sum += number * units[unit].ms;
    }
    *ms = sum;
    return true;
}

void ts_duration_print(struct ts_buf *b, int64_t ms)
{
    struct ts_buf one = {0}, parts = {0};
    int unit = 0;

    while (unit < UNITS - 1 && ms % units[unit].ms) {
        unit++;
    }
    if (ms == 0) {
        unit = 2; /* "0s" */
    }
    ts_buf_fmt(&one, "%" PRId64 "%s", ms / units[unit].ms, units[unit].name);
    for (int i = 0; i < UNITS && ms > 0; i++) {
        if (ms >= units[i].ms) {
            ts_buf_fmt(&parts, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
            ms %= units[i].ms;
        }
    }
    ts_buf_z(b, parts.n && parts.n < one.n ? parts.p : one.p);
    ts_buf_free(&one);
    ts_buf_free(&parts);
}
