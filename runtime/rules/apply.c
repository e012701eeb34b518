/* apply.c - working through a rules file. */
#include "rules/run.h"

#include <stdio.h>
#include <string.h>

#define WORK_MAX 1000000     /* lines looked at */
#define VALUE_MAX (64 << 10) /* bytes of one value */
#define TOTAL_MAX (16 << 20) /* bytes of all values */
#define LIST_MAX 999

/* ---- results -------------------------------------------------------------------------
 */

static void note(struct rules_run *x, int line, const char *section, const char *text)
{
    struct ts_rules_result *o = x->out;

    if (o->note_count == x->note_cap) {
        struct ts_rule_note *more;
        x->note_cap = x->note_cap ? x->note_cap * 2 : 16;
        more = ts_arena_alloc(&o->arena, x->note_cap * sizeof *more);
        if (o->note_count) {
            memcpy(more, o->notes, o->note_count * sizeof *more);
        }
        o->notes = more;
    }
    o->notes[o->note_count++] = (struct ts_rule_note){line, section, text};
}

static enum ts_code add(struct rules_run *x, const char *name, ts_str value, bool secret,
                        int line, const char *section)
{
    struct ts_rules_result *o = x->out;
    struct ts_rule_set *s;

    x->bytes += value.n + strlen(name);
    if (x->bytes > TOTAL_MAX) {
        return ts_fail(x->err, TS_ELIMIT, "%s: the values need more than %d MiB", o->file,
                       TOTAL_MAX >> 20);
    }
    if (o->set_count == x->set_cap) {
        struct ts_rule_set *more;
        x->set_cap = x->set_cap ? x->set_cap * 2 : 32;
        more = ts_arena_alloc(&o->arena, x->set_cap * sizeof *more);
        if (o->set_count) {
            memcpy(more, o->set, o->set_count * sizeof *more);
        }
        o->set = more;
    }
    s = &o->set[o->set_count++];
    *s = (struct ts_rule_set){.name = ts_arena_strz(&o->arena, name),
                              .value = ts_arena_str(&o->arena, value),
                              .secret = secret,
                              .line = line,
                              .section = section};
    /* the array moves when it grows: the map holds places, counted from 1 */
    ts_map_set(&x->by_name, ts_str_of(name), (void *)(uintptr_t)o->set_count);
    return TS_OK;
}

/* ---- lines ---------------------------------------------------------------------------
 */

static bool is_variable_name(const char *s)
{
    size_t n = 0;

    for (; s[n]; n++) {
        char c = s[n];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '_' || c == '-')) {
            return false;
        }
    }
    return n > 0 && n <= 256;
}

/* Words of a section that steer it and are no variables. */
static bool is_directive(const char *key)
{
    static const char *const words[] = {"Subsection", "UserExit"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (ts_caseeq(key, words[i])) {
            return true;
        }
    }
    return false;
}

static bool is_declared(struct rules_run *x, ts_str name)
{
    ts_str base = name;

    while (base.n > 0 && base.p[base.n - 1] >= '0' && base.p[base.n - 1] <= '9') {
        base.n--;
    }
    return rule_known_property(name) || ts_map_get(&x->declared, name) ||
           ts_map_get(&x->declared, base);
}

/* A name without a value of its own that counts: does something stand in the way? */
static bool is_taken(struct rules_run *x, const struct rule_line *l, const char *section)
{
    const struct ts_rule_set *s = rules_found(x, ts_str_of(l->key));
    ts_str value;
    bool secret = false;

    if (s) {
        if (s->section == section && s->line != l->line) {
            note(x, l->line, section,
                 ts_arena_format(&x->out->arena,
                                 "%s stands in the section twice; line %d counts", l->key,
                                 s->line));
        }
        return true;
    }
    if (x->env->fixed(x->env->ctx, ts_str_of(l->key), &value, &secret) && value.n > 0) {
        note(x, l->line, section,
             ts_arena_format(&x->out->arena, "%s has a value already, which counts",
                             l->key));
        return true;
    }
    return false;
}

static enum ts_code do_line(struct rules_run *x, const struct rule_line *l,
                            const char *section)
{
    struct ts_arena *a = &x->out->arena;
    struct ts_buf value = {0};
    const char *why = "";
    bool secret =
        x->env->secret_name && x->env->secret_name(x->env->ctx, ts_str_of(l->key));
    enum ts_code rc = TS_OK;

    if (!is_variable_name(l->key)) {
        note(x, l->line, section,
             ts_arena_format(a, "`%.80s` is no name of a variable", l->key));
        return TS_OK;
    }
    if (!l->value[0] || is_taken(x, l, section)) {
        return TS_OK;
    }
    if (!rules_expand(x, ts_str_of(l->value), &value, &secret, &why)) {
        note(x, l->line, section, ts_arena_format(a, "%s is not set: %s", l->key, why));
    } else if (value.n > VALUE_MAX) {
        note(x, l->line, section,
             ts_arena_format(a, "%s is not set: its value is longer than %d bytes",
                             l->key, VALUE_MAX));
    } else if (value.n > 0) {
        if (l->key[0] != '_' && !is_declared(x, ts_str_of(l->key))) {
            const char *near = rule_suggest(ts_str_of(l->key));
            note(x, l->line, section,
                 ts_arena_format(a,
                                 "%s is no property that MDT knows%s%s%s, and Properties "
                                 "does not declare it; it is set all the same",
                                 l->key, near ? " (did you mean " : "", near ? near : "",
                                 near ? "?)" : ""));
        }
        rc = add(x, l->key, ts_buf_view(&value), secret, l->line, section);
    }
    ts_buf_free(&value);
    return rc;
}

/* ---- sections ------------------------------------------------------------------------
 */

static enum ts_code do_section(struct rules_run *x, ts_str name, bool *there);

static const char *needs_another_program(const struct rule_section *s)
{
    if (rule_find(s, "SQLServer")) {
        return "the section asks a database, which is not done here";
    }
    return rule_find(s, "WebService") ? "the section asks a web service, which is not "
                                        "done here"
                                      : NULL;
}

static enum ts_code do_subsection(struct rules_run *x, const struct rule_line *l,
                                  const char *section)
{
    struct ts_buf name = {0};
    const char *why = "";
    bool secret = false, there;
    enum ts_code rc = TS_OK;

    if (rules_expand(x, ts_str_of(l->value), &name, &secret, &why)) {
        rc = do_section(x, ts_str_trim(ts_buf_view(&name)), &there);
    } else {
        note(x, l->line, section,
             ts_arena_format(&x->out->arena, "the subsection is left out: %s", why));
    }
    ts_buf_free(&name);
    return rc;
}

static enum ts_code do_lines(struct rules_run *x, const struct rule_section *s)
{
    const char *outside = needs_another_program(s);
    enum ts_code rc = TS_OK;

    if (outside) {
        note(x, s->line, s->name, outside);
    }
    for (const struct rule_line *l = s->first; l && rc == TS_OK; l = l->next) {
        if (++x->work > WORK_MAX) {
            return ts_fail(x->err, TS_ELIMIT,
                           "%s: the rules take more than %d lines to work through",
                           x->out->file, WORK_MAX);
        }
        if (ts_caseeq(l->key, "UserExit")) {
            note(x, l->line, s->name,
                 ts_arena_format(&x->out->arena,
                                 "the script %.200s is not run: there is nothing here "
                                 "that could",
                                 l->value));
        } else if (!outside && !is_directive(l->key)) {
            rc = do_line(x, l, s->name);
        }
    }
    for (const struct rule_line *l = s->first; l && rc == TS_OK; l = l->next) {
        if (ts_caseeq(l->key, "Subsection")) {
            rc = do_subsection(x, l, s->name);
        }
    }
    return rc;
}

/* *there: the file has this section. */
static enum ts_code do_section(struct rules_run *x, ts_str name, bool *there)
{
    const struct rule_section *s = name.n ? ts_map_get(&x->r->sections, name) : NULL;
    enum ts_code rc;

    *there = s != NULL;
    if (!s) {
        return TS_OK;
    }
    for (int i = 0; i < x->depth; i++) {
        if (x->open[i] == s) {
            note(x, s->line, s->name,
                 "the section takes itself along as a subsection; once is enough");
            return TS_OK;
        }
    }
    if (x->depth == RULES_DEPTH_MAX) {
        return ts_fail(x->err, TS_ELIMIT, "%s: subsections are nested deeper than %d",
                       x->out->file, RULES_DEPTH_MAX);
    }
    x->open[x->depth++] = s;
    rc = do_lines(x, s);
    x->depth--;
    return rc;
}

/* ---- Priority ------------------------------------------------------------------------
 */

static enum ts_code add_location(struct rules_run *x, ts_str name,
                                 const struct rule_line *l, const char *section)
{
    char variable[16];
    ts_str value;
    bool secret = false;

    for (int i = 1; i <= LIST_MAX; i++) {
        snprintf(variable, sizeof variable, "Location%03d", i);
        if (!rules_lookup(x, ts_str_of(variable), &value, &secret)) {
            return add(x, variable, name, false, l->line, section);
        }
        if (ts_str_caseeq(value, name)) {
            return TS_OK;
        }
    }
    return TS_OK;
}

/* One value of the variable: [variable] may give it names of sections, and a section may
 * be called like it. */
static enum ts_code do_value(struct rules_run *x, const char *variable, ts_str value,
                             bool *there)
{
    const struct rule_section *map = ts_map_get(&x->r->sections, ts_str_of(variable));
    struct ts_buf key = {0};
    enum ts_code rc = TS_OK;
    bool found_one;

    ts_buf_str(&key, value);
    const struct rule_line *l = rule_find(map, ts_buf_text(&key));
    ts_str rest = ts_str_of(l ? l->value : NULL), name;
    while (rc == TS_OK && ts_str_cut(&rest, ',', &name)) {
        name = ts_str_trim(name);
        if (name.n) {
            rc = add_location(x, name, l, map->name);
            *there = true;
        }
        if (rc == TS_OK) {
            rc = do_section(x, name, &found_one);
        }
    }
    if (rc == TS_OK) {
        rc = do_section(x, ts_buf_view(&key), &found_one);
        *there = *there || found_one;
    }
    ts_buf_free(&key);
    return rc;
}

/* *has: the entry is a variable with a value. */
static enum ts_code do_variable(struct rules_run *x, const char *entry, bool *has,
                                bool *there)
{
    char item[260];
    ts_str value;
    bool secret = false;
    enum ts_code rc = TS_OK;

    *has = rules_lookup(x, ts_str_of(entry), &value, &secret);
    if (*has) {
        return do_value(x, entry, value, there);
    }
    for (int i = 1; i <= LIST_MAX && rc == TS_OK && strlen(entry) < 250; i++) {
        snprintf(item, sizeof item, "%s%03d", entry, i);
        if (!rules_lookup(x, ts_str_of(item), &value, &secret)) {
            break;
        }
        *has = true;
        rc = do_value(x, entry, value, there);
    }
    return rc;
}

/* Does a section give values names ("10.0.0.1=HQ") rather than set variables? */
static bool is_mapping(const struct rule_section *s)
{
    for (const struct rule_line *l = s ? s->first : NULL; l; l = l->next) {
        if (is_variable_name(l->key)) {
            return false;
        }
    }
    return s && s->first;
}

static enum ts_code do_entry(struct rules_run *x, ts_str word, int line)
{
    char *entry = ts_arena_str(&x->out->arena, word);
    const struct rule_section *s = ts_map_get(&x->r->sections, word);
    bool has = false, there = false;
    enum ts_code rc = do_variable(x, entry, &has, &there);

    if (rc != TS_OK || there || (has && !s)) {
        return rc;
    }
    if (!s) {
        if (!is_declared(x, word)) {
            note(x, line, "Settings",
                 ts_arena_format(&x->out->arena,
                                 "Priority names %.80s, which is neither a section nor "
                                 "a variable",
                                 entry));
        }
        return TS_OK;
    }
    return has || is_mapping(s) ? TS_OK : do_section(x, word, &there);
}

static void declare(struct rules_run *x, const struct rule_section *settings)
{
    static const char *const keys[] = {"Properties", "Property", "CustomProperty"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        for (const struct rule_line *l = settings->first; l; l = l->next) {
            char *list = ts_caseeq(l->key, keys[i])
                             ? ts_arena_strz(&x->out->arena, l->value)
                             : NULL;
            for (char *p = list; p && *p; p++) {
                *p = *p == ';' ? ',' : *p;
            }
            ts_str rest = ts_str_of(list), name;
            while (ts_str_cut(&rest, ',', &name)) {
                name = ts_str_trim(name);
                if (ts_str_ends(name, TS_S("(*)"))) {
                    name.n -= 3;
                }
                if (name.n) {
                    ts_map_set(&x->declared, name, x);
                }
            }
        }
    }
}

static enum ts_code work(struct rules_run *x)
{
    const struct rule_section *settings = ts_map_get(&x->r->sections, TS_S("Settings"));
    const struct rule_line *priority = rule_find(settings, "Priority");
    ts_str rest = ts_str_of(priority ? priority->value : NULL), word;
    enum ts_code rc = TS_OK;

    for (const struct early_note *n = x->r->notes; n; n = n->next) {
        note(x, n->line, n->section, n->text);
    }
    if (settings) {
        declare(x, settings);
    }
    if (!priority) {
        note(x, settings ? settings->line : 0, settings ? "Settings" : "",
             "there is no Priority in [Settings]: nothing is worked through");
    }
    while (rc == TS_OK && ts_str_cut(&rest, ',', &word)) {
        word = ts_str_trim(word);
        if (word.n) {
            rc = do_entry(x, word, priority->line);
        }
    }
    return rc;
}

enum ts_code ts_ruleset_apply(const struct ts_ruleset *r, const struct ts_rules_env *env,
                              struct ts_rules_result *out, struct ts_err *err)
{
    struct rules_run x = {.r = r, .env = env, .out = out, .err = err};

    *out = (struct ts_rules_result){0};
    out->file = ts_arena_strz(&out->arena, r->file);
    enum ts_code rc = work(&x);
    /* names of sections belong to the ruleset: let the result stand on its own */
    for (size_t i = 0; i < out->set_count; i++) {
        out->set[i].section = ts_arena_strz(&out->arena, out->set[i].section);
    }
    for (size_t i = 0; i < out->note_count; i++) {
        out->notes[i].section = ts_arena_strz(&out->arena, out->notes[i].section);
        out->notes[i].text = ts_arena_strz(&out->arena, out->notes[i].text);
    }
    ts_map_fini(&x.by_name, NULL);
    ts_map_fini(&x.declared, NULL);
    if (rc != TS_OK) {
        ts_rules_result_fini(out);
    }
    return rc;
}

void ts_rules_result_fini(struct ts_rules_result *r)
{
    ts_arena_fini(&r->arena);
    *r = (struct ts_rules_result){0};
}
