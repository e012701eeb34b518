/* xml_read.c - files and archives with XML sequences: which sequence of them is meant. */
#include "parse/readers.h"
#include "parse/xml_import.h"

#include "base/map.h"

/* ---- files ---------------------------------------------------------------------------
 */

static enum ts_code parse_one(struct xml_found *out, struct ts_arena *a, ts_str bytes,
                              const char *file, struct ts_err *err)
{
    struct ts_buf text = {0};
    struct xml_element *root;
    enum ts_code rc;

    if ((rc = xml_to_utf8(&text, bytes, file, err)) == TS_OK &&
        (rc = xml_parse(&root, a, ts_buf_view(&text), file, NULL, err)) == TS_OK &&
        (rc = xml_find(out, a, root, file, err)) == TS_OK && !out->sequence) {
        rc = ts_fail(err, TS_EINPUT,
                     "%s:%d:%d: there is no task sequence in this XML (its root is <%s>)",
                     file, root->line, root->col, root->name);
    }
    ts_buf_free(&text);
    return rc;
}

enum ts_code xml_read(struct ts_arena *a, ts_str bytes, const struct source *s,
                      const struct ts_registry *steps, struct ts_value **out,
                      struct ts_err *err)
{
    struct xml_import x = {.arena = a, .steps = steps, .err = err};
    struct xml_found found = {0};
    enum ts_code rc = parse_one(&found, a, bytes, ts_arena_strz(a, s->name), err);

    return rc == TS_OK ? xml_build(&x, &found, out) : rc;
}

/* ---- exports -------------------------------------------------------------------------
 */

/* Which sequences others run: package id -> the one that does, or &many. */
static const struct xml_found many;

static void note_children(struct ts_map *run, const struct xml_found *by,
                          const struct xml_element *e)
{
    const char *property = xml_is(e, "variable") ? xml_attr(e, "property") : NULL;

    if (property && ts_caseeq(property, "TsPackageID")) {
        ts_str id = ts_str_trim(e->text);
        const void *before = ts_map_get(run, id);
        ts_map_set(run, id, (void *)(uintptr_t)(before && before != by ? &many : by));
    }
    for (const struct xml_element *c = e->first; c; c = c->next) {
        note_children(run, by, c);
    }
}

static enum ts_code fail_choice(const struct xml_found *all, size_t n, const char *file,
                                const char *wanted, struct ts_err *err)
{
    struct ts_buf list = {0};

    for (size_t i = 0; i < n && list.n < 800; i++) {
        ts_buf_fmt(&list, "%s%.60s (%.80s)", i ? ", " : "", all[i].id,
                   all[i].name ? all[i].name : "");
    }
    enum ts_code rc =
        wanted ? ts_fail(err, TS_EINPUT,
                         "%s: there is no task sequence %s in this export; there "
                         "are %s",
                         file, wanted, ts_buf_text(&list))
               : ts_fail(err, TS_EINPUT,
                         "%s: there are several task sequences in this export: %s; "
                         "name one, as in %s/%s",
                         file, ts_buf_text(&list), file, all[0].id);
    ts_buf_free(&list);
    return rc;
}

/* The one that no other runs. */
static enum ts_code choose(const struct xml_found *all, size_t n, const char *file,
                           const char *wanted, size_t *out, struct ts_err *err)
{
    struct ts_map run = {0};
    size_t roots = 0;

    for (size_t i = 0; i < n; i++) {
        note_children(&run, &all[i], all[i].sequence);
    }
    for (size_t i = 0; i < n; i++) {
        const void *by = ts_map_get(&run, ts_str_of(all[i].id));
        if (wanted ? ts_caseeq(all[i].id, wanted) : !by || by == &all[i]) {
            *out = i;
            roots++;
        }
    }
    ts_map_fini(&run, NULL);
    return roots == 1 ? TS_OK : fail_choice(all, n, file, wanted, err);
}

enum ts_code xml_read_export(struct ts_arena *a, ts_str bytes, const struct source *s,
                             const char *member, const struct ts_registry *steps,
                             struct ts_value **out, struct ts_err *err)
{
    struct xml_import x = {.arena = a, .steps = steps, .err = err};
    struct xml_archive zip = {0};
    size_t main = 0;
    enum ts_code rc = xml_archive_read(&zip, bytes, s->name, err);

    if (rc == TS_OK && zip.n == 0) {
        rc = ts_fail(err, TS_EINPUT,
                     "%s: there is no task sequence in this archive (no "
                     "SMS_TaskSequencePackage/<id>/object.xml)",
                     s->name);
    }
    x.others = ts_arena_alloc(a, (zip.n + 1) * sizeof *x.others);
    for (size_t i = 0; i < zip.n && rc == TS_OK; i++) {
        const char *file = ts_arena_format(a, "%s/%s", s->name, zip.members[i].path);
        rc = parse_one(&x.others[i], a, ts_buf_view(&zip.members[i].text), file, err);
        x.others[i].id = ts_arena_strz(a, zip.members[i].id);
        x.other_count++;
    }
    if (rc == TS_OK &&
        (rc = choose(x.others, x.other_count, s->name, member, &main, err)) == TS_OK) {
        rc = xml_build(&x, &x.others[main], out);
    }
    xml_archive_fini(&zip);
    return rc;
}
