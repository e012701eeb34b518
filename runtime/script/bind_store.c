/* bind_store.c - host.store: the migration engine. */
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "script/script_internal.h"

/* The first findings of a check go into the log one by one, the rest as a number. */
#define FINDINGS_SHOWN 20

struct findings {
    struct ts_step_call *call;
    uint64_t n;
};

static void note_finding(void *ctx, const char *path, const char *what)
{
    struct findings *f = ctx;

    if (f->n++ < FINDINGS_SHOWN) {
        ts_host_log(f->call, TS_LOG_WARNING, "%s: %s", path, what);
    }
}

static void close_findings(const struct findings *f)
{
    if (f->n > FINDINGS_SHOWN) {
        ts_host_log(f->call, TS_LOG_WARNING, "and %llu more",
                    (unsigned long long)(f->n - FINDINGS_SHOWN));
    }
}

static void push_totals(lua_State *L, const struct ts_mig_totals *t)
{
    lua_createtable(L, 0, 18);
    ts_push_u64(L, "profiles", t->profiles);
    ts_push_u64(L, "orphans", t->orphans);
    ts_push_u64(L, "folders", t->folders);
    ts_push_u64(L, "files", t->files);
    ts_push_u64(L, "links", t->links);
    ts_push_u64(L, "copies", t->copies);
    ts_push_u64(L, "symlinks", t->symlinks);
    ts_push_u64(L, "bytes", t->bytes);
    ts_push_u64(L, "copied_bytes", t->copied_bytes);
    ts_push_u64(L, "skipped", t->skipped);
    ts_push_u64(L, "unreadable", t->unreadable);
    ts_push_u64(L, "special", t->special);
    ts_push_u64(L, "conflicts", t->conflicts);
    ts_push_u64(L, "pending", t->pending);
    ts_push_u64(L, "added", t->added);
    ts_push_u64(L, "changed", t->changed);
    ts_push_u64(L, "deleted", t->deleted);
    ts_push_u64(L, "elapsed_ms", (uint64_t)t->elapsed_ms);
}

/* host.store.find(dir): path of a store on that volume that still holds state, or false.
 */
static int store_find(lua_State *L)
{
    struct ts_script *s = ts_bind_begin(L);
    struct ts_err err;

    if (ts_store_find(ts_arg_text(L, 1), &s->scratch.text, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    if (s->scratch.text) {
        lua_pushstring(L, s->scratch.text);
    } else {
        lua_pushboolean(L, 0);
    }
    return 1;
}

static int store_info(lua_State *L)
{
    ts_bind_begin(L);
    struct ts_store_info info = {0};
    struct ts_err err;

    if (ts_store_info(ts_arg_text(L, 1), &info, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    lua_createtable(L, 0, 5);
    ts_push_text(L, "state", ts_store_state_name(info.state));
    ts_push_text(L, "id", info.id);
    ts_push_text(L, "machine", info.machine);
    lua_pushinteger(L, info.created_ms);
    lua_setfield(L, -2, "created");
    push_totals(L, &info.totals);
    lua_setfield(L, -2, "totals");
    return 1;
}

/* ---- capture and update ----------------------------------------------------------- */

static enum ts_code read_rules(lua_State *L, struct ts_script *s, int arg,
                               struct ts_err *err)
{
    const char *text = ts_opt_text(L, arg, "rules");
    const char *name = ts_opt_text(L, arg, "rulesName");

    if (!text) {
        return TS_OK;
    }
    return ts_rules_parse(&s->scratch.rules, ts_str_of(text), name ? name : "rules", err);
}

static int capture_or_update(lua_State *L, enum ts_code (*work)(const struct ts_capture *,
                                                                const struct ts_mig_env *,
                                                                struct ts_mig_totals *,
                                                                struct ts_err *))
{
    static const char *const options[] = {
        "store", "drive",     "extra", "rules",   "rulesName", "skipUnreadable",
        "copy",  "overwrite", "force", "threads", NULL};
    struct ts_script *s = ts_bind_begin(L);
    struct ts_mig_totals totals = {0};
    struct ts_err err;

    ts_arg_options(L, 1, options);
    struct ts_capture c = {
        .store = ts_need_text(L, 1, "store"),
        .windows_drive = ts_opt_text(L, 1, "drive"),
        .extra = ts_opt_list(L, 1, "extra"),
        .machine = s->call->host->machine,
        .skip_unreadable = ts_opt_bool(L, 1, "skipUnreadable"),
        .copy = ts_opt_bool(L, 1, "copy"),
        .overwrite = ts_opt_bool(L, 1, "overwrite"),
        .force = ts_opt_bool(L, 1, "force"),
        .threads = ts_opt_int(L, 1, "threads", 0),
    };
    if (read_rules(L, s, 1, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    c.rules = s->scratch.rules;
    struct ts_mig_env env = ts_host_mig_env(s->call);
    if (work(&c, &env, &totals, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    push_totals(L, &totals);
    return 1;
}

static int store_capture(lua_State *L)
{
    return capture_or_update(L, ts_migrate_capture);
}

static int store_update(lua_State *L)
{
    return capture_or_update(L, ts_migrate_update);
}

/* ---- checks ----------------------------------------------------------------------- */

static int check(lua_State *L,
                 enum ts_code (*work)(const char *, const struct ts_mig_env *,
                                      ts_finding_fn, void *, struct ts_err *))
{
    struct ts_script *s = ts_bind_begin(L);
    const char *store = ts_arg_text(L, 1);
    struct findings f = {.call = s->call};
    struct ts_mig_env env = ts_host_mig_env(s->call);
    struct ts_err err;

    enum ts_code rc = work(store, &env, note_finding, &f, &err);
    close_findings(&f);
    return rc == TS_OK ? ts_bind_true(L) : ts_bind_fail(L, &err);
}

static int store_verify(lua_State *L)
{
    return check(L, ts_store_verify);
}

static int store_verify_source(lua_State *L)
{
    return check(L, ts_store_verify_source);
}

static int store_verify_restored(lua_State *L)
{
    return check(L, ts_migrate_verify_restored);
}

/* ---- restore, remove, wipe -------------------------------------------------------- */

static int store_restore(lua_State *L)
{
    static const char *const options[] = {"store", "drive", "users", "threads", NULL};
    struct ts_script *s = ts_bind_begin(L);
    struct ts_mig_totals totals = {0};
    struct ts_err err;

    ts_arg_options(L, 1, options);
    struct ts_restore r = {
        .store = ts_need_text(L, 1, "store"),
        .windows_drive = ts_opt_text(L, 1, "drive"),
        .users = ts_opt_list(L, 1, "users"),
        .threads = ts_opt_int(L, 1, "threads", 0),
    };
    struct ts_mig_env env = ts_host_mig_env(s->call);
    if (ts_migrate_restore(&r, &env, &totals, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    push_totals(L, &totals);
    return 1;
}

static int store_remove(lua_State *L)
{
    static const char *const options[] = {"force", NULL};
    struct ts_script *s = ts_bind_begin(L);
    const char *store = ts_arg_text(L, 1);
    struct ts_mig_totals totals = {0};
    struct ts_err err;
    bool force = false;

    if (!lua_isnoneornil(L, 2)) {
        ts_arg_options(L, 2, options);
        force = ts_opt_bool(L, 2, "force");
    }
    struct ts_mig_env env = ts_host_mig_env(s->call);
    if (ts_store_remove(store, force, &env, &totals, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    push_totals(L, &totals);
    return 1;
}

static bool is_protected(void *ctx, const char *native_path)
{
    return ts_host_is_protected(ctx, native_path);
}

static int store_wipe(lua_State *L)
{
    static const char *const options[] = {"drive", "store", "keep", "withoutStore", NULL};
    struct ts_script *s = ts_bind_begin(L);
    struct ts_mig_totals totals = {0};
    struct ts_err err;

    ts_arg_options(L, 1, options);
    struct ts_wipe w = {
        .drive = ts_need_text(L, 1, "drive"),
        .store = ts_opt_text(L, 1, "store"),
        .keep = ts_opt_list(L, 1, "keep"),
        .without_store = ts_opt_bool(L, 1, "withoutStore"),
        .is_protected = is_protected,
        .ctx = s->call->host,
    };
    struct ts_mig_env env = ts_host_mig_env(s->call);
    if (ts_migrate_wipe(&w, &env, &totals, &err) != TS_OK) {
        return ts_bind_fail(L, &err);
    }
    push_totals(L, &totals);
    return 1;
}

const struct ts_binding ts_bind_store[] = {
    {"find", store_find},
    {"info", store_info},
    {"capture", store_capture},
    {"update", store_update},
    {"verify", store_verify},
    {"verify_source", store_verify_source},
    {"restore", store_restore},
    {"verify_restored", store_verify_restored},
    {"remove", store_remove},
    {"wipe", store_wipe},
    {NULL, NULL},
};
