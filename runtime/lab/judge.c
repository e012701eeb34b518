/* judge.c - comparing the end of a replay with that of the uncut run. */
#include "lab/judge.h"

#include <string.h>

#include "base/mem.h"

#define MOST_DIFFERENCES 50

static const struct ts_value *first_of(const struct ts_value *o, const char *key)
{
    const struct ts_value *v = o ? ts_value_get(o, key) : NULL;

    return v && v->kind == TS_ARRAY ? v->first : NULL;
}

static int64_t number(const struct ts_value *o, const char *key)
{
    const struct ts_value *v = o ? ts_value_get(o, key) : NULL;

    return v && v->kind == TS_INT ? v->integer : 0;
}

static const char *text(const struct ts_value *o, const char *key)
{
    const char *t = o ? ts_value_text(o, key) : NULL;

    return t ? t : "";
}

static void put(struct ts_arena *a, struct ts_value *o, const char *key, const char *t)
{
    ts_value_set(a, o, ts_str_of(ts_arena_strz(a, key)),
                 ts_value_string(a, ts_str_of(ts_arena_strz(a, t))));
}

/* ---- the uncut run -------------------------------------------------------------------
 */

static void note_gone(struct ts_uncut *u, const struct ts_replay *r,
                      struct ts_lab_proof *proof)
{
    const struct ts_value *files = ts_value_get(r->result, "files");

    proof->user_files = (uint64_t)number(files, "checked");
    for (const struct ts_value *x = first_of(files, "lost"); x; x = x->next) {
        struct ts_left *left = ts_arena_alloc(&u->arena, sizeof *left);

        left->files = (uint64_t)number(x, "has");
        ts_map_set(&u->left, ts_str_of(text(x, "sum")), left);
        proof->gone++;
    }
}

static enum ts_code take_end(const struct ts_replay *r, struct ts_picture **picture,
                             struct ts_lab_record *record, struct ts_arena *a,
                             struct ts_err *err)
{
    struct ts_lab_machine *m = NULL;
    enum ts_code rc = ts_lab_open(&m, r->dir, err);

    if (rc == TS_OK)
        rc = ts_picture_take(picture, m, err);
    if (rc == TS_OK && record)
        ts_lab_record(m, r->began_ms, a, record);
    ts_lab_free(m);
    return rc;
}

enum ts_code ts_uncut_take(struct ts_uncut *u, const struct ts_replay *one,
                           const struct ts_replay *two, struct ts_lab_proof *proof,
                           struct ts_err *err)
{
    struct ts_picture *other = NULL;
    enum ts_code rc = take_end(one, &u->picture, &u->record, &u->arena, err);

    if (rc == TS_OK)
        rc = take_end(two, &other, NULL, NULL, err);
    if (rc == TS_OK) {
        proof->unsteady = ts_picture_settle(u->picture, other);
        proof->compared = ts_picture_count(u->picture);
        proof->points = (uint64_t)number(one->result, "powerPoints");
        note_gone(u, one, proof);
    }
    ts_picture_free(other);
    return rc;
}

void ts_uncut_fini(struct ts_uncut *u)
{
    ts_picture_free(u->picture);
    ts_map_fini(&u->left, NULL);
    ts_arena_fini(&u->arena);
}

/* ---- a replay ------------------------------------------------------------------------
 */

struct judgement {
    const struct ts_uncut *u;
    const struct ts_replay *r;
    struct ts_arena *a;
    struct ts_value *differences;
    size_t count;
    bool lost; /* a user's file */
};

static void differ(struct judgement *j, const char *what, const char *path,
                   const char *detail)
{
    struct ts_value *o;

    if (j->count++ >= MOST_DIFFERENCES)
        return;
    o = ts_value_new(j->a, TS_OBJECT);
    put(j->a, o, "what", what);
    put(j->a, o, "path", path);
    put(j->a, o, "detail", detail);
    ts_value_push(j->differences, o);
}

/* Contents in fewer files than at the start, and fewer than the uncut run leaves. */
static void judge_lost(struct judgement *j, const struct ts_value *where,
                       const char *moment)
{
    for (const struct ts_value *x = first_of(where, "lost"); x; x = x->next) {
        const struct ts_left *left = ts_map_get(&j->u->left, ts_str_of(text(x, "sum")));

        if (left && (uint64_t)number(x, "has") >= left->files)
            continue;
        j->lost = true;
        differ(j, "lost", text(x, "path"),
               ts_arena_format(j->a,
                               "its content is in %lld files %s, was in %lld; "
                               "%lld bytes",
                               (long long)number(x, "has"), moment,
                               (long long)number(x, "had"),
                               (long long)number(x, "size")));
    }
}

static void judge_steps(struct judgement *j, const struct ts_lab_record *record)
{
    struct ts_value *steps;

    if (!j->u->record.all || !record->all)
        return;
    steps = ts_lab_step_differences(&j->u->record, record, j->a);
    for (const struct ts_value *s = steps->first; s; s = s->next)
        differ(j, "step", text(s, "step"),
               ts_arena_format(j->a, "%s: %s; uncut: %s", text(s, "name"), text(s, "cut"),
                               text(s, "uncut")));
}

/* Of the run, not of the check of the files that came with it. */
static int exit_of(const struct ts_replay *r)
{
    return r->result && r->exit_code <= 1 ? (int)number(r->result, "exitCode")
                                          : r->exit_code;
}

static void judge_end(struct judgement *j, const struct ts_lab_record *record,
                      const struct ts_picture *now)
{
    size_t room;

    if (exit_of(j->r) != 0 || !j->r->result)
        differ(j, "exitCode", "", ts_arena_format(j->a, "%d, uncut 0", exit_of(j->r)));
    else
        judge_steps(j, record);
    room = j->count < MOST_DIFFERENCES ? MOST_DIFFERENCES - j->count : 0;
    j->count += ts_picture_compare(j->u->picture, now, j->differences, room, j->a);
}

/* The error a failed run ended with, or the last words of the program. */
static const char *error_of(const struct judgement *j, const struct ts_lab_record *record)
{
    const char *recorded =
        record->all ? text(ts_value_get(record->all, "run"), "error") : "";
    ts_str words = ts_str_trim(ts_buf_view(&j->r->words));

    if (*recorded)
        return recorded;
    for (size_t i = words.n; i > 0; i--)
        if (words.p[i - 1] == '\n')
            return ts_arena_str(j->a, (ts_str){words.p + i, words.n - i});
    return ts_arena_str(j->a, words);
}

static struct ts_value *failure_value(const struct judgement *j, const char *kind,
                                      uint64_t point, const struct ts_value *cut,
                                      const struct ts_value *stopped,
                                      const struct ts_lab_record *record)
{
    struct ts_value *o = ts_value_new(j->a, TS_OBJECT);
    const struct ts_value *at = stopped ? stopped : cut;

    ts_value_set(j->a, o, TS_S("point"), ts_value_int(j->a, (int64_t)point));
    put(j->a, o, "kind", kind);
    put(j->a, o, "when", text(cut, "when"));
    put(j->a, o, "step", text(at, "step"));
    put(j->a, o, "name", text(at, "name"));
    ts_value_set(j->a, o, TS_S("exitCode"), ts_value_int(j->a, exit_of(j->r)));
    put(j->a, o, "error", exit_of(j->r) ? error_of(j, record) : "");
    ts_value_set(j->a, o, TS_S("differenceCount"), ts_value_int(j->a, (int64_t)j->count));
    ts_value_set(j->a, o, TS_S("differences"), j->differences);
    return o;
}

enum ts_code ts_replay_judge(const struct ts_uncut *u, const struct ts_replay *r,
                             uint64_t point, bool files_at_end_only, struct ts_arena *a,
                             struct ts_value **failure, struct ts_err *err)
{
    struct judgement j = {
        .u = u, .r = r, .a = a, .differences = ts_value_new(a, TS_ARRAY)};
    const struct ts_value *cut = first_of(r->result, "cuts"), *stopped = NULL;
    struct ts_lab_record record = {0};
    struct ts_picture *now = NULL;
    enum ts_code rc = take_end(r, &now, &record, a, err);

    *failure = NULL;
    if (rc == TS_OK && cut && !files_at_end_only)
        judge_lost(&j, cut, "after the cut");
    if (rc == TS_OK && r->result && !j.lost)
        judge_lost(&j, ts_value_get(r->result, "files"), "at the end");
    if (rc == TS_OK && record.all)
        stopped = ts_lab_interrupted(&record, a);
    if (rc == TS_OK && !stopped)
        judge_end(&j, &record, now);
    if (rc == TS_OK && (j.count || stopped))
        *failure = failure_value(&j,
                                 j.lost    ? "lost"
                                 : stopped ? "stopped"
                                           : "end",
                                 point, cut, stopped, &record);
    ts_picture_free(now);
    return rc;
}
