/* attach.c - the runtime inside a machine: drives, variables, restart backend. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "facts/facts.h"
#include "lab/lab_internal.h"
#include "platform/drives.h"
#include "platform/power.h"
#include "platform/sysinfo.h"

char ts_lab_letter(const struct ts_lab_volume *v, enum ts_phase phase)
{
    return phase == TS_PHASE_WINPE ? v->winpe : v->fullos;
}

enum ts_code ts_lab_map(struct ts_lab_machine *m, struct ts_err *err)
{
    ts_drives_clear();
    for (size_t i = 0; i < m->volume_count; i++) {
        const struct ts_lab_volume *v = &m->volumes[i];
        char c = ts_lab_letter(v, m->phase);
        char id[80] = "lab:";
        enum ts_code rc;

        strncat(id, v->id, 70);
        if (c &&
            (rc = ts_drives_map(c, v->folder, id, v->fixed && !v->ram, err)) != TS_OK)
            return rc;
    }
    return TS_OK;
}

/* {"volume": "media", "path": "\\Images"} in the letters of now. */
static enum ts_code volume_path(struct ts_lab_machine *m, const struct ts_value *v,
                                struct ts_value **out, struct ts_err *err)
{
    const char *volume = ts_value_text(v, "volume"), *path = ts_value_text(v, "path");

    for (size_t i = 0; volume && path && i < m->volume_count; i++) {
        char c = ts_lab_letter(&m->volumes[i], m->phase);

        if (c && strcmp(m->volumes[i].id, volume) == 0) {
            const char *text = ts_arena_format(&m->arena, "%c:%s", c, path);

            *out = ts_value_string(&m->arena, ts_str_of(text));
            return TS_OK;
        }
    }
    return ts_fail(
        err, TS_EINPUT,
        "machine.json: variable %.*s must be text, or {\"volume\", \"path\"} with a "
        "volume that has a letter in %s",
        (int)v->key.n, v->key.p, ts_phase_name(m->phase));
}

static enum ts_code letter_variables(struct ts_lab_machine *m, struct ts_err *err)
{
    m->variables = ts_value_new(&m->arena, TS_OBJECT);
    if (!m->stored_variables)
        return TS_OK;
    for (const struct ts_value *v = m->stored_variables->first; v; v = v->next) {
        struct ts_value *x = NULL;
        enum ts_code rc;

        if (v->kind != TS_OBJECT)
            x = ts_value_copy(&m->arena, v);
        else if ((rc = volume_path(m, v, &x, err)) != TS_OK)
            return rc;
        ts_value_set(&m->arena, m->variables, v->key, x);
    }
    return TS_OK;
}

static enum ts_code arm(const char *spec, struct ts_err *err)
{
    char *end = NULL;
    unsigned long long at = strtoull(spec, &end, 10);

    if (!end || *end != ' ' || !end[1])
        return ts_fail(err, TS_EINPUT, "%s is damaged: \"%s\"", TS_ENV_POWER, spec);
    ts_power_arm(end + 1, at);
    return TS_OK;
}

/* The first of the machine's processes is its runtime; a taskseq that a step starts is
 * another.  The power goes for all of them. */
static enum ts_code find_root(struct ts_err *err)
{
    const char *root = ts_env(TS_ENV_ROOT);
    int64_t pid = 0;
    char text[32];

    if (!root || !*root) {
        snprintf(text, sizeof text, "%lld", ts_process_id());
        ts_env_set(TS_ENV_ROOT, text);
        ts_power_watch(); /* of what a step starts there are fewer points without */
        return TS_OK;
    }
    if (!ts_str_int(ts_str_of(root), &pid) || pid <= 1)
        return ts_fail(err, TS_EINPUT, "%s is damaged: \"%s\"", TS_ENV_ROOT, root);
    ts_power_root(pid);
    return TS_OK;
}

enum ts_code ts_lab_attach(struct ts_lab_machine **out, struct ts_err *err)
{
    const char *dir = ts_env(TS_ENV_LAB), *hold = ts_env(TS_ENV_HOLD);
    const char *power = ts_env(TS_ENV_POWER);
    struct ts_lab_machine *m = NULL;
    char *pending, *native = NULL;
    enum ts_code rc;

    *out = NULL;
    if (!dir || !*dir)
        return TS_OK;
    if ((rc = ts_lab_open(&m, dir, err)) != TS_OK)
        return rc;
    pending = ts_path_join(m->dir, "pending");
    ts_power_pending_file(pending);
    ts_free(pending);
    if ((rc = ts_lab_map(m, err)) == TS_OK && (rc = letter_variables(m, err)) == TS_OK &&
        hold && *hold && (rc = ts_path_native(&native, hold, NULL, err)) == TS_OK)
        ts_power_hold(native);
    if (rc == TS_OK && power && *power && (rc = arm(power, err)) == TS_OK)
        rc = find_root(err);
    ts_free(native);
    if (rc == TS_OK)
        *out = m;
    else
        ts_lab_free(m);
    return rc;
}

/* The firmware is told before the request is recorded: a cut in between starts the
 * machine in the new phase with the step still to be done, which then only asks again. */
static enum ts_code prepare(void *ctx, enum ts_phase target, struct ts_err *err)
{
    struct ts_lab_machine *m = ctx;
    struct ts_windows win;
    size_t found = 0;
    enum ts_code rc;

    if (target == TS_PHASE_FULLOS) {
        if ((rc = ts_windows_find(&win, 1, &found, err)) != TS_OK)
            return rc;
        if (!found)
            return ts_fail(
                err, TS_EREFUSED,
                "the machine cannot start its full OS: there is no \\Windows on "
                "any fixed drive; apply an image before this restart");
    }
    m->next_boot = target;
    return ts_lab_save(m, err);
}

static enum ts_code restart(void *ctx, enum ts_phase target, int64_t delay_ms,
                            const char *message, struct ts_err *err)
{
    /* The runtime ends now; ts_lab_play does what a restart does. */
    (void)ctx, (void)target, (void)delay_ms, (void)message, (void)err;
    return TS_OK;
}

struct ts_restart_backend ts_lab_restart_backend(struct ts_lab_machine *m)
{
    return (struct ts_restart_backend){
        .name = "lab", .ctx = m, .prepare = prepare, .restart = restart};
}
