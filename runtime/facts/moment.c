/* moment.c - points in time as conditions write them. */
#include "facts/facts_internal.h"

#define SECOND 1000000000

struct cursor {
    ts_str s;
    bool ok;
};

/* The next n characters, which must be digits. */
static int number(struct cursor *c, size_t n)
{
    int v = 0;
    if (c->s.n < n) {
        c->ok = false;
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (c->s.p[i] < '0' || c->s.p[i] > '9') {
            c->ok = false;
            return 0;
        }
        v = v * 10 + (c->s.p[i] - '0');
    }
    c->s = (ts_str){c->s.p + n, c->s.n - n};
    return v;
}

static bool take(struct cursor *c, const char *one_of)
{
    for (; c->s.n > 0 && *one_of; one_of++) {
        if (c->s.p[0] == *one_of) {
            c->s = (ts_str){c->s.p + 1, c->s.n - 1};
            return true;
        }
    }
    return false;
}

static void expect(struct cursor *c, const char *one_of)
{
    c->ok = take(c, one_of) && c->ok;
}

/* Days since 1970-01-01 of the Gregorian calendar; years are counted from March, so that
 * the leap day is the last one. */
static int64_t days(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static int days_in(int year, int month)
{
    static const int in[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return in[month - 1] + (month == 2 && leap);
}

struct parts {
    int year, month, day, hour, minute, second;
    int64_t ns, unit_ns;
    int ahead_min; /* of UTC */
};

static void fraction(struct cursor *c, struct parts *t)
{
    int64_t unit = SECOND;
    size_t digits = 0;
    while (c->s.n > 0 && c->s.p[0] >= '0' && c->s.p[0] <= '9') {
        if (unit > 1) {
            unit /= 10;
            t->ns += unit * (c->s.p[0] - '0');
        }
        c->s = (ts_str){c->s.p + 1, c->s.n - 1};
        digits++;
    }
    c->ok = c->ok && digits > 0;
    t->unit_ns = unit;
}

static void parse_rfc3339(struct cursor *c, struct parts *t)
{
    t->year = number(c, 4);
    expect(c, "-");
    t->month = number(c, 2);
    expect(c, "-");
    t->day = number(c, 2);
    if (c->s.n == 0) {
        return;
    }
    expect(c, "Tt ");
    t->hour = number(c, 2);
    expect(c, ":");
    t->minute = number(c, 2);
    expect(c, ":");
    t->second = number(c, 2);
    if (take(c, ".")) {
        fraction(c, t);
    }
    if (c->s.n == 0 || take(c, "Zz")) {
        return;
    }
    bool west = take(c, "-");
    if (!west) {
        expect(c, "+");
    }
    int hours = number(c, 2);
    expect(c, ":");
    int minutes = number(c, 2);
    c->ok = c->ok && hours < 24 && minutes < 60;
    t->ahead_min = (west ? -1 : 1) * (hours * 60 + minutes);
}

static void parse_cim(struct cursor *c, struct parts *t)
{
    t->year = number(c, 4);
    t->month = number(c, 2);
    t->day = number(c, 2);
    if (c->s.n == 0) {
        return;
    }
    t->hour = number(c, 2);
    t->minute = number(c, 2);
    t->second = number(c, 2);
    if (take(c, ".")) {
        ts_str stars = {"******", 6};
        if (ts_str_starts(c->s, stars)) { /* CIM for "not known" */
            c->s = (ts_str){c->s.p + 6, c->s.n - 6};
        } else {
            fraction(c, t);
        }
    }
    if (c->s.n == 0) {
        return;
    }
    bool west = take(c, "-");
    if (!west) {
        expect(c, "+");
    }
    if (!ts_str_eq(c->s, TS_S("***"))) {
        int minutes = number(c, 3);
        t->ahead_min = west ? -minutes : minutes;
    } else {
        c->s.n = 0;
    }
}

bool ts_moment_parse(ts_str text, int64_t *ns, int64_t *unit_ns)
{
    struct cursor c = {.s = ts_str_trim(text), .ok = true};
    struct parts t = {.unit_ns = SECOND};
    if (c.s.n > 4 && c.s.p[4] == '-') {
        parse_rfc3339(&c, &t);
    } else {
        parse_cim(&c, &t);
    }
    /* int64_t holds nanoseconds from 1677 to 2262 */
    if (!c.ok || c.s.n > 0 || t.year < 1700 || t.year > 2200 || t.month < 1 ||
        t.month > 12 || t.day < 1 || t.day > days_in(t.year, t.month) || t.hour > 23 ||
        t.minute > 59 || t.second > 60) {
        return false;
    }
    int64_t minutes =
        (days(t.year, t.month, t.day) * 24 + t.hour) * 60 + t.minute - t.ahead_min;
    *ns = (minutes * 60 + t.second) * SECOND + t.ns;
    *unit_ns = t.unit_ns;
    return true;
}
