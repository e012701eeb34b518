/* xml_container.c - where in a document the task sequence is.
 *
 * It is looked for by what stands there, not by the file's name: the document itself, a
 * part of the older export, or text inside an element - in CDATA or escaped - as in the
 * objects of the newer export. */
#include "parse/xml_import.h"

#include <string.h>

enum { MOST_INSIDE = 4 }; /* documents in documents */

struct search {
    struct ts_arena *a;
    const char *file;
    struct xml_found *out;
    int inside;
    struct ts_err *err;
};

static enum ts_code search(struct search *s, const struct xml_element *e);

/* Properties of the package that are worth keeping. */
static const char *const kept[] = {
    "PackageID",    "BootImageID",  "Category",   "CustomProgressMsg", "DependentProgram",
    "Duration",     "ProgramFlags", "SourceDate", "TaskSequenceFlags", "Version",
    "Manufacturer", "Language",     "MIFName",    "MIFPublisher",      "MIFVersion",
};

static void note(struct search *s, const struct xml_element *e, const char *name,
                 ts_str value)
{
    struct xml_found *f = s->out;

    if (value.n == 0) {
        return;
    }
    if (ts_caseeq(name, "Name")) {
        f->name = value.p;
    } else if (ts_caseeq(name, "Description")) {
        f->description = value.p;
    } else if (ts_caseeq(name, "PackageID")) {
        f->id = value.p;
    }
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (ts_caseeq(name, kept[i])) {
            struct ts_value *v = ts_value_string(s->a, value);
            v->file = s->file;
            v->line = e->line;
            v->col = e->col;
            f->package = f->package ? f->package : ts_value_new(s->a, TS_OBJECT);
            ts_value_set(s->a, f->package, ts_str_of(kept[i]), v);
        }
    }
}

/* Children with text: <Name>…</Name> of the older export. */
static void note_children(struct search *s, const struct xml_element *e)
{
    for (const struct xml_element *c = e->first; c; c = c->next) {
        if (!c->first) {
            note(s, c, c->name, c->text);
        }
    }
}

/* <PROPERTY NAME="Name"><VALUE>…</VALUE></PROPERTY> of an object. */
static void note_properties(struct search *s, const struct xml_element *e)
{
    for (const struct xml_element *c = e->first; c; c = c->next) {
        const struct xml_element *value = xml_child(c, "VALUE");
        const char *name = xml_attr(c, "NAME");
        if (xml_is(c, "PROPERTY") && name && value && !value->first) {
            note(s, value, name, value->text);
        }
    }
}

static bool holds(ts_str text, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i + n <= text.n; i++) {
        const char *p = memchr(text.p + i, word[0], text.n - i);
        if (!p) {
            return false;
        }
        i = (size_t)(p - text.p);
        if (i + n <= text.n && memcmp(p, word, n) == 0) {
            return true;
        }
    }
    return false;
}

/* A text that is a document.  What only looks like one is none of ours. */
static enum ts_code search_text(struct search *s, const struct xml_element *e)
{
    struct xml_element *root;

    if (e->origin.n == 0 || (!holds(e->text, "<sequence") && !holds(e->text, "&lt;"))) {
        return TS_OK;
    }
    if (++s->inside > MOST_INSIDE) {
        return ts_fail(s->err, TS_EINPUT,
                       "%s:%d:%d: documents stand inside each other too deep", s->file,
                       e->line, e->col);
    }
    enum ts_code rc =
        xml_parse(&root, s->a, ts_str_trim(e->text), s->file, &e->origin, s->err);
    if (rc == TS_OK) {
        rc = search(s, root);
    }
    s->inside--;
    return rc;
}

static enum ts_code search(struct search *s, const struct xml_element *e)
{
    enum ts_code rc = TS_OK;

    if (xml_is(e, "sequence")) {
        s->out->sequence = e;
        return TS_OK;
    }
    if (!e->first) {
        return search_text(s, e);
    }
    if (xml_is(e, "SmsTaskSequencePackage")) {
        s->out->container = "package";
        note_children(s, e);
    } else if (xml_is(e, "INSTANCE")) {
        s->out->container = "object";
        note_properties(s, e);
    }
    for (const struct xml_element *c = e->first; c && rc == TS_OK && !s->out->sequence;
         c = c->next) {
        rc = search(s, c);
    }
    return rc;
}

enum ts_code xml_find(struct xml_found *out, struct ts_arena *a,
                      const struct xml_element *root, const char *file,
                      struct ts_err *err)
{
    struct search s = {.a = a, .file = file, .out = out, .err = err};

    *out = (struct xml_found){.container = "sequence", .file = file};
    return search(&s, root);
}
