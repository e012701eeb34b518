/* info.c - what a store is, for those who ask; totals in the catalogue. */
#include "migrate/spec.h"

#include <stdio.h>
#include <string.h>

struct field {
    const char *key;
    size_t at;
};

#define FIELD(name)                                      \
    {                                                    \
        "n_" #name, offsetof(struct ts_mig_totals, name) \
    }

static const struct field fields[] = {
    FIELD(profiles),     FIELD(orphans), FIELD(folders),    FIELD(files),
    FIELD(links),        FIELD(copies),  FIELD(symlinks),   FIELD(bytes),
    FIELD(copied_bytes), FIELD(skipped), FIELD(unreadable), FIELD(special),
};

enum ts_code mig_meta_totals(struct mig_catalog *c, const struct ts_mig_totals *t,
                             struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    for (size_t i = 0; rc == TS_OK && i < sizeof fields / sizeof fields[0]; i++) {
        uint64_t v;
        memcpy(&v, (const char *)t + fields[i].at, sizeof v);
        rc = mig_meta_set_int(c, fields[i].key, (int64_t)v, err);
    }
    return rc == TS_OK ? mig_meta_set_int(c, "elapsed_ms", t->elapsed_ms, err) : rc;
}

enum ts_code mig_meta_totals_get(struct mig_catalog *c, struct ts_mig_totals *t,
                                 struct ts_err *err)
{
    enum ts_code rc = TS_OK;
    int64_t v;

    memset(t, 0, sizeof *t);
    for (size_t i = 0; rc == TS_OK && i < sizeof fields / sizeof fields[0]; i++) {
        if ((rc = mig_meta_get_int(c, fields[i].key, &v, err)) == TS_OK)
            memcpy((char *)t + fields[i].at, &v, sizeof v);
    }
    return rc == TS_OK ? mig_meta_get_int(c, "elapsed_ms", &t->elapsed_ms, err) : rc;
}

enum ts_code ts_store_info(const char *store, struct ts_store_info *out,
                           struct ts_err *err)
{
    struct mig_catalog *c = NULL;
    char *native = NULL, *real = NULL, *id = NULL, *machine = NULL;
    enum ts_code rc;

    memset(out, 0, sizeof *out);
    if ((rc = mig_store_probe(store, &out->state, err)) != TS_OK)
        return rc;
    if (out->state == TS_STORE_NONE)
        return ts_fail(err, TS_ENOTFOUND, "there is no state store at %s", store);
    if (out->state == TS_STORE_CAPTURING)
        return TS_OK;
    if ((rc = ts_path_native(&native, store, NULL, err)) != TS_OK ||
        (rc = ts_fs_real(native, &real, err)) != TS_OK ||
        (rc = mig_catalog_open(&c, real, false, err)) != TS_OK ||
        (rc = mig_meta_get(c, "id", &id, err)) != TS_OK ||
        (rc = mig_meta_get(c, "machine", &machine, err)) != TS_OK ||
        (rc = mig_meta_get_int(c, "created", &out->created_ms, err)) != TS_OK ||
        (rc = mig_meta_totals_get(c, &out->totals, err)) != TS_OK)
        goto done;
    snprintf(out->id, sizeof out->id, "%s", id);
    snprintf(out->machine, sizeof out->machine, "%s", machine);
done:
    mig_catalog_close(c);
    ts_free(native);
    ts_free(real);
    ts_free(id);
    ts_free(machine);
    return rc;
}
