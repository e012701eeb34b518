/* The position of a run as the state keeps it: read into an engine, it is one that the
 * engine can go on from, and written again it is the same. */
#include "fuzz.h"

#include "engine/engine_internal.h"
#include "parse/parse.h"

#include <string.h>

static const char text[] =
    "{\"taskseq\":1,\"steps\":[{\"type\":\"Fail\",\"id\":\"a\"},"
    "{\"type\":\"Group\",\"id\":\"g\",\"steps\":[{\"type\":\"Fail\",\"id\":\"b\"},"
    "{\"type\":\"Group\",\"id\":\"h\",\"steps\":[{\"type\":\"Fail\",\"id\":\"c\"}],"
    "\"finally\":[{\"type\":\"Fail\",\"id\":\"d\"}]}],"
    "\"finally\":[{\"type\":\"Group\",\"id\":\"i\",\"steps\":[{\"type\":\"Fail\",\"id\":"
    "\"e\"}]}]},{\"type\":\"Fail\",\"id\":\"f\"}]}";

static struct ts_sequence *seq;
static struct ts_table table;
static struct ts_vars *vars;

static void load(void)
{
    struct ts_err err;

    vars = ts_vars_new();
    FUZZ_CHECK(ts_sequence_parse(&seq, TS_S(text), "json", "seq", NULL, fuzz_library(),
                                 &err) == TS_OK &&
                   ts_table_build(&table, seq, fuzz_library(), &err) == TS_OK,
               "%s", err.text);
}

/* Group i directly contains group i + 1, and the innermost the entry at hand. */
static void check_place(const struct ts_engine *e)
{
    int inside = -1;

    FUZZ_CHECK(e->ip >= 0 && e->ip <= table.n, "entry %d of %d", e->ip, table.n);
    for (int i = 0; i < e->depth; i++) {
        int start = e->frames[i].start;
        FUZZ_CHECK(start >= 0 && start < table.n && table.v[start].kind == TS_INS_GROUP &&
                       table.v[start].group == inside,
                   "group %d: entry %d", i, start);
        inside = start;
    }
    if (e->ip < table.n) {
        const struct ts_ins *ins = &table.v[e->ip];
        FUZZ_CHECK((ins->kind == TS_INS_END ? ins->start : ins->group) == inside,
                   "entry %d is not in group %d", e->ip, inside);
    } else {
        FUZZ_CHECK(e->depth == 0, "%d groups are open at the end", e->depth);
    }
    FUZZ_CHECK(e->attempt >= 0 && e->tries >= 0 && e->again >= 0 && e->cuts >= 0 &&
                   e->restarts >= 0 && e->steps_run >= 0,
               "a count below 0");
}

static void end(struct ts_engine *e)
{
    while (e->depth) {
        ts_frame_pop(e);
    }
    ts_free(e->frames);
}

static void check_again(const struct ts_engine *e, struct ts_host *host)
{
    struct ts_engine back = {.host = host, .table = table, .vars = vars};
    struct ts_buf first = {0}, second = {0};
    struct ts_err err = {0};
    enum ts_phase phase;

    ts_position_write(&first, e);
    FUZZ_CHECK(ts_position_read(&back, ts_buf_text(&first), &phase, &err) == TS_OK,
               "%s\n%s", err.text, ts_buf_text(&first));
    ts_position_write(&second, &back);
    FUZZ_CHECK(ts_str_eq(ts_buf_view(&first), ts_buf_view(&second)), "%s\n%s",
               ts_buf_text(&first), ts_buf_text(&second));
    end(&back);
    ts_buf_free(&first);
    ts_buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ts_host host = {.phase = TS_PHASE_FULLOS};
    struct ts_engine e = {.host = &host};
    struct ts_err err = {0};
    enum ts_phase phase = TS_PHASE_ANY;
    char *json = ts_str_dup((ts_str){(const char *)data, size});

    if (!seq) {
        load();
    }
    e.table = table;
    e.vars = vars;
    enum ts_code rc = ts_position_read(&e, json, &phase, &err);
    if (rc == TS_OK) {
        check_place(&e);
        check_again(&e, &host);
    } else {
        FUZZ_CHECK((rc == TS_EDAMAGED || rc == TS_EREFUSED) && strlen(err.text) > 10,
                   "%s: %s", ts_code_name(rc), err.text);
    }
    end(&e);
    ts_free(json);
    return 0;
}
