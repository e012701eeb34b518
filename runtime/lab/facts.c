/* facts.c - what a lab machine is. */
#include "lab/lab_internal.h"

#include <string.h>

#include "base/mem.h"
#include "platform/drives.h"

static void text(struct ts_arena *a, struct ts_value *row, const char *key,
                 const char *value)
{
    ts_value_set(a, row, ts_str_of(key), ts_value_string(a, ts_str_of(value)));
}

/* The drives as Windows would show them: NTFS, the RAM drive of WinPE a fixed one. */
static struct ts_value *drives(const struct ts_lab_machine *m, struct ts_arena *a)
{
    struct ts_value *rows = ts_value_new(a, TS_ARRAY);

    for (size_t i = 0; i < m->volume_count; i++) {
        const struct ts_lab_volume *v = &m->volumes[i];
        char c = ts_lab_letter(v, m->phase), id[] = {c, ':', 0};
        struct ts_value *row;
        struct ts_dir *dir = NULL;
        struct ts_volume on;

        if (!c)
            continue;
        row = ts_value_new(a, TS_OBJECT);
        text(a, row, "DeviceID", id);
        text(a, row, "Name", id);
        text(a, row, "FileSystem", "NTFS");
        text(a, row, "VolumeName", v->id);
        ts_value_set(a, row, TS_S("DriveType"),
                     ts_value_int(a, v->fixed || v->ram ? 3 : 2));
        if (ts_dir_open(&dir, v->folder, false, NULL) == TS_OK &&
            ts_volume_of(dir, &on, NULL) == TS_OK) {
            ts_value_set(a, row, TS_S("Size"), ts_value_int(a, (int64_t)on.total));
            ts_value_set(a, row, TS_S("FreeSpace"), ts_value_int(a, (int64_t)on.free));
        }
        ts_dir_close(dir);
        ts_value_push(rows, row);
    }
    return rows;
}

enum ts_code ts_lab_facts(const struct ts_lab_machine *m, struct ts_facts **out,
                          struct ts_err *err)
{
    struct ts_arena a = {0};
    enum ts_code rc;

    *out = NULL;
    if (!m->facts)
        return TS_OK;
    rc = ts_facts_from_value(out, m->facts, err);
    if (rc == TS_OK)
        ts_facts_supply(*out, "Win32_LogicalDisk", drives(m, &a));
    ts_arena_fini(&a);
    return rc;
}
