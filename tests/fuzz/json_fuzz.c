/* JSON texts: what is read is written as text that means the same. */
#include "fuzz.h"

#include <string.h>

/* The places of values are those that a walk over the text finds. */
static void check_place(ts_str text, const struct ts_value *v, const char *path)
{
    int line, col;

    if (strlen(path) > 200) {
        return;
    }
    FUZZ_CHECK(ts_json_locate(text, path, &line, &col), "no place for \"%s\"", path);
    FUZZ_CHECK(line == v->line && col == v->col, "\"%s\": %d:%d, found at %d:%d", path,
               v->line, v->col, line, col);
    int i = 0;
    for (const struct ts_value *c = v->first; c; c = c->next, i++) {
        char *below = ts_format("%s[%d]", path, i);
        if (v->kind == TS_ARRAY) {
            check_place(text, c, below);
        }
        ts_free(below);
    }
}

static void check_again(const struct ts_value *v, int indent)
{
    struct ts_arena a = {0};
    struct ts_value *back = NULL;
    struct ts_buf text = {0}, again = {0};
    struct ts_err err = {0};

    ts_json_write(&text, v, indent);
    FUZZ_CHECK(ts_json_parse(&back, &a, ts_buf_view(&text), "again", &err) == TS_OK,
               "%s\n%s", err.text, ts_buf_text(&text));
    FUZZ_CHECK(ts_value_equal(v, back), "another value: %s", ts_buf_text(&text));
    ts_json_write(&again, back, indent);
    FUZZ_CHECK(ts_str_eq(ts_buf_view(&text), ts_buf_view(&again)), "%s\n%s",
               ts_buf_text(&text), ts_buf_text(&again));
    ts_buf_free(&text);
    ts_buf_free(&again);
    ts_arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ts_str text = {(const char *)data, size};
    struct ts_arena a = {0};
    struct ts_value *v = NULL;
    struct ts_err err = {0};
    enum ts_code rc = ts_json_parse(&v, &a, text, "f.json", &err);
    int line, col;

    if (rc == TS_OK) {
        check_again(v, 0);
        check_again(v, 2);
        check_place(text, v, "");
    } else {
        FUZZ_CHECK(rc == TS_EINPUT && strncmp(err.text, "f.json:", 7) == 0, "%s: %s",
                   ts_code_name(rc), err.text);
    }
    (void)ts_json_locate(text, "steps[0].retry.attempts", &line, &col);
    ts_arena_fini(&a);
    return 0;
}
