/* machine.json of a lab machine. */
#include "fuzz.h"

#include "lab/lab_internal.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_path("machine.json");
    struct ts_lab_machine *m = NULL, *back = NULL;
    struct ts_buf first = {0}, second = {0};
    struct ts_facts *facts = NULL;
    struct ts_err err = {0};

    fuzz_put_file(path, (ts_str){(const char *)data, size});
    enum ts_code rc = ts_lab_open(&m, fuzz_scratch(), &err);
    if (rc != TS_OK) {
        FUZZ_CHECK(rc == TS_EINPUT && err.text[0], "%s: %s", ts_code_name(rc), err.text);
        return 0;
    }
    for (size_t i = 0; i < m->volume_count; i++) {
        FUZZ_CHECK(strncmp(m->volumes[i].folder, m->dir, strlen(m->dir)) == 0 &&
                       !strstr(m->volumes[i].folder, "/.."),
                   "a volume outside: %s", m->volumes[i].folder);
    }
    rc = ts_lab_facts(m, &facts, &err);
    FUZZ_CHECK(rc == TS_OK, "%s: %s", ts_code_name(rc), err.text);
    ts_facts_free(facts);
    /* what is saved is opened, and saved again it is the same */
    FUZZ_CHECK(ts_lab_save(m, &err) == TS_OK, "%s", err.text);
    FUZZ_CHECK(fuzz_get_file(path, &first) &&
                   ts_lab_open(&back, fuzz_scratch(), &err) == TS_OK,
               "%s\n%s", err.text, ts_buf_text(&first));
    FUZZ_CHECK(ts_lab_save(back, &err) == TS_OK && fuzz_get_file(path, &second), "%s",
               err.text);
    FUZZ_CHECK(ts_str_eq(ts_buf_view(&first), ts_buf_view(&second)), "%s\n%s",
               ts_buf_text(&first), ts_buf_text(&second));
    ts_buf_free(&first);
    ts_buf_free(&second);
    ts_lab_free(m);
    ts_lab_free(back);
    return 0;
}
