/* sequences.c - what must hold for every sequence that loads. */
#include "fuzz.h"

#include "engine/engine.h"
#include "parse/convert.h"
#include "parse/parse.h"
#include "vars/vars.h"

#include <string.h>

static void check_same(const struct ts_sequence *s, struct ts_sequence *back,
                       enum ts_code rc, const char *form, const struct ts_buf *text,
                       const struct ts_err *err)
{
    char h1[65], h2[65];

    FUZZ_CHECK(rc == TS_OK, "as %s it is refused: %s\n%s", form, err->text,
               ts_buf_text(text));
    ts_sequence_hash(h1, s);
    ts_sequence_hash(h2, back);
    if (strcmp(h1, h2) != 0) {
        struct ts_buf a = {0}, b = {0};
        ts_sequence_to_json(&a, s, false, 1);
        ts_sequence_to_json(&b, back, false, 1);
        FUZZ_CHECK(strcmp(h1, h2) == 0,
                   "as %s it comes back different\nwritten: %s\nbefore: %s\nafter: %s",
                   form, ts_buf_text(text), ts_buf_text(&a), ts_buf_text(&b));
    }
    ts_sequence_free(back);
}

static void check_stored(const struct ts_sequence *s)
{
    struct ts_sequence *back = NULL;
    struct ts_buf text = {0}, again = {0};
    struct ts_err err = {0};

    ts_sequence_to_json(&text, s, true, 0);
    enum ts_code rc =
        ts_sequence_restore(&back, ts_buf_view(&text), fuzz_library(), &err);
    if (rc == TS_OK) {
        ts_sequence_to_json(&again, back, true, 0);
        FUZZ_CHECK(ts_str_eq(ts_buf_view(&text), ts_buf_view(&again)),
                   "the stored form changes: %s\n%s", ts_buf_text(&text),
                   ts_buf_text(&again));
    }
    check_same(s, back, rc, "stored", &text, &err);
    ts_buf_free(&text);
    ts_buf_free(&again);
}

static void check_written(const struct ts_sequence *s, const char *format)
{
    bool lua = strcmp(format, "lua") == 0;
    struct ts_sequence *back = NULL;
    struct ts_buf text = {0};
    struct ts_err err = {0};

    if (lua) {
        ts_sequence_write_lua(&text, s, fuzz_library(), NULL);
    } else {
        ts_sequence_write_json(&text, s, fuzz_library());
    }
    enum ts_code rc = ts_sequence_parse(&back, ts_buf_view(&text), format, "again", NULL,
                                        fuzz_library(), &err);
    check_same(s, back, rc, format, &text, &err);
    ts_buf_free(&text);
}

static void count_loss(void *ctx, const struct ts_node *node, const char *what)
{
    (void)node;
    (void)what;
    ++*(size_t *)ctx;
}

/* XML cannot say everything; it may be refused, but what is written is read. */
static void check_xml(const struct ts_sequence *s)
{
    size_t losses = 0;
    struct ts_losses listen = {&losses, count_loss};
    struct ts_sequence *back = NULL;
    struct ts_buf text = {0};
    struct ts_err err = {0};

    enum ts_code rc =
        ts_sequence_write_xml(&text, s, "base", fuzz_library(), &listen, &err);
    FUZZ_CHECK(rc == TS_OK || rc == TS_EINPUT, "%s", err.text);
    if (rc == TS_OK) {
        rc = ts_sequence_parse(&back, ts_buf_view(&text), "xml", "again.xml", NULL,
                               fuzz_library(), &err);
        FUZZ_CHECK(rc == TS_OK, "as XML it is refused: %s\n%s", err.text,
                   ts_buf_text(&text));
        ts_sequence_free(back);
    }
    ts_buf_free(&text);
}

/* What each step would be handed when it starts. */
static void check_params(const struct ts_sequence *s)
{
    struct ts_vars *vars = ts_vars_new();
    struct ts_err err;

    FUZZ_CHECK(ts_vars_set(vars, TS_SCOPE_RUN, TS_S("Name"), TS_S("50% of C:\\x"), false,
                           &err) == TS_OK &&
                   ts_vars_set(vars, TS_SCOPE_RUN, TS_S("OSDCount"), TS_S("3"), false,
                               &err) == TS_OK,
               "%s", err.text);
    for (const struct ts_node *n = ts_node_next(s->root, s->root); n;
         n = ts_node_next(s->root, n)) {
        struct ts_arena a = {0};
        struct ts_value *out = NULL;
        const struct ts_step_type *t =
            n->is_group ? NULL : ts_registry_find(fuzz_library(), ts_str_of(n->type));
        if (t && ts_params_prepare(t, n->params, vars, &a, &out, &err) != TS_OK) {
            FUZZ_CHECK(err.code == TS_EINPUT, "%s: %s", ts_code_name(err.code), err.text);
        } else if (t) {
            FUZZ_CHECK(out && out->kind == TS_OBJECT, "%s has no properties", n->id);
        }
        ts_arena_fini(&a);
    }
    ts_vars_free(vars);
}

void fuzz_check_sequence(const struct ts_sequence *s)
{
    check_stored(s);
    check_written(s, "json");
    check_written(s, "lua");
    check_xml(s);
    check_params(s);
    (void)ts_check(s, fuzz_library(), NULL, NULL);
}

void fuzz_sequence(ts_str text, const char *format, const char *name)
{
    struct ts_sequence *s = NULL;
    struct ts_err err = {0};
    enum ts_code rc =
        ts_sequence_parse(&s, text, format, name, NULL, fuzz_library(), &err);

    if (rc == TS_OK) {
        fuzz_check_sequence(s);
    } else {
        FUZZ_CHECK(rc == TS_EINPUT, "%s: %s", ts_code_name(rc), err.text);
        FUZZ_CHECK(!s && strncmp(err.text, name, strlen(name)) == 0, "%s", err.text);
    }
    ts_sequence_free(s);
}
