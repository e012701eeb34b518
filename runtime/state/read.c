/* read.c - what is recorded of a run: variables, the restart ledger, events. */
#include "state/state_internal.h"

/* ---- variables -----------------------------------------------------------------------
 */

struct loading {
    struct ts_state *s;
    struct ts_vars *vars;
    bool unfinished;
    void (*warn)(void *ctx, const char *text);
    void *ctx;
};

static void warn(const struct loading *l, const char *fmt, const char *name,
                 const char *value)
{
    if (l->warn) {
        struct ts_buf b = {0};
        ts_buf_fmt(&b, "variable %s: ", name);
        ts_buf_fmt(&b, "%s%s", fmt, value);
        l->warn(l->ctx, ts_buf_text(&b));
        ts_buf_free(&b);
    }
}

static enum ts_code set(const struct loading *l, enum ts_scope scope, ts_str name,
                        ts_str value, bool secret, struct ts_err *err)
{
    /* Only what was allowed when it was set can have been recorded. */
    if (name.n > 0 && name.p[0] == '_' && scope < TS_SCOPE_ENGINE) {
        ts_vars_allow(l->vars, name);
    }
    enum ts_code rc = ts_vars_set(l->vars, scope, name, value, secret, err);
    return rc == TS_EINPUT || rc == TS_EACCESS
               ? ts_fail(err, TS_EDAMAGED,
                         "%s is damaged: it holds a variable named \"%.*s\"", l->s->path,
                         name.n < 100 ? (int)name.n : 100, name.p)
               : rc;
}

/* Of an ended run the secrets are gone, as they should be. */
static enum ts_code load_secret(const struct loading *l, enum ts_scope scope, ts_str name,
                                int64_t serial, struct ts_err *err)
{
    ts_str value;
    enum ts_code rc = ts_state_need_secrets(l->s, err);

    if (rc == TS_OK && ts_secrets_get(l->s->secrets, serial, &value)) {
        return set(l, scope, name, value, true, err);
    }
    if (l->unfinished) {
        return rc != TS_OK
                   ? rc
                   : ts_fail(err, TS_EDAMAGED,
                             "the secrets of the run are lost: the value of %.*s is "
                             "not in %s/secrets.bin; give the run up (--discard) and "
                             "begin anew",
                             (int)name.n, name.p, l->s->dir);
    }
    ts_vars_mark_secret(l->vars, name);
    warn(l, "its value was secret and is no longer kept", name.p, "");
    return TS_OK;
}

static enum ts_code load_path(const struct loading *l, enum ts_scope scope, ts_str name,
                              const char *value, const char *volume, struct ts_err *err)
{
    char *now = ts_volume_reletter(value, volume);
    enum ts_code rc;

    if (!now) {
        warn(l, "the volume of this path is not there now: ", name.p, value);
    }
    rc = set(l, scope, name, ts_str_of(now ? now : value), false, err);
    ts_free(now);
    return rc;
}

static enum ts_code load_row(const struct loading *l, sqlite3_stmt *q, struct ts_err *err)
{
    int scope = sqlite3_column_int(q, 0);
    ts_str name = ts_db_str(q, 1);
    int64_t secret = sqlite3_column_int64(q, 4);
    bool has_value = sqlite3_column_type(q, 2) != SQLITE_NULL;

    if (scope < 0 || scope >= TS_SCOPE_COUNT || !ts_var_name_valid(name)) {
        return ts_fail(err, TS_EDAMAGED, "%s is damaged: a variable in it makes no sense",
                       l->s->path);
    }
    if (secret > 0) {
        return load_secret(l, (enum ts_scope)scope, name, secret, err);
    }
    if (!has_value) {
        if (secret < 0) {
            ts_vars_mark_secret(l->vars, name);
        }
        return set(l, (enum ts_scope)scope, name, TS_S(""), false, err);
    }
    if (sqlite3_column_type(q, 3) != SQLITE_NULL) {
        return load_path(l, (enum ts_scope)scope, name, ts_db_str(q, 2).p,
                         ts_db_str(q, 3).p, err);
    }
    return set(l, (enum ts_scope)scope, name, ts_db_str(q, 2), false, err);
}

enum ts_code ts_state_load_vars(struct ts_state *s, int64_t run, struct ts_vars *v,
                                void (*warn_fn)(void *ctx, const char *text), void *ctx,
                                struct ts_err *err)
{
    struct loading l = {.s = s, .vars = v, .warn = warn_fn, .ctx = ctx};
    struct ts_arena a = {0};
    struct ts_run r;
    sqlite3_stmt *q;
    int step = SQLITE_ERROR;
    enum ts_code rc;

    if ((rc = ts_state_refresh(s, err)) == TS_OK) {
        rc = ts_run_read(s, run, &a, &r, err);
    }
    ts_arena_fini(&a);
    if (rc != TS_OK) {
        return rc;
    }
    l.unfinished = ts_run_unfinished(r.status);
    if (!(q = ts_db_stmt(s, TS_Q_LOAD_VARS))) {
        return ts_db_fail(s, err, "read");
    }
    sqlite3_bind_int64(q, 1, r.id);
    while (rc == TS_OK && (step = sqlite3_step(q)) == SQLITE_ROW) {
        rc = load_row(&l, q, err);
    }
    if (rc == TS_OK && step != SQLITE_DONE) {
        rc = ts_db_fail(s, err, "read");
    }
    sqlite3_reset(q);
    return rc;
}

/* ---- restarts ------------------------------------------------------------------------
 */

enum ts_code ts_state_restarts(struct ts_state *s, int64_t run,
                               void (*fn)(void *ctx, const struct ts_restart *),
                               void *ctx, struct ts_err *err)
{
    sqlite3_stmt *q;
    int step;
    enum ts_code rc = ts_state_refresh(s, err);

    if (rc != TS_OK) {
        return rc;
    }
    if (!(q = ts_db_stmt(s, TS_Q_LOAD_RESTARTS))) {
        return ts_db_fail(s, err, "read");
    }
    sqlite3_bind_int64(q, 1, run);
    while ((step = sqlite3_step(q)) == SQLITE_ROW) {
        struct ts_restart r = {
            .requested_ms = sqlite3_column_int64(q, 0),
            .arrived_ms = sqlite3_column_int64(q, 1),
            .step_id = ts_db_str(q, 2).p,
            .target = ts_db_str(q, 3).p,
            .phase = ts_db_str(q, 4).p,
            .message = ts_db_str(q, 5).p,
            .expected = sqlite3_column_int(q, 6) != 0,
        };
        fn(ctx, &r);
    }
    if (step != SQLITE_DONE) {
        rc = ts_db_fail(s, err, "read");
    }
    sqlite3_reset(q);
    return rc;
}

/* ---- events --------------------------------------------------------------------------
 */

enum ts_code ts_state_events(struct ts_state *s, int64_t run,
                             void (*fn)(void *ctx, uint64_t seq, ts_str json), void *ctx,
                             struct ts_err *err)
{
    sqlite3_stmt *q;
    int step;
    enum ts_code rc = ts_state_refresh(s, err);

    if (rc != TS_OK) {
        return rc;
    }
    if (!(q = ts_db_stmt(s, TS_Q_LOAD_EVENTS))) {
        return ts_db_fail(s, err, "read");
    }
    sqlite3_bind_int64(q, 1, run);
    while ((step = sqlite3_step(q)) == SQLITE_ROW) {
        fn(ctx, (uint64_t)sqlite3_column_int64(q, 0), ts_db_str(q, 1));
    }
    if (step != SQLITE_DONE) {
        rc = ts_db_fail(s, err, "read");
    }
    sqlite3_reset(q);
    return rc;
}
