/* rules.c - the native list of includes and excludes.
 *
 * A pattern is split into parts once.  It matches an object when it matches the object's
 * path or that of a folder above it, so a folder that is excluded takes along what is in
 * it; a later line may bring parts back, and then the walk has to go below. */
#include "migrate/migrate.h"

#include <string.h>

#include "base/mem.h"

#define RULES_MAX 10000
#define PATTERN_PARTS_MAX 256

struct rule {
    bool include;
    bool absolute;    /* with a drive, or starting with '/' */
    bool folder_only; /* trailing slash */
    size_t n;
    ts_str *parts; /* "**" stands for any number of folders */
};

struct list {
    struct ts_rules pub;
    struct ts_arena arena;
    struct rule *rules;
    size_t n, cap;
};

/* ---- reading ----------------------------------------------------------------------- */

static bool is_sep(char c)
{
    return c == '/' || c == '\\';
}

static void add_part(struct rule *r, ts_str part)
{
    if (part.n == 0 || ts_str_eq(part, TS_S(".")))
        return;
    /* "**" twice is no more than once, and costs. */
    if (r->n > 0 && ts_str_eq(part, TS_S("**")) && ts_str_eq(r->parts[r->n - 1], part))
        return;
    r->parts[r->n++] = part;
}

static enum ts_code parse_pattern(struct list *l, struct rule *r, ts_str text,
                                  const char *name, int line, struct ts_err *err)
{
    size_t seps = 0, start = 0;
    bool anchored;

    for (size_t i = 0; i < text.n; i++)
        seps += is_sep(text.p[i]);
    if (seps + 2 > PATTERN_PARTS_MAX)
        return ts_fail(err, TS_ELIMIT, "%s:%d: the pattern has more than %d parts", name,
                       line, PATTERN_PARTS_MAX);
    text = (ts_str){ts_arena_str(&l->arena, text), text.n};
    r->parts = ts_arena_alloc(&l->arena, (seps + 2) * sizeof *r->parts);
    r->absolute = ts_path_has_letter(text) || is_sep(text.p[0]);
    r->folder_only = is_sep(text.p[text.n - 1]);
    anchored = r->absolute || seps > 0;
    if (!anchored)
        add_part(r, TS_S("**"));
    for (size_t i = 0; i <= text.n; i++) {
        if (i < text.n && !is_sep(text.p[i]))
            continue;
        if (i - start == 2 && memcmp(text.p + start, "..", 2) == 0)
            return ts_fail(err, TS_EINPUT, "%s:%d: a pattern cannot contain \"..\"", name,
                           line);
        add_part(r, (ts_str){text.p + start, i - start});
        start = i + 1;
    }
    if (r->n == 0)
        return ts_fail(err, TS_EINPUT, "%s:%d: the pattern is empty", name, line);
    /* What matches takes along what is below it; "a/" + "**" is all in a, not a itself.
     */
    if (ts_str_eq(r->parts[r->n - 1], TS_S("**")))
        r->parts[r->n - 1] = TS_S("*");
    return TS_OK;
}

static enum ts_code parse_line(struct list *l, ts_str line, const char *name, int number,
                               struct ts_err *err)
{
    static const char *const words[] = {"include", "exclude"};
    ts_str word, rest = ts_str_trim(line);
    struct rule r = {0};
    const char *guess;
    enum ts_code rc;
    size_t k = 0;

    /* In a comment too: the catalogue keeps the list as a text, which would end there. */
    if (rest.n && memchr(rest.p, 0, rest.n))
        return ts_fail(err, TS_EINPUT, "%s:%d: the line contains a NUL byte", name,
                       number);
    if (rest.n == 0 || rest.p[0] == '#')
        return TS_OK;
    while (k < rest.n && rest.p[k] != ' ' && rest.p[k] != '\t')
        k++;
    word = (ts_str){rest.p, k};
    rest = ts_str_trim((ts_str){rest.p + k, rest.n - k});
    if (!ts_str_caseeq(word, TS_S("include")) && !ts_str_caseeq(word, TS_S("exclude"))) {
        guess = ts_str_suggest(word, words, 2);
        return ts_fail(err, TS_EINPUT,
                       "%s:%d: a line starts with include or exclude, not \"%.*s\"%s%s%s",
                       name, number, (int)(word.n > 100 ? 100 : word.n), word.p,
                       guess ? " (did you mean " : "", guess ? guess : "",
                       guess ? "?)" : "");
    }
    r.include = ts_str_caseeq(word, TS_S("include"));
    if (rest.n == 0)
        return ts_fail(err, TS_EINPUT, "%s:%d: %.*s needs a pattern", name, number,
                       (int)word.n, word.p);
    if (l->n == RULES_MAX)
        return ts_fail(err, TS_ELIMIT, "%s:%d: more than %d rules", name, number,
                       RULES_MAX);
    if ((rc = parse_pattern(l, &r, rest, name, number, err)) != TS_OK)
        return rc;
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 16;
        l->rules = ts_realloc_array(l->rules, l->cap, sizeof *l->rules);
    }
    l->rules[l->n++] = r;
    return TS_OK;
}

/* ---- matching ---------------------------------------------------------------------- */

/* One part against a name: '*' is any text, no case.  The usual loop with one place to
 * come back to, so linear in text times pattern. */
static bool part_matches(ts_str pattern, ts_str name)
{
    size_t p = 0, n = 0, star = 0, mark = 0;
    bool have_star = false;

    while (n < name.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            have_star = true;
            star = ++p;
            mark = n;
            continue;
        }
        if (p < pattern.n) {
            size_t p2 = p, n2 = n;
            uint32_t a = ts_utf8_fold(ts_utf8_next(pattern, &p2));
            uint32_t b = ts_utf8_fold(ts_utf8_next(name, &n2));
            if (a == b) {
                p = p2;
                n = n2;
                continue;
            }
        }
        if (!have_star)
            return false;
        p = star;
        ts_utf8_next(name, &mark);
        n = mark;
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

/* The parts of a path, looked at from the left; a row of states tells which parts of the
 * pattern may come next, so "**" costs no backtracking. */
struct row {
    bool at[PATTERN_PARTS_MAX + 1];
};

static void row_close(const struct rule *r, struct row *s)
{
    for (size_t i = 0; i < r->n; i++) {
        if (s->at[i] && ts_str_eq(r->parts[i], TS_S("**")))
            s->at[i + 1] = true;
    }
}

static bool row_step(const struct rule *r, struct row *s, ts_str name)
{
    bool any = false;

    for (size_t i = r->n + 1; i-- > 0;) {
        bool here = false;
        if (i < r->n && s->at[i] && ts_str_eq(r->parts[i], TS_S("**")))
            here = true;
        else if (i > 0 && s->at[i - 1] && !ts_str_eq(r->parts[i - 1], TS_S("**")))
            here = part_matches(r->parts[i - 1], name);
        s->at[i] = here;
        any |= here;
    }
    row_close(r, s);
    return any;
}

enum { MATCH_NO = 0, MATCH_YES = 1, MATCH_BELOW = 2 };

/* Does r match the path profile + rel (a folder or not), and could it match below it? */
static int rule_match(const struct rule *r, const char *profile, const char *rel,
                      bool is_folder)
{
    struct row s;
    const char *text[2] = {r->absolute ? profile : "", rel};
    bool below = true;

    memset(s.at, 0, r->n + 1);
    s.at[0] = true;
    row_close(r, &s);
    for (int t = 0; t < 2; t++) {
        const char *p = text[t];
        while (*p) {
            ts_str name = {p, 0};
            bool last;
            /* A name of a user may hold a '\' on posix; only the profile is a path of
             * either form. */
            while (p[name.n] && p[name.n] != '/' && (t == 1 || p[name.n] != '\\'))
                name.n++;
            p += name.n;
            while (*p == '/' || (t == 0 && *p == '\\'))
                p++;
            if (name.n == 0)
                continue;
            last = !*p && (t == 1 || !rel[0]);
            if (!row_step(r, &s, name)) {
                below = false;
                break;
            }
            if (s.at[r->n] && (!last || is_folder || !r->folder_only))
                return MATCH_YES;
        }
        if (!below)
            break;
    }
    return below ? MATCH_BELOW : MATCH_NO;
}

static enum ts_verdict decide(const struct ts_rules *rules, const char *profile,
                              const char *rel, enum ts_ftype type, uint64_t size)
{
    const struct list *l = rules->self;
    bool folder = type == TS_F_DIR, reached = false;

    (void)size;
    for (size_t i = l->n; i-- > 0;) {
        const struct rule *r = &l->rules[i];
        int m = rule_match(r, profile, rel, folder);
        if (m == MATCH_YES) {
            if (r->include)
                return TS_RULE_KEEP;
            return folder && !reached ? TS_RULE_PRUNE : TS_RULE_SKIP;
        }
        if (m == MATCH_BELOW && r->include)
            reached = true;
    }
    return TS_RULE_KEEP;
}

/* ---- object ------------------------------------------------------------------------ */

static void list_free(struct ts_rules *r)
{
    struct list *l = r->self;

    ts_free(l->rules);
    ts_free(l->pub.text);
    ts_arena_fini(&l->arena);
    ts_free(l);
}

void ts_rules_free(struct ts_rules *r)
{
    if (r)
        r->free(r);
}

enum ts_code ts_rules_parse(struct ts_rules **out, ts_str text, const char *name,
                            struct ts_err *err)
{
    struct list *l = ts_alloc(sizeof *l);
    ts_str rest = text, line;
    int number = 0;

    *out = NULL;
    l->pub = (struct ts_rules){.self = l, .decide = decide, .free = list_free};
    l->pub.text = ts_str_dup(text);
    if (ts_str_starts(rest, TS_S("\xef\xbb\xbf")))
        rest = (ts_str){rest.p + 3, rest.n - 3};
    while (ts_str_cut(&rest, '\n', &line)) {
        enum ts_code rc = parse_line(l, line, name, ++number, err);
        if (rc != TS_OK) {
            list_free(&l->pub);
            return rc;
        }
    }
    *out = &l->pub;
    return TS_OK;
}
