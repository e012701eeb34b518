#include "cli/place.h"

#include <string.h>

#include "base/mem.h"
#include "facts/facts.h"
#include "platform/drives.h"
#include "platform/sysinfo.h"
#include "state/state.h"

/* "/native/root/_TaskSequence" of a drive, in the real spelling if it is there. */
static enum ts_code on_drive(char **out, char letter, struct ts_err *err)
{
    char path[32] = "C:\\" TS_STATE_FOLDER;

    path[0] = letter;
    return ts_path_native(out, path, NULL, err);
}

static bool has_state(const char *dir)
{
    char *db = ts_path_join(dir, "state.db");
    bool there = ts_fs_exists(db);

    ts_free(db);
    return there;
}

/* Does the newest run in dir belong to this machine? A state that cannot be read counts
 * as ours: the user must be told of it rather than find a new one beside it. */
static bool is_ours(const char *dir, const char *machine)
{
    struct ts_state *s = NULL;
    struct ts_run run;
    bool ours = true;

    if (ts_state_open(&s, dir, false, true, NULL) != TS_OK)
        return true;
    if (ts_state_last_run(s, &run, NULL) == TS_OK)
        ours = strcmp(run.machine, machine) == 0;
    ts_state_close(s);
    return ours;
}

/* An existing state of this machine on a drive: fixed ones first, then the others. */
static char *find_on_drives(const char *machine, bool fixed_only, bool *is_volatile)
{
    size_t n;
    const struct ts_drive *d = ts_drives_list(&n);

    for (int fixed = 1; fixed >= (fixed_only ? 1 : 0); fixed--) {
        for (size_t i = 0; i < n; i++) {
            char *dir = NULL;

            if (d[i].fixed != (fixed == 1) || on_drive(&dir, d[i].letter, NULL) != TS_OK)
                continue;
            if (has_state(dir) && is_ours(dir, machine)) {
                *is_volatile = fixed == 0;
                return dir;
            }
            ts_free(dir);
        }
    }
    return NULL;
}

static enum ts_code from_option(struct ts_place *out, const char *option,
                                struct ts_err *err)
{
    enum ts_code rc = ts_path_native(&out->dir, option, NULL, err);

    return rc == TS_OK ? TS_OK : ts_err_context(err, "--state");
}

enum ts_code ts_place_new(struct ts_place *out, const char *option, enum ts_phase phase,
                          const char *machine, struct ts_err *err)
{
    memset(out, 0, sizeof *out);
    if (option)
        return from_option(out, option, err);
    if (phase == TS_PHASE_FULLOS && ts_drives_find('C') && ts_drives_find('C')->fixed)
        return on_drive(&out->dir, 'C', err);
    if (phase == TS_PHASE_WINPE) {
        out->dir = find_on_drives(machine, true, &out->is_volatile);
        if (out->dir)
            return TS_OK;
        out->is_volatile = true;
        if (ts_drives_find('X'))
            return on_drive(&out->dir, 'X', err);
    }
    out->dir = ts_default_state_dir();
    return TS_OK;
}

enum ts_code ts_place_find(struct ts_place *out, const char *option, enum ts_phase phase,
                           const char *machine, struct ts_err *err)
{
    memset(out, 0, sizeof *out);
    if (option)
        return from_option(out, option, err);
    out->dir = find_on_drives(machine, false, &out->is_volatile);
    if (out->dir)
        return TS_OK;
    out->is_volatile = phase == TS_PHASE_WINPE;
    out->dir = ts_default_state_dir();
    if (has_state(out->dir))
        return TS_OK;
    ts_fail(err, TS_ENOTFOUND,
            "no run was found: there is no state in %s%s; give its folder with --state",
            out->dir,
            ts_drives_list(&(size_t){0}) ? " nor in \\" TS_STATE_FOLDER " of a drive"
                                         : "");
    ts_free(out->dir);
    out->dir = NULL;
    return TS_ENOTFOUND;
}

/* The letter of the fixed drive with a Windows on it, else with the most free space. */
static char best_drive(void)
{
    struct ts_windows win;
    size_t found = 0, n;
    const struct ts_drive *d = ts_drives_list(&n);
    uint64_t most = 0;
    char best = 0;

    if (ts_windows_find(&win, 1, &found, NULL) == TS_OK && found > 0)
        return win.drive[0];
    for (size_t i = 0; i < n; i++) {
        struct ts_dir *root = NULL;
        struct ts_volume v;

        if (!d[i].fixed || ts_dir_open(&root, d[i].root, false, NULL) != TS_OK)
            continue;
        if (ts_volume_of(root, &v, NULL) == TS_OK && !v.readonly && v.free > most) {
            most = v.free;
            best = d[i].letter;
        }
        ts_dir_close(root);
    }
    return best;
}

enum ts_code ts_place_durable(char **out, const char *path, struct ts_err *err)
{
    char letter = 0;

    if (path && ts_path_has_letter(ts_str_of(path)))
        letter = path[0];
    else if (!path)
        letter = best_drive();
    if (!letter)
        return ts_fail(
            err, TS_EUNSUPPORTED,
            "the state of this run is on a drive that a restart empties, and no "
            "writable fixed drive was found to move it to; give one with --state");
    return on_drive(out, letter, err);
}
