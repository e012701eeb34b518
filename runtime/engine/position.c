/* position.c - where the run stands, as the JSON text that the state keeps.
 *
 * Everything that cannot be worked out again from the sequence and the variables is in
 * it. Entries are named by number and by id: with a changed sequence (resume
 * --accept-changes) the numbers mean something else, and the ids count. */
#include "engine/engine_internal.h"

#include <inttypes.h>
#include <string.h>

const char *const ts_last_action_vars[TS_LAST_ACTION_VARS] = {
    "_SMSTSLastActionRetCode", "_SMSTSLastActionName", "_SMSTSLastActionSucceeded"};

/* ---- writing -------------------------------------------------------------------------
 */

static void text(struct ts_buf *b, const char *key, const char *z)
{
    ts_buf_fmt(b, ",\"%s\":\"", key);
    ts_buf_json(b, ts_str_of(z));
    ts_buf_c(b, '"');
}

static void number(struct ts_buf *b, const char *key, int64_t n)
{
    if (n) { /* absent is 0: most of them are, most of the time */
        ts_buf_fmt(b, ",\"%s\":%" PRId64, key, n);
    }
}

static void flag(struct ts_buf *b, const char *key, bool on)
{
    if (on) {
        ts_buf_fmt(b, ",\"%s\":true", key);
    }
}

static void failure(struct ts_buf *b, const struct ts_failure *f)
{
    number(b, "code", f->code);
    if (f->text) {
        text(b, "text", f->text);
    }
}

static void frame(struct ts_buf *b, const struct ts_engine *e, const struct ts_frame *f)
{
    ts_buf_fmt(b, "{\"start\":%d", f->start);
    text(b, "id", e->table.v[f->start].node->id);
    flag(b, "finally", f->in_finally);
    flag(b, "failed", f->failed);
    flag(b, "noContinue", f->no_coe);
    failure(b, &f->failure);
    if (f->in_finally) {
        ts_buf_z(b, ",\"last\":[");
        for (int i = 0; i < TS_LAST_ACTION_VARS; i++) {
            ts_buf_z(b, i ? ",\"" : "\"");
            ts_buf_json(b, ts_str_of(f->saved[i]));
            ts_buf_c(b, '"');
        }
        ts_buf_c(b, ']');
    }
    ts_buf_c(b, '}');
}

void ts_position_write(struct ts_buf *b, const struct ts_engine *e)
{
    ts_buf_fmt(b, "{\"ip\":%d", e->ip);
    if (e->ip < e->table.n) {
        text(b, "at", e->table.v[e->ip].node->id);
        flag(b, "end", e->table.v[e->ip].kind == TS_INS_END);
    }
    text(b, "phase", ts_phase_name(e->host->phase));
    flag(b, "started", e->started);
    number(b, "row", e->row);
    number(b, "attempt", e->attempt);
    number(b, "tries", e->tries);
    number(b, "again", e->again);
    number(b, "cuts", e->cuts);
    number(b, "restarts", e->restarts);
    if (e->target != TS_PHASE_ANY) {
        text(b, "target", ts_phase_name(e->target));
    }
    flag(b, "cancelled", e->cancelled);
    flag(b, "fatal", e->fatal);
    number(b, "run", e->steps_run);
    number(b, "failed", e->steps_failed);
    number(b, "skipped", e->steps_skipped);
    ts_buf_z(b, ",\"groups\":[");
    for (int i = 0; i < e->depth; i++) {
        if (i) {
            ts_buf_c(b, ',');
        }
        frame(b, e, &e->frames[i]);
    }
    ts_buf_z(b, "]}");
}

/* ---- reading -------------------------------------------------------------------------
 */

static int64_t get_number(const struct ts_value *v, const char *key)
{
    const struct ts_value *m = ts_value_get(v, key);

    return m && m->kind == TS_INT ? m->integer : 0;
}

static int get_int(const struct ts_value *v, const char *key)
{
    int64_t n = get_number(v, key);

    return n < 0 || n > INT32_MAX ? 0 : (int)n;
}

static bool get_flag(const struct ts_value *v, const char *key)
{
    const struct ts_value *m = ts_value_get(v, key);

    return m && m->kind == TS_BOOL && m->boolean;
}

static bool same_node(const struct ts_ins *ins, const char *id)
{
    return id && strcmp(ins->node->id, id) == 0;
}

static bool read_frame(struct ts_engine *e, const struct ts_value *v)
{
    int start = get_int(v, "start");

    if (start >= e->table.n || e->table.v[start].kind != TS_INS_GROUP ||
        !same_node(&e->table.v[start], ts_value_text(v, "id")) ||
        e->table.v[start].group != (e->depth ? e->frames[e->depth - 1].start : -1)) {
        return false;
    }
    struct ts_frame *f = ts_frame_push(e, start);
    f->in_finally = get_flag(v, "finally");
    f->failed = get_flag(v, "failed");
    f->no_coe = get_flag(v, "noContinue");
    f->failure.code = get_number(v, "code");
    f->failure.text = ts_strdup(ts_value_text(v, "text"));
    const struct ts_value *last = ts_value_get(v, "last");
    const struct ts_value *m = last && last->kind == TS_ARRAY ? last->first : NULL;
    for (int i = 0; i < TS_LAST_ACTION_VARS && m; i++, m = m->next) {
        f->saved[i] = m->kind == TS_STRING ? ts_str_dup(m->str) : NULL;
    }
    return true;
}

/* The open groups, and the entry inside the innermost of them.  False: the numbers are
 * those of another sequence. */
static bool read_place(struct ts_engine *e, const struct ts_value *v)
{
    const struct ts_value *groups = ts_value_get(v, "groups");

    if (!groups || groups->kind != TS_ARRAY) {
        return false;
    }
    for (const struct ts_value *m = groups->first; m; m = m->next) {
        if (!read_frame(e, m)) {
            return false;
        }
    }
    e->ip = get_int(v, "ip");
    if (e->ip >= e->table.n) {
        return e->ip == e->table.n && e->depth == 0 && !ts_value_get(v, "at");
    }
    const struct ts_ins *ins = &e->table.v[e->ip];
    int group = ins->kind == TS_INS_END ? ins->start : ins->group;
    return same_node(ins, ts_value_text(v, "at")) &&
           get_flag(v, "end") == (ins->kind == TS_INS_END) &&
           group == (e->depth ? e->frames[e->depth - 1].start : -1);
}

/* The sequence was changed: go to the entry that has the id now. */
static enum ts_code find_place(struct ts_engine *e, const struct ts_value *v,
                               struct ts_err *err)
{
    const char *at = ts_value_text(v, "at");
    const struct ts_ins *ins = at ? ts_table_find(&e->table, at) : NULL;
    bool end = get_flag(v, "end");

    while (e->depth) {
        ts_frame_pop(e);
    }
    if (!ins || (end && ins->kind != TS_INS_GROUP)) {
        return ts_fail(err, TS_EREFUSED,
                       "the run stands at \"%s\", and this sequence has no such step or "
                       "group; --from STEP-ID says where to go on",
                       at ? at : "its end");
    }
    ts_jump(e, end ? ins->end : ins->index);
    return TS_OK;
}

static void read_rest(struct ts_engine *e, const struct ts_value *v, enum ts_phase *phase)
{
    const char *target = ts_value_text(v, "target");
    const char *was = ts_value_text(v, "phase");

    e->started = get_flag(v, "started");
    e->row = get_number(v, "row");
    e->attempt = get_int(v, "attempt");
    e->tries = get_int(v, "tries");
    e->again = get_int(v, "again");
    e->cuts = get_int(v, "cuts");
    e->restarts = get_int(v, "restarts");
    e->cancelled = get_flag(v, "cancelled");
    e->fatal = get_flag(v, "fatal");
    e->steps_run = get_int(v, "run");
    e->steps_failed = get_int(v, "failed");
    e->steps_skipped = get_int(v, "skipped");
    if (!target || !ts_phase_parse(ts_str_of(target), &e->target)) {
        e->target = TS_PHASE_ANY;
    }
    if (!was || !ts_phase_parse(ts_str_of(was), phase)) {
        *phase = TS_PHASE_ANY;
    }
}

enum ts_code ts_position_read(struct ts_engine *e, const char *json, enum ts_phase *phase,
                              struct ts_err *err)
{
    struct ts_arena a = {0};
    struct ts_value *v = NULL;
    enum ts_code rc;

    if ((rc = ts_json_parse(&v, &a, ts_str_of(json), "position", err)) != TS_OK ||
        v->kind != TS_OBJECT) {
        rc = ts_fail(err, TS_EDAMAGED, "the run's position cannot be read: %s",
                     rc == TS_OK ? "it is not an object"
                     : err       ? err->text
                                 : "");
        goto done;
    }
    read_rest(e, v, phase);
    if (!read_place(e, v)) {
        rc = find_place(e, v, err);
    }
done:
    ts_arena_fini(&a);
    return rc;
}
