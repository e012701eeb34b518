/* profiles.c - user profiles on a disk. */
#include "migrate/find.h"
#include "migrate/scope.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/sysinfo.h"

TS_PRINTF(3, 4)
static void note(const struct ts_mig_env *env, int level, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    if (!env || !env->note)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    env->note(env->ctx, level, text);
}

void ts_profiles_free(struct ts_profile *p)
{
    while (p) {
        struct ts_profile *next = p->next;
        ts_free(p->name);
        ts_free(p->path);
        ts_free(p->why);
        ts_free(p);
        p = next;
    }
}

/* ---- one folder of profiles -------------------------------------------------------- */

/* A profile of Windows without a user hive has no user who could log on to it. */
static char *windows_orphan(struct ts_dir *dir)
{
    char *real = NULL;
    bool found = false;
    struct ts_err err;
    enum ts_code rc = ts_name_find(dir, "NTUSER.DAT", &real, &found, &err);

    ts_free(real);
    if (rc == TS_OK && !found)
        return ts_strdup("no user hive (NTUSER.DAT)");
    return rc == TS_OK ? NULL : ts_strdup(err.text);
}

static char *linux_orphan(const struct ts_stat *st)
{
    char name[256] = "";

    ts_user_name(st->uid, name, sizeof name);
    return name[0] ? NULL : ts_format("no account has the user id %u", st->uid);
}

static enum ts_code add_profile(struct ts_profile ***tail, struct ts_dir *users,
                                const char *path, const char *name, bool windows,
                                struct ts_err *err)
{
    struct ts_profile *p;
    struct ts_dir *dir = NULL;
    struct ts_stat st;
    enum ts_code rc;

    if ((rc = ts_dir_open_at(&dir, users, name, err)) != TS_OK) {
        /* Between two looks at it: gone, or a link now, and so no profile. */
        if (rc == TS_ENOTFOUND || rc == TS_ELINK)
            return TS_OK;
        return ts_err_context(err, "the profile %s in %s", name, path);
    }
    if ((rc = ts_dir_stat(dir, &st, err)) == TS_OK) {
        p = ts_alloc(sizeof *p);
        p->name = ts_strdup(name);
        p->path = mig_path_add(path, name);
        p->is_public = windows && ts_caseeq(name, "Public");
        if (!p->is_public)
            p->why = windows ? windows_orphan(dir) : linux_orphan(&st);
        p->orphan = p->why != NULL;
        if (!p->why)
            p->why = ts_strdup("");
        **tail = p;
        *tail = &p->next;
    }
    ts_dir_close(dir);
    return rc;
}

bool mig_link_of_windows(const char *name)
{
    return ts_caseeq(name, "All Users") || ts_caseeq(name, "Default User");
}

/* Folders that never are a profile: the template of Windows, the stores, and what a file
 * system keeps in its root. */
static bool left_out(struct ts_dir *users, const char *path, const char *name,
                     bool windows, const struct ts_mig_env *env)
{
    struct ts_dir *dir = NULL;
    bool out;

    if (windows && ts_caseeq(name, "Default"))
        return true;
    if (!windows && strcmp(name, "lost+found") == 0)
        return true;
    if (ts_dir_open_at(&dir, users, name, NULL) != TS_OK)
        return false;
    out = mig_is_store(dir);
    ts_dir_close(dir);
    if (out)
        note(env, 2, "%s%c%s is a state store and not captured as a profile", path,
             windows ? '\\' : '/', name);
    return out;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum ts_code folder_of_profiles(struct ts_profile ***tail, struct ts_dir *users,
                                       const char *path, bool windows,
                                       const struct ts_mig_env *env, struct ts_err *err)
{
    char **names = NULL;
    size_t n = 0, cap = 0;
    const char *name;
    enum ts_ftype type;
    enum ts_code rc;

    while ((rc = ts_dir_next(users, &name, &type, err)) == TS_OK && name) {
        struct ts_stat st;
        if (type == TS_F_NONE && ts_stat_at(users, name, &st, NULL) == TS_OK)
            type = st.type;
        if (type == TS_F_LINK && !(windows && mig_link_of_windows(name)))
            note(env, 2,
                 "%s%c%s is a link and was not followed: name the folder it leads to"
                 " as a folder to capture, or what is in it is not kept",
                 path, windows ? '\\' : '/', name);
        if (type != TS_F_DIR || left_out(users, path, name, windows, env))
            continue;
        if (n == cap) {
            cap = cap ? cap * 2 : 16;
            names = ts_realloc_array(names, cap, sizeof *names);
        }
        names[n++] = ts_strdup(name);
    }
    if (n > 1)
        qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++) {
        if (rc == TS_OK)
            rc = add_profile(tail, users, path, names[i], windows, err);
        ts_free(names[i]);
    }
    ts_free(names);
    return rc;
}

/* ---- one disk ---------------------------------------------------------------------- */

/* `name` (Users, home) in the folder top, if there is one. */
static enum ts_code profiles_in(struct ts_profile ***tail, struct ts_dir *top,
                                const char *top_path, const char *name, bool windows,
                                const struct ts_mig_env *env, struct ts_err *err)
{
    char *real = NULL, *path = NULL;
    struct ts_dir *users = NULL;
    struct ts_stat st;
    bool found = false;
    enum ts_code rc;

    if ((rc = ts_name_find(top, name, &real, &found, err)) != TS_OK || !found)
        goto done;
    path = mig_path_add(top_path, real);
    if ((rc = ts_stat_at(top, real, &st, err)) != TS_OK)
        goto done;
    if (st.type == TS_F_LINK) {
        rc = ts_fail(err, TS_ELINK,
                     "%s is a link: profiles are not looked for behind links; name the"
                     " drive it leads to",
                     path);
        goto done;
    }
    if (st.type != TS_F_DIR)
        goto done;
    if ((rc = ts_dir_open_at(&users, top, real, err)) == TS_OK)
        rc = folder_of_profiles(tail, users, path, windows, env, err);
done:
    ts_dir_close(users);
    ts_free(real);
    ts_free(path);
    return rc;
}

enum ts_code mig_profiles_below(struct ts_profile ***tail, const char *top,
                                const struct ts_mig_env *env, struct ts_err *err)
{
    bool letter = ts_path_has_letter(ts_str_of(top));
    struct ts_dir *d = NULL;
    enum ts_code rc;

    if ((rc = ts_path_open_dir(&d, top, false, err)) != TS_OK)
        return rc;
    rc = profiles_in(tail, d, top, "Users", true, env, err);
    if (rc == TS_OK && !letter)
        rc = profiles_in(tail, d, top, "home", false, env, err);
    ts_dir_close(d);
    return rc;
}

static enum ts_code windows_profiles(struct ts_profile ***tail, const char *drive,
                                     const struct ts_mig_env *env, struct ts_err *err)
{
    const struct ts_drive *drives;
    char top[4] = "C:\\";
    size_t n = 0;
    enum ts_code rc;

    if (!ts_path_has_letter(ts_str_of(drive)))
        return ts_fail(err, TS_EINPUT, "\"%s\" is not a drive like C:", drive);
    top[0] = drive[0];
    if ((rc = mig_profiles_below(tail, top, env, err)) != TS_OK)
        return rc;
    drives = ts_drives_list(&n);
    for (size_t i = 0; i < n; i++) {
        if (!drives[i].fixed ||
            ts_casecmp((char[]){drives[i].letter, 0}, (char[]){drive[0], 0}) == 0)
            continue;
        top[0] = drives[i].letter;
        rc = mig_profiles_below(tail, top, env, err);
        /* A locked or empty drive beside the one that was asked for. */
        if (rc == TS_ENOTFOUND || rc == TS_EIO) {
            note(env, 2, "no profiles were looked for on %s: %s", top, err->text);
            rc = TS_OK;
        }
        if (rc != TS_OK)
            return rc;
    }
    return TS_OK;
}

enum ts_code ts_profiles_find(struct ts_profile **out, const char *drive,
                              const struct ts_mig_env *env, struct ts_err *err)
{
    struct ts_profile **tail = out;
    struct ts_dir *homes = NULL;
    enum ts_code rc;

    *out = NULL;
    if (drive) {
        rc = windows_profiles(&tail, drive, env, err);
    } else {
        rc = ts_path_open_dir(&homes, "/home", false, err);
        if (rc == TS_OK)
            rc = folder_of_profiles(&tail, homes, "/home", false, env, err);
        else if (rc == TS_ENOTFOUND)
            rc = TS_OK;
        ts_dir_close(homes);
    }
    if (rc != TS_OK) {
        ts_profiles_free(*out);
        *out = NULL;
    }
    return rc;
}
