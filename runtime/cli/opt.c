#include "cli/opt.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct ts_opt *find(const struct ts_opt *table, ts_str name)
{
    for (const struct ts_opt *o = table; o->name; o++)
        if (ts_str_eq(name, ts_str_of(o->name)))
            return o;
    return NULL;
}

static const struct ts_opt *find_letter(const struct ts_opt *table, char letter)
{
    for (const struct ts_opt *o = table; o->name; o++)
        if (o->letter == letter)
            return o;
    return NULL;
}

static enum ts_code unknown(const struct ts_opt *table, const char *word, ts_str name,
                            struct ts_err *err)
{
    const char *names[64];
    size_t n = 0;
    const char *near;

    for (const struct ts_opt *o = table; o->name && n < 64; o++)
        names[n++] = o->name;
    near = ts_str_suggest(name, names, n);
    if (near)
        return ts_fail(err, TS_EINPUT, "unknown option %s; did you mean --%s?", word,
                       near);
    return ts_fail(err, TS_EINPUT, "unknown option %s", word);
}

static enum ts_code add(struct ts_args *a, const struct ts_opt *o, const char *value,
                        struct ts_err *err)
{
    if (!o->many && ts_args_has(a, o->name))
        return ts_fail(err, TS_EINPUT, "option --%s is given twice", o->name);
    a->opts[a->opt_count].opt = o;
    a->opts[a->opt_count++].value = value;
    return TS_OK;
}

/* One option word at argv[*i]; moves *i on when the value is the next word. */
static enum ts_code option(struct ts_args *a, const struct ts_opt *table, int argc,
                           char **argv, int *i, struct ts_err *err)
{
    const char *word = argv[*i];
    const struct ts_opt *o;
    const char *value = NULL;

    if (word[1] == '-') {
        const char *eq = strchr(word, '=');
        ts_str name = {word + 2, eq ? (size_t)(eq - word - 2) : strlen(word + 2)};

        o = find(table, name);
        if (!o)
            return unknown(table, word, name, err);
        if (eq)
            value = eq + 1;
    } else {
        o = word[2] == 0 ? find_letter(table, word[1]) : NULL;
        if (!o)
            return unknown(table, word, ts_str_of(word + 1), err);
    }
    if (!o->arg) {
        if (value)
            return ts_fail(err, TS_EINPUT, "option --%s takes no value", o->name);
        return add(a, o, "", err);
    }
    if (!value) {
        if (*i + 1 >= argc)
            return ts_fail(err, TS_EINPUT, "option --%s needs a value (%s)", o->name,
                           o->arg);
        value = argv[++*i];
    }
    return add(a, o, value, err);
}

enum ts_code ts_args_parse(struct ts_args *out, const struct ts_opt *table, int argc,
                           char **argv, struct ts_err *err)
{
    bool only_words = false;

    memset(out, 0, sizeof *out);
    out->opts = ts_alloc_array((size_t)argc + 1, sizeof *out->opts);
    out->words = ts_alloc_array((size_t)argc + 1, sizeof *out->words);
    for (int i = 0; i < argc; i++) {
        enum ts_code rc;

        if (only_words || argv[i][0] != '-' || argv[i][1] == 0) {
            out->words[out->word_count++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            only_words = true;
            continue;
        }
        if ((rc = option(out, table, argc, argv, &i, err)) != TS_OK)
            return rc;
    }
    return TS_OK;
}

void ts_args_fini(struct ts_args *a)
{
    ts_free(a->opts);
    ts_free(a->words);
    memset(a, 0, sizeof *a);
}

const char *ts_args_nth(const struct ts_args *a, const char *name, size_t i)
{
    for (size_t k = 0; k < a->opt_count; k++)
        if (strcmp(a->opts[k].opt->name, name) == 0 && i-- == 0)
            return a->opts[k].value;
    return NULL;
}

const char *ts_args_get(const struct ts_args *a, const char *name)
{
    const char *last = NULL;

    for (size_t k = 0; k < a->opt_count; k++)
        if (strcmp(a->opts[k].opt->name, name) == 0)
            last = a->opts[k].value;
    return last;
}

bool ts_args_has(const struct ts_args *a, const char *name)
{
    return ts_args_get(a, name) != NULL;
}

const char **ts_args_all(const struct ts_args *a, const char *name)
{
    const char **all = ts_alloc_array(a->opt_count + 1, sizeof *all);
    size_t n = 0;

    for (size_t k = 0; k < a->opt_count; k++)
        if (strcmp(a->opts[k].opt->name, name) == 0)
            all[n++] = a->opts[k].value;
    return all;
}

/* Indented text, wrapped at 78 columns, continued below itself. */
static void wrapped(struct ts_buf *out, const char *text, size_t indent, size_t at)
{
    while (*text) {
        size_t word = strcspn(text, " ");

        if (at + word + 1 > 78 && at > indent) {
            ts_buf_c(out, '\n');
            for (at = 0; at < indent; at++)
                ts_buf_c(out, ' ');
        }
        ts_buf_add(out, text, word);
        at += word;
        text += word;
        if (*text == ' ') {
            ts_buf_c(out, ' ');
            at++;
            text++;
        }
    }
    ts_buf_c(out, '\n');
}

void ts_opt_help(struct ts_buf *out, const struct ts_opt *table)
{
    for (const struct ts_opt *o = table; o->name; o++) {
        size_t start = out->n, width;

        ts_buf_z(out, "  ");
        if (o->letter)
            ts_buf_fmt(out, "-%c, ", o->letter);
        ts_buf_fmt(out, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        for (width = out->n - start; width < 26; width++)
            ts_buf_c(out, ' ');
        ts_buf_c(out, ' ');
        wrapped(out, o->help, 27, width + 1);
    }
}
