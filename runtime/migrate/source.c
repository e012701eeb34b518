/* source.c - do the sources still agree with the catalogue?
 *
 * Users go on working between an online capture and the restart, and a program that saves
 * by renaming leaves its new version in the profile only.  So before a wipe the sources
 * are walked again. */
#include "migrate/diff.h"

#include <string.h>

#include "base/mem.h"
#include "migrate/source.h"

enum ts_code mig_spec_load(struct mig_store *s, struct mig_spec *spec, struct ts_err *err)
{
    struct mig_catalog *c = s->cat;
    char *windows = NULL, *volume = NULL, *rules = NULL;
    int64_t ruled = 0, copy = 0, skip = 0;
    enum ts_code rc;

    memset(spec, 0, sizeof *spec);
    if ((rc = mig_meta_get(c, "windows", &windows, err)) == TS_OK &&
        (rc = mig_meta_get(c, "windows_volume", &volume, err)) == TS_OK &&
        (rc = mig_meta_get(c, "rules", &rules, err)) == TS_OK &&
        (rc = mig_meta_get_int(c, "ruled", &ruled, err)) == TS_OK &&
        (rc = mig_meta_get_int(c, "copy", &copy, err)) == TS_OK &&
        (rc = mig_meta_get_int(c, "skip", &skip, err)) == TS_OK && ruled)
        rc = ts_rules_parse(&spec->rules, ts_str_of(rules), "the rules in the catalogue",
                            err);
    spec->copy = copy != 0;
    spec->skip_unreadable = skip != 0;
    if (rc == TS_OK && windows[0]) {
        spec->recorded_letter = windows[0];
        spec->windows_drive = mig_path_now(windows, volume);
        if (!spec->windows_drive)
            rc = ts_fail(err, TS_ENOTFOUND,
                         "the volume of %s that was captured is not there", windows);
    }
    ts_free(windows);
    ts_free(volume);
    ts_free(rules);
    return rc;
}

void mig_spec_fini(struct mig_spec *spec)
{
    ts_rules_free(spec->rules);
    ts_free(spec->windows_drive);
    memset(spec, 0, sizeof *spec);
}

/* ---- roots ------------------------------------------------------------------------- */

/* Roots found now that the catalogue does not have. */
static enum ts_code new_profiles(struct mig_check *ck, const struct mig_spec *spec,
                                 struct ts_err *err)
{
    struct mig_scope now = {0};
    enum ts_code rc = mig_scope_find(&now, spec->windows_drive, NULL, ck->run, err);

    for (size_t i = 0; rc == TS_OK && i < now.n; i++) {
        if (now.p[i].kind == MIG_PROFILE && !mig_scope_match(ck->scope, &now.p[i]))
            mig_finding(ck->run, now.p[i].path, "is a new profile since the capture");
    }
    mig_scope_fini(&now);
    return rc;
}

static enum ts_code open_roots(struct mig_check *ck, struct mig_node **nodes, size_t *n,
                               struct ts_err *err)
{
    for (size_t i = 0; i < ck->scope->n; i++) {
        struct mig_root *r = &ck->scope->p[i];
        enum ts_code rc = mig_root_open(r, err);
        if (rc == TS_ENOTFOUND && r->now) {
            if (r->kind != MIG_USERS)
                mig_finding(ck->run, r->now, "is gone since the capture");
            continue;
        }
        if (rc == TS_ELINK) {
            mig_finding(ck->run, r->now, "became a link since the capture");
            continue;
        }
        if (rc != TS_OK)
            return rc;
        nodes[*n] = mig_node_new(NULL, r, r->object, "");
        atomic_fetch_or(&nodes[(*n)++]->flags, MIG_KNOWN);
    }
    return TS_OK;
}

enum ts_code mig_check_source(struct mig_check *ck, struct ts_err *err)
{
    struct mig_spec spec;
    struct mig_diff diff = {0};
    struct mig_pool pool = {.run = ck->run,
                            .ctx = &diff,
                            .work = mig_diff_folder,
                            .local_new = mig_diff_local_new,
                            .local_free = mig_diff_local_free};
    struct mig_node **nodes = ts_alloc_array(ck->scope->n + 1, sizeof *nodes);
    int64_t last = 0;
    size_t n = 0;
    enum ts_code rc = mig_spec_load(ck->store, &spec, err);

    if (rc == TS_OK)
        rc = new_profiles(ck, &spec, err);
    if (rc == TS_OK)
        rc = open_roots(ck, nodes, &n, err);
    if (rc == TS_OK)
        rc = mig_max_id(ck->store->cat, &last, err);
    if (rc == TS_OK) {
        diff.take =
            (struct mig_take){.run = ck->run, .store = ck->store, .rules = spec.rules};
        ck->run->expected = (uint64_t)last;
        rc = mig_pool_run(&pool, mig_threads(0), nodes, n, err);
    } else {
        for (size_t i = 0; i < n; i++)
            mig_node_free(nodes[i]);
    }
    ts_free(nodes);
    mig_spec_fini(&spec);
    if (rc == TS_OK) {
        char *what = ts_format("the users' files are not as the state store %s has them",
                               ck->store->path);
        rc = mig_run_verdict(ck->run, err, what, MIG_UPDATE_IT);
        ts_free(what);
    }
    return rc;
}

enum ts_code ts_store_verify_source(const char *store, const struct ts_mig_env *env,
                                    ts_finding_fn fn, void *ctx, struct ts_err *err)
{
    struct mig_scope scope = {0};
    struct mig_store s;
    struct mig_run run;
    enum ts_code rc;

    mig_run_init(&run, env, "comparing the users' files with the state store");
    run.fn = fn;
    run.fn_ctx = ctx;
    if ((rc = mig_store_open(&s, store, false, err)) == TS_OK &&
        (rc = mig_scope_load(&scope, s.cat, err)) == TS_OK)
        rc = mig_check_source(
            &(struct mig_check){.run = &run, .store = &s, .scope = &scope}, err);
    ts_mutex_lock(run.m);
    mig_run_pump(&run);
    ts_mutex_unlock(run.m);
    mig_scope_fini(&scope);
    mig_store_close(&s);
    mig_run_fini(&run);
    return rc;
}
