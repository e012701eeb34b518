/* document.c - the facts document: gathered when first asked, or read. */
#include "facts/document.h"

#include "facts/facts_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FORMAT 1
#define ROWS_MAX 10000 /* of one class */
#define TEXT_MAX 65536 /* bytes of one value */
#define NAMES_MAX 5000 /* of variables, of classes */

struct ts_facts {
    struct ts_arena arena;
    bool loaded; /* doc is complete */
    struct ts_facts_doc doc;
    void (*warn)(void *ctx, const char *text);
    void *warn_ctx;
};

static struct ts_facts *new_facts(void)
{
    struct ts_facts *f = ts_alloc(sizeof *f);

    f->doc.arena = &f->arena;
    f->doc.variables = ts_value_new(&f->arena, TS_OBJECT);
    f->doc.classes = ts_value_new(&f->arena, TS_OBJECT);
    return f;
}

struct ts_facts *ts_facts_gather(void)
{
    return new_facts();
}

static void load(struct ts_facts *f)
{
    struct ts_hardware h;

    if (f->loaded) {
        return;
    }
    f->loaded = true;
    ts_hardware_read(&h, NULL);
    ts_doc_hardware(&f->doc, &h);
    ts_doc_system(&f->doc, &h);
    ts_doc_disks(&f->doc, &h);
    ts_doc_drives(&f->doc);
    ts_doc_network(&f->doc, &h);
    ts_doc_derive(&f->doc);
    ts_hardware_fini(&h);
}

void ts_facts_free(struct ts_facts *f)
{
    if (f) {
        ts_arena_fini(&f->arena);
        ts_free(f);
    }
}

/* ---- reading -------------------------------------------------------------------------
 */

/* TS_EINPUT with the place of `at` in front, where that is known. */
static enum ts_code bad(struct ts_err *err, const struct ts_value *at, const char *text,
                        ts_str what)
{
    ts_fail(err, TS_EINPUT, "the facts are wrong: %.*s %s",
            (int)(what.n > 80 ? 80 : what.n), what.p, text);
    if (at->file && at->line) {
        return ts_err_context(err, "%s:%d:%d", at->file, at->line, at->col);
    }
    return TS_EINPUT;
}

static bool is_name(ts_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] <= ' ') {
            return false;
        }
    }
    return s.n > 0 && s.n <= 256;
}

static enum ts_code read_variables(struct ts_facts *f, const struct ts_value *v,
                                   struct ts_err *err)
{
    if (v->count > NAMES_MAX) {
        return bad(err, v, "has more than 5000 members", v->key);
    }
    for (const struct ts_value *m = v->first; m; m = m->next) {
        struct ts_buf text = {0};
        if (!is_name(m->key)) {
            return bad(err, m, "is no name of a variable", m->key);
        }
        if (m->kind == TS_STRING) {
            if (memchr(m->str.p, 0, m->str.n)) {
                return bad(err, m, "holds a zero byte", m->key);
            }
            ts_buf_str(&text, m->str);
        } else if (m->kind == TS_BOOL) {
            ts_buf_z(&text, m->boolean ? "True" : "False");
        } else if (m->kind == TS_INT || m->kind == TS_REAL) {
            ts_json_write(&text, m, 0);
        } else {
            return bad(err, m, "must be a text, a number, or true or false", m->key);
        }
        ts_doc_variable(&f->doc, ts_arena_str(&f->arena, m->key), ts_buf_text(&text));
        ts_buf_free(&text);
    }
    return TS_OK;
}

static bool is_plain(const struct ts_value *v)
{
    return v->kind != TS_ARRAY && v->kind != TS_OBJECT &&
           !(v->kind == TS_STRING &&
             (v->str.n > TEXT_MAX || memchr(v->str.p, 0, v->str.n)));
}

static enum ts_code check_row(const struct ts_value *row, ts_str class_name,
                              struct ts_err *err)
{
    if (row->kind != TS_OBJECT) {
        return bad(err, row, "must be a list of objects", class_name);
    }
    for (const struct ts_value *p = row->first; p; p = p->next) {
        bool fits = is_plain(p) || p->kind == TS_ARRAY;
        for (const struct ts_value *x = p->kind == TS_ARRAY ? p->first : NULL; x && fits;
             x = x->next) {
            fits = is_plain(x);
        }
        if (!fits) {
            return bad(err, p,
                       "must be a text, a number, true or false, or a list of such",
                       p->key);
        }
    }
    return TS_OK;
}

static enum ts_code read_classes(struct ts_facts *f, const struct ts_value *v,
                                 struct ts_err *err)
{
    if (v->count > NAMES_MAX) {
        return bad(err, v, "has more than 5000 members", v->key);
    }
    for (const struct ts_value *c = v->first; c; c = c->next) {
        if (!is_name(c->key)) {
            return bad(err, c, "is no name of a class", c->key);
        }
        if (c->kind != TS_ARRAY || c->count > ROWS_MAX) {
            return bad(err, c, "must be a list of at most 10000 objects", c->key);
        }
        for (const struct ts_value *row = c->first; row; row = row->next) {
            enum ts_code rc = check_row(row, c->key, err);
            if (rc != TS_OK) {
                return rc;
            }
        }
        ts_value_set(&f->arena, f->doc.classes, c->key, ts_value_copy(&f->arena, c));
    }
    return TS_OK;
}

static enum ts_code read_document(struct ts_facts *f, const struct ts_value *v,
                                  struct ts_err *err)
{
    const struct ts_value *format = ts_value_get(v, "taskseqFacts");
    enum ts_code rc = TS_OK;

    if (v->kind != TS_OBJECT || !format) {
        return bad(err, v, "is missing; they are an object, as taskseq facts prints it",
                   TS_S("taskseqFacts"));
    }
    if (format->kind != TS_INT || format->integer != FORMAT) {
        return bad(err, format, "must be 1", TS_S("taskseqFacts"));
    }
    for (const struct ts_value *m = v->first; m && rc == TS_OK; m = m->next) {
        bool variables = ts_str_eq(m->key, TS_S("variables"));
        bool classes = ts_str_eq(m->key, TS_S("classes"));
        if (m == format) {
            continue;
        }
        if (!variables && !classes) {
            rc = bad(err, m, "is not known; there are variables and classes", m->key);
        } else if (m->kind != TS_OBJECT) {
            rc = bad(err, m, "must be an object", m->key);
        } else {
            rc = variables ? read_variables(f, m, err) : read_classes(f, m, err);
        }
    }
    return rc;
}

enum ts_code ts_facts_from_value(struct ts_facts **out, const struct ts_value *v,
                                 struct ts_err *err)
{
    struct ts_facts *f = new_facts();
    enum ts_code rc = read_document(f, v, err);

    if (rc != TS_OK) {
        ts_facts_free(f);
        return rc;
    }
    ts_doc_derive(&f->doc);
    f->loaded = true;
    *out = f;
    return TS_OK;
}

enum ts_code ts_facts_parse(struct ts_facts **out, ts_str text, const char *file,
                            struct ts_err *err)
{
    struct ts_arena a = {0};
    struct ts_value *v = NULL;

    if (ts_str_starts(text, TS_S("\xEF\xBB\xBF"))) {
        text = (ts_str){text.p + 3, text.n - 3};
    }
    enum ts_code rc = ts_json_parse(&v, &a, text, file, err);
    if (rc == TS_OK) {
        rc = ts_facts_from_value(out, v, err);
    }
    ts_arena_fini(&a);
    return rc;
}

enum ts_code ts_facts_read(struct ts_facts **out, const char *native_path,
                           struct ts_err *err)
{
    struct ts_buf text = {0};
    enum ts_code rc = ts_file_read(native_path, 16 << 20, &text, err);

    if (rc == TS_OK) {
        rc = ts_facts_parse(out, ts_buf_view(&text), native_path, err);
    }
    ts_buf_free(&text);
    return rc;
}

/* ---- asking --------------------------------------------------------------------------
 */

void ts_facts_write(struct ts_facts *f, struct ts_buf *out)
{
    struct ts_value *doc = ts_value_new(&f->arena, TS_OBJECT);

    load(f);
    ts_value_set(&f->arena, doc, TS_S("taskseqFacts"), ts_value_int(&f->arena, FORMAT));
    ts_value_set(&f->arena, doc, TS_S("variables"),
                 ts_value_copy(&f->arena, f->doc.variables));
    ts_value_set(&f->arena, doc, TS_S("classes"),
                 ts_value_copy(&f->arena, f->doc.classes));
    ts_json_write(out, doc, 2);
    ts_buf_c(out, '\n');
}

const struct ts_value *ts_facts_variables(struct ts_facts *f)
{
    load(f);
    return f->doc.variables;
}

const struct ts_value *ts_facts_classes(struct ts_facts *f)
{
    load(f);
    return f->doc.classes;
}

const char *ts_facts_variable(struct ts_facts *f, const char *name)
{
    load(f);
    for (const struct ts_value *v = f->doc.variables->first; v; v = v->next) {
        if (ts_str_caseeq(v->key, ts_str_of(name))) {
            return v->str.p;
        }
    }
    return NULL;
}

bool ts_facts_uefi(struct ts_facts *f)
{
    int secure_boot;
    bool efi;

    if (f->loaded) {
        const char *told = ts_facts_variable(f, "IsUEFI");
        return told && ts_caseeq(told, "True");
    }
    ts_hardware_firmware(&efi, &secure_boot);
    return efi;
}

void ts_facts_supply(struct ts_facts *f, const char *class_name,
                     const struct ts_value *rows)
{
    load(f);
    for (const struct ts_value *c = f->doc.classes->first; c; c = c->next) {
        if (ts_str_caseeq(c->key, ts_str_of(class_name))) {
            return;
        }
    }
    ts_value_set(&f->arena, f->doc.classes, ts_str_of(class_name),
                 ts_value_copy(&f->arena, rows));
}

void ts_facts_on_warning(struct ts_facts *f, void (*warn)(void *ctx, const char *text),
                         void *ctx)
{
    f->warn = warn;
    f->warn_ctx = ctx;
}

void ts_facts_warn(struct ts_facts *f, const char *text)
{
    if (f->warn) {
        f->warn(f->warn_ctx, text);
    }
}
