/* sandbox_match.c - Lua's patterns, matched under the sandbox's bounds.
 *
 * A pattern is read item by item: a single character with an optional repetition, or
 * something special.  What can be done in more than one way (repetitions, captures) is
 * tried by recursion, and each thing tried counts as work, because a pattern of a few
 * bytes can take longer than anyone waits.  Characters are bytes and the classes those of
 * ASCII, whatever the locale: a sequence must evaluate the same everywhere. */
#include "script/sandbox_internal.h"

#include <string.h>

enum { MOST_DEPTH = 200, PAY_EVERY = 256 };

enum item_kind {
    ITEM_END,
    ITEM_ONE, /* a single character, from `body` */
    ITEM_OPEN,
    ITEM_OPEN_POSITION,
    ITEM_CLOSE,
    ITEM_TEXT_END,
    ITEM_BALANCE,
    ITEM_FRONTIER,
    ITEM_AGAIN /* %1: what a capture matched */
};

struct item {
    enum item_kind kind;
    size_t body, body_end; /* in the pattern; a set without its brackets' last one */
    char repeat;           /* '*' '+' '-' '?' or 0 */
    size_t next;
};

static void pay(struct match *m, uint64_t n)
{
    m->steps += n;
    if (m->steps >= PAY_EVERY) {
        uint64_t steps = m->steps;
        m->steps = 0;
        ts_sandbox_work(m->L, steps);
    }
}

static unsigned char text_at(const struct match *m, size_t i)
{
    return i < m->text.n ? (unsigned char)m->text.p[i] : 0;
}

static unsigned char pattern_at(const struct match *m, size_t i)
{
    return i < m->pattern.n ? (unsigned char)m->pattern.p[i] : 0;
}

/* ---- single characters ---------------------------------------------------------------
 */

static bool in_class(unsigned char c, unsigned char class)
{
    unsigned char lower = class | 0x20;
    bool is_lower = c >= 'a' && c <= 'z', is_upper = c >= 'A' && c <= 'Z';
    bool is_digit = c >= '0' && c <= '9', is_visible = c > 0x20 && c < 0x7f;
    bool in;

    if (!((class >= 'a' && class <= 'z') || (class >= 'A' && class <= 'Z'))) {
        return c == class;
    }
    switch (lower) {
    case 'a':
        in = is_lower || is_upper;
        break;
    case 'c':
        in = c < 0x20 || c == 0x7f;
        break;
    case 'd':
        in = is_digit;
        break;
    case 'g':
        in = is_visible;
        break;
    case 'l':
        in = is_lower;
        break;
    case 'p':
        in = is_visible && !is_lower && !is_upper && !is_digit;
        break;
    case 's':
        in = c == ' ' || (c >= '\t' && c <= '\r');
        break;
    case 'u':
        in = is_upper;
        break;
    case 'w':
        in = is_lower || is_upper || is_digit;
        break;
    case 'x':
        in = is_digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        break;
    case 'z': /* not in the manual of 5.4, but there */
        in = c == '\0';
        break;
    default:
        return c == class;
    }
    return class == lower ? in : !in;
}

/* Is c in the set whose '[' is at `at` and whose ']' is at `end`? */
static bool in_set(const struct match *m, unsigned char c, size_t at, size_t end)
{
    bool found = false, negated = pattern_at(m, ++at) == '^';

    at += negated;
    while (at < end && !found) {
        unsigned char first = pattern_at(m, at);
        if (first == '%' && at + 1 < end) {
            found = in_class(c, pattern_at(m, at + 1));
            at += 2;
        } else if (pattern_at(m, at + 1) == '-' && at + 2 < end) {
            found = first <= c && c <= pattern_at(m, at + 2);
            at += 3;
        } else {
            found = first == c;
            at++;
        }
    }
    return found != negated;
}

static bool fits(struct match *m, const struct item *it, size_t at)
{
    unsigned char c = text_at(m, at), p = pattern_at(m, it->body);

    pay(m, 1 + (it->body_end - it->body) / 16);
    if (at >= m->text.n) {
        return false;
    }
    switch (p) {
    case '.':
        return true;
    case '%':
        return in_class(c, pattern_at(m, it->body + 1));
    case '[':
        return in_set(m, c, it->body, it->body_end);
    default:
        return c == p;
    }
}

/* ---- reading the pattern -------------------------------------------------------------
 */

/* The ']' of the set whose '[' is at `at`. */
static size_t set_end(struct match *m, size_t at)
{
    size_t i = at + 1;

    i += pattern_at(m, i) == '^';
    for (size_t first = i;; i++) {
        if (i >= m->pattern.n) {
            luaL_error(m->L, "malformed pattern (missing ']')");
        }
        if (m->pattern.p[i] == ']' && i > first) {
            return i;
        }
        i += m->pattern.p[i] == '%';
    }
}

static struct item read_special(struct match *m, size_t at)
{
    unsigned char c = pattern_at(m, at + 1);
    struct item it = {.kind = ITEM_ONE, .body = at, .body_end = at + 1, .next = at + 2};

    if (at + 1 >= m->pattern.n) {
        luaL_error(m->L, "malformed pattern (ends with '%%')");
    } else if (c == 'b') {
        if (at + 3 >= m->pattern.n) {
            luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
        }
        it.kind = ITEM_BALANCE;
        it.next = at + 4;
    } else if (c == 'f') {
        if (pattern_at(m, at + 2) != '[') {
            luaL_error(m->L, "missing '[' after '%%f' in pattern");
        }
        it.kind = ITEM_FRONTIER;
        it.body = at + 2;
        it.body_end = set_end(m, at + 2);
        it.next = it.body_end + 1;
    } else if (c >= '0' && c <= '9') {
        it.kind = ITEM_AGAIN;
    }
    return it;
}

static struct item read_item(struct match *m, size_t at)
{
    struct item it = {.kind = ITEM_ONE, .body = at, .body_end = at, .next = at + 1};

    if (at >= m->pattern.n) {
        it.kind = ITEM_END;
        return it;
    }
    switch (m->pattern.p[at]) {
    case '(':
        it.kind = ITEM_OPEN;
        if (pattern_at(m, at + 1) == ')') {
            it.kind = ITEM_OPEN_POSITION;
            it.next = at + 2;
        }
        return it;
    case ')':
        it.kind = ITEM_CLOSE;
        return it;
    case '$':
        if (at + 1 == m->pattern.n) {
            it.kind = ITEM_TEXT_END;
            return it;
        }
        break;
    case '[':
        it.body_end = set_end(m, at);
        it.next = it.body_end + 1;
        break;
    case '%':
        it = read_special(m, at);
        break;
    default:
        break;
    }
    if (it.kind == ITEM_ONE && it.next < m->pattern.n &&
        strchr("*+-?", m->pattern.p[it.next]) && m->pattern.p[it.next]) {
        it.repeat = m->pattern.p[it.next++];
    }
    return it;
}

/* ---- matching ------------------------------------------------------------------------
 */

static bool match_rest(struct match *m, size_t at, size_t from, size_t *end)
{
    if (++m->depth > MOST_DEPTH) {
        luaL_error(m->L, "pattern too complex");
    }
    bool ok = match_at(m, at, from, end);
    m->depth--;
    return ok;
}

static bool match_repeated(struct match *m, const struct item *it, size_t at, size_t *end)
{
    size_t least = it->repeat == '+' ? 1 : 0, n = 0;

    if (it->repeat == '-') {
        while (!match_rest(m, at, it->next, end)) {
            if (!fits(m, it, at++)) {
                return false;
            }
        }
        return true;
    }
    while ((it->repeat != '?' || n == 0) && fits(m, it, at + n)) {
        n++;
    }
    for (; n > least; n--) {
        if (match_rest(m, at + n, it->next, end)) {
            return true;
        }
    }
    return n == least && match_rest(m, at + n, it->next, end);
}

static bool match_capture(struct match *m, const struct item *it, size_t at, size_t *end)
{
    if (it->kind != ITEM_CLOSE) {
        if (m->captures == MATCH_MOST_CAPTURES) {
            luaL_error(m->L, "too many captures");
        }
        m->capture[m->captures].at = at;
        m->capture[m->captures].n = it->kind == ITEM_OPEN ? MATCH_OPEN : MATCH_POSITION;
        m->captures++;
        if (match_rest(m, at, it->next, end)) {
            return true;
        }
        m->captures--;
        return false;
    }
    int i = m->captures - 1;
    while (i >= 0 && m->capture[i].n != MATCH_OPEN) {
        i--;
    }
    if (i < 0) {
        luaL_error(m->L, "invalid pattern capture");
    }
    m->capture[i].n = at - m->capture[i].at;
    if (match_rest(m, at, it->next, end)) {
        return true;
    }
    m->capture[i].n = MATCH_OPEN;
    return false;
}

/* %bxy: from an x to the y that balances it. */
static bool skip_balanced(struct match *m, const struct item *it, size_t *at)
{
    char open = m->pattern.p[it->body + 2], close = m->pattern.p[it->body + 3];
    size_t depth = 1;

    if (*at >= m->text.n || m->text.p[*at] != open) {
        return false;
    }
    for (size_t i = *at + 1; i < m->text.n; i++) {
        pay(m, 1);
        if (m->text.p[i] == close) {
            if (--depth == 0) {
                *at = i + 1;
                return true;
            }
        } else if (m->text.p[i] == open) {
            depth++;
        }
    }
    return false;
}

static bool skip_again(struct match *m, const struct item *it, size_t *at)
{
    int i = m->pattern.p[it->body + 1] - '1';

    if (i < 0 || i >= m->captures || m->capture[i].n == MATCH_OPEN) {
        luaL_error(m->L, "invalid capture index %%%d in pattern", i + 1);
    }
    if (m->capture[i].n == MATCH_POSITION) {
        return false;
    }
    size_t n = m->capture[i].n;
    pay(m, 1 + n / 8);
    if (n > m->text.n - *at ||
        memcmp(m->text.p + m->capture[i].at, m->text.p + *at, n) != 0) {
        return false;
    }
    *at += n;
    return true;
}

static bool at_frontier(struct match *m, const struct item *it, size_t at)
{
    unsigned char before = at ? text_at(m, at - 1) : 0;

    return !in_set(m, before, it->body, it->body_end) &&
           in_set(m, text_at(m, at), it->body, it->body_end);
}

bool match_at(struct match *m, size_t at, size_t from, size_t *end)
{
    for (;;) {
        struct item it = read_item(m, from);
        bool ok = true;
        pay(m, 1 + (it.next - from) / 16);
        switch (it.kind) {
        case ITEM_END:
            *end = at;
            return true;
        case ITEM_TEXT_END:
            *end = at;
            return at == m->text.n;
        case ITEM_OPEN:
        case ITEM_OPEN_POSITION:
        case ITEM_CLOSE:
            return match_capture(m, &it, at, end);
        case ITEM_BALANCE:
            ok = skip_balanced(m, &it, &at);
            break;
        case ITEM_FRONTIER:
            ok = at_frontier(m, &it, at);
            break;
        case ITEM_AGAIN:
            ok = skip_again(m, &it, &at);
            break;
        case ITEM_ONE:
            if (it.repeat) {
                return match_repeated(m, &it, at, end);
            }
            ok = fits(m, &it, at++);
            break;
        }
        if (!ok) {
            return false;
        }
        from = it.next;
    }
}

/* ---- results -------------------------------------------------------------------------
 */

void match_push_capture(struct match *m, int i, size_t at, size_t end)
{
    if (i >= m->captures) {
        if (i != 0) {
            luaL_error(m->L, "invalid capture index %%%d", i + 1);
        }
        lua_pushlstring(m->L, m->text.p + at, end - at);
    } else if (m->capture[i].n == MATCH_POSITION) {
        lua_pushinteger(m->L, (lua_Integer)m->capture[i].at + 1);
    } else if (m->capture[i].n == MATCH_OPEN) {
        luaL_error(m->L, "unfinished capture");
    } else {
        lua_pushlstring(m->L, m->text.p + m->capture[i].at, m->capture[i].n);
    }
}

int match_push(struct match *m, size_t at, size_t end, bool whole)
{
    int n = m->captures == 0 && whole ? 1 : m->captures;

    luaL_checkstack(m->L, n, "too many captures");
    for (int i = 0; i < n; i++) {
        match_push_capture(m, i, at, end);
    }
    return n;
}
