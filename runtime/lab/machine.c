/* machine.c - machine.json: the firmware and the disk table. */
#include <string.h>

#include "base/mem.h"
#include "lab/lab_internal.h"

#define LAB_FORMAT 1

static char letter_of(const struct ts_value *v, const char *key)
{
    const char *t = ts_value_text(v, key);
    char c = t ? (char)(t[0] & ~0x20) : 0;

    return c >= 'A' && c <= 'Z' ? c : 0;
}

static bool flag(const struct ts_value *v, const char *key)
{
    const struct ts_value *f = ts_value_get(v, key);

    return f && f->kind == TS_BOOL && f->boolean;
}

/* A volume's folder lies directly in the machine's: a plain name. */
static bool plain_name(const char *name)
{
    return name && *name && name[0] != '.' && !strpbrk(name, "/\\:");
}

static enum ts_code read_volume(struct ts_lab_machine *m, const struct ts_value *v,
                                const char *file, struct ts_err *err)
{
    struct ts_lab_volume *vol = &m->volumes[m->volume_count];
    const char *id = ts_value_text(v, "id"), *folder = ts_value_text(v, "folder");

    if (v->kind != TS_OBJECT || !id || !*id || strlen(id) > 60 || !plain_name(folder))
        return ts_fail(
            err, TS_EINPUT,
            "%s: volumes[%zu] needs an \"id\" (1 to 60 bytes) and a \"folder\" (a "
            "plain name)",
            file, m->volume_count);
    for (size_t i = 0; i < m->volume_count; i++)
        if (strcmp(m->volumes[i].id, id) == 0)
            return ts_fail(err, TS_EINPUT, "%s: two volumes have the id %s", file, id);
    vol->id = ts_arena_strz(&m->arena, id);
    vol->folder = ts_arena_format(&m->arena, "%s/%s", m->dir, folder);
    vol->fullos = letter_of(v, "FullOS");
    vol->winpe = letter_of(v, "WinPE");
    vol->ram = flag(v, "ram");
    vol->fixed = flag(v, "fixed");
    m->volume_count++;
    return TS_OK;
}

static enum ts_code read_phase(const struct ts_value *v, const char *key,
                               enum ts_phase *out, const char *file, struct ts_err *err)
{
    const char *t = ts_value_text(v, key);

    if (!t || !ts_phase_parse(ts_str_of(t), out))
        return ts_fail(err, TS_EINPUT, "%s: \"%s\" must be WinPE, FullOS or any", file,
                       key);
    return TS_OK;
}

static enum ts_code read_machine(struct ts_lab_machine *m, const struct ts_value *v,
                                 const char *file, struct ts_err *err)
{
    const struct ts_value *format = ts_value_get(v, "taskseqLab");
    const struct ts_value *volumes = ts_value_get(v, "volumes");
    const struct ts_value *vars = ts_value_get(v, "variables");
    const struct ts_value *facts = ts_value_get(v, "facts");
    const char *id = ts_value_text(v, "id"), *name = ts_value_text(v, "name");
    enum ts_code rc;

    if (format && format->kind == TS_INT && format->integer != LAB_FORMAT &&
        format->integer > 0)
        return ts_fail(err, TS_EINPUT,
                       "%s was written by %s version of taskseq: it has format %lld "
                       "(\"taskseqLab\"), this one reads format %d; it was not touched: "
                       "play the machine with the version that made it, or make another "
                       "with taskseq lab --new",
                       file, format->integer > LAB_FORMAT ? "a newer" : "an older",
                       (long long)format->integer, LAB_FORMAT);
    if (!format || format->kind != TS_INT || format->integer != LAB_FORMAT)
        return ts_fail(err, TS_EINPUT, "%s: \"taskseqLab\" must be %d", file, LAB_FORMAT);
    if (!id || !*id || strlen(id) > 60)
        return ts_fail(err, TS_EINPUT, "%s: \"id\" is missing or longer than 60 bytes",
                       file);
    if (!volumes || volumes->kind != TS_ARRAY || !volumes->count || volumes->count > 26)
        return ts_fail(err, TS_EINPUT,
                       "%s: \"volumes\" must be a list of 1 to 26 volumes", file);
    if (vars && vars->kind != TS_OBJECT)
        return ts_fail(err, TS_EINPUT, "%s: \"variables\" must be an object", file);
    if (facts) {
        struct ts_facts *check = NULL;

        if ((rc = ts_facts_from_value(&check, facts, err)) != TS_OK)
            return rc;
        ts_facts_free(check);
        m->facts = ts_value_copy(&m->arena, facts);
    }
    m->id = ts_arena_strz(&m->arena, id);
    m->name = ts_arena_strz(&m->arena, name ? name : id);
    m->stored_variables = vars ? ts_value_copy(&m->arena, vars) : NULL;
    if ((rc = read_phase(v, "phase", &m->phase, file, err)) != TS_OK ||
        (rc = read_phase(v, "nextBoot", &m->next_boot, file, err)) != TS_OK)
        return rc;
    if (m->phase == TS_PHASE_ANY)
        m->phase = TS_PHASE_FULLOS;
    m->volumes = ts_arena_alloc(&m->arena, volumes->count * sizeof *m->volumes);
    for (const struct ts_value *x = volumes->first; x && rc == TS_OK; x = x->next)
        rc = read_volume(m, x, file, err);
    return rc;
}

enum ts_code ts_lab_open(struct ts_lab_machine **out, const char *dir, struct ts_err *err)
{
    struct ts_lab_machine *m = ts_alloc(sizeof *m);
    struct ts_buf text = {0};
    struct ts_value *v = NULL;
    char *real = NULL, *file = NULL;
    enum ts_code rc = ts_fs_real(dir, &real, err);

    if (rc == TS_OK) {
        m->dir = ts_arena_strz(&m->arena, real);
        file = ts_path_join(real, "machine.json");
        rc = ts_file_read(file, 1 << 20, &text, err);
    }
    if (rc == TS_ENOTFOUND)
        rc = ts_fail(
            err, TS_ENOTFOUND,
            "there is no lab machine in %s (no machine.json); taskseq lab --new %s "
            "makes one",
            dir, dir);
    if (rc == TS_OK)
        rc = ts_json_parse(&v, &m->arena, ts_buf_view(&text), file, err);
    if (rc == TS_OK && v->kind != TS_OBJECT)
        rc = ts_fail(err, TS_EINPUT, "%s: must be an object", file);
    if (rc == TS_OK)
        rc = read_machine(m, v, file, err);
    ts_buf_free(&text);
    ts_free(real);
    ts_free(file);
    if (rc == TS_OK)
        *out = m;
    else
        ts_lab_free(m);
    return rc;
}

void ts_lab_free(struct ts_lab_machine *m)
{
    if (!m)
        return;
    ts_arena_fini(&m->arena);
    ts_free(m);
}

/* ---- writing -------------------------------------------------------------------------
 */

static void text(struct ts_lab_machine *m, struct ts_value *o, const char *key,
                 const char *t)
{
    ts_value_set(&m->arena, o, ts_str_of(key), ts_value_string(&m->arena, ts_str_of(t)));
}

static void letter(struct ts_lab_machine *m, struct ts_value *o, const char *key, char c)
{
    char one[2] = {c, 0};

    if (c)
        text(m, o, key, one);
}

static struct ts_value *volume_value(struct ts_lab_machine *m,
                                     const struct ts_lab_volume *v)
{
    struct ts_value *o = ts_value_new(&m->arena, TS_OBJECT);
    const char *slash = strrchr(v->folder, '/');

    text(m, o, "id", v->id);
    text(m, o, "folder", slash ? slash + 1 : v->folder);
    letter(m, o, "FullOS", v->fullos);
    letter(m, o, "WinPE", v->winpe);
    ts_value_set(&m->arena, o, TS_S("fixed"), ts_value_bool(&m->arena, v->fixed));
    ts_value_set(&m->arena, o, TS_S("ram"), ts_value_bool(&m->arena, v->ram));
    return o;
}

enum ts_code ts_lab_save(struct ts_lab_machine *m, struct ts_err *err)
{
    struct ts_value *o = ts_value_new(&m->arena, TS_OBJECT);
    struct ts_value *volumes = ts_value_new(&m->arena, TS_ARRAY);
    struct ts_buf b = {0};
    char *file = ts_path_join(m->dir, "machine.json");
    enum ts_code rc;

    ts_value_set(&m->arena, o, TS_S("taskseqLab"), ts_value_int(&m->arena, LAB_FORMAT));
    text(m, o, "id", m->id);
    text(m, o, "name", m->name);
    text(m, o, "phase", ts_phase_name(m->phase));
    text(m, o, "nextBoot", ts_phase_name(m->next_boot));
    for (size_t i = 0; i < m->volume_count; i++)
        ts_value_push(volumes, volume_value(m, &m->volumes[i]));
    ts_value_set(&m->arena, o, TS_S("volumes"), volumes);
    if (m->stored_variables)
        ts_value_set(&m->arena, o, TS_S("variables"),
                     ts_value_copy(&m->arena, m->stored_variables));
    if (m->facts)
        ts_value_set(&m->arena, o, TS_S("facts"), ts_value_copy(&m->arena, m->facts));
    ts_json_write(&b, o, 2);
    ts_buf_c(&b, '\n');
    rc = ts_file_replace(file, ts_buf_text(&b), b.n, 0644, err);
    ts_buf_free(&b);
    ts_free(file);
    return rc;
}
