/* A document of machine facts in JSON. */
#include "fuzz.h"

#include "facts/facts.h"

#include <string.h>

static void quiet(void *ctx, const char *text)
{
    (void)text;
    ++*(size_t *)ctx;
}

/* Written and read again it is the same, and nothing more is derived. */
static void check_again(struct ts_facts *f)
{
    struct ts_facts *back = NULL;
    struct ts_buf text = {0}, again = {0};
    struct ts_err err = {0};

    ts_facts_write(f, &text);
    FUZZ_CHECK(ts_facts_parse(&back, ts_buf_view(&text), "again", &err) == TS_OK,
               "%s\n%s", err.text, ts_buf_text(&text));
    ts_facts_write(back, &again);
    FUZZ_CHECK(ts_str_eq(ts_buf_view(&text), ts_buf_view(&again)), "%s\n%s",
               ts_buf_text(&text), ts_buf_text(&again));
    ts_facts_free(back);
    ts_buf_free(&text);
    ts_buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ts_facts *f = NULL;
    struct ts_err err = {0};
    size_t warnings = 0;
    enum ts_code rc =
        ts_facts_parse(&f, (ts_str){(const char *)data, size}, "f.json", &err);

    if (rc == TS_OK) {
        struct ts_wql_answer answer;
        ts_facts_on_warning(f, quiet, &warnings);
        FUZZ_CHECK(ts_facts_variables(f)->kind == TS_OBJECT &&
                       ts_facts_classes(f)->kind == TS_OBJECT,
                   "no document");
        for (const struct ts_value *v = ts_facts_variables(f)->first; v; v = v->next) {
            FUZZ_CHECK(v->kind == TS_STRING, "%s is no text", v->key.p);
        }
        (void)ts_facts_uefi(f);
        FUZZ_CHECK(ts_wql_query(f,
                                TS_S("SELECT * FROM Win32_ComputerSystem WHERE Model "
                                     "LIKE '%a%' OR Memory > 5"),
                                NULL, NULL, &answer, &err) == TS_OK,
                   "%s", err.text);
        check_again(f);
    } else {
        FUZZ_CHECK(rc == TS_EINPUT && strncmp(err.text, "f.json:", 7) == 0, "%s: %s",
                   ts_code_name(rc), err.text);
    }
    ts_facts_free(f);
    return 0;
}
