/* user_links.c - links among the profiles.
 *
 * A capture follows no link, so a profile that was moved and left a link behind is not in
 * the store.  Before a wipe such a link is followed, by its text alone when the system
 * cannot: a link that Windows made says C:\..., which another system does not resolve. */
#include "migrate/user_links.h"

#include <stdlib.h>
#include <string.h>

static bool sep(char c)
{
    return c == '/' || c == '\\';
}

/* ---- where it leads ---------------------------------------------------------------- */

/* Past what stands before the path in the text of a link of Windows: a reparse tag and
 * the prefix of the object manager. */
static const char *past_prefixes(const char *text)
{
    const char *tag = strchr(text, ':');

    if (tag && tag - text > 1 &&
        strspn(text, "0123456789abcdefABCDEF") == (size_t)(tag - text))
        text = tag + 1;
    if (strncmp(text, "\\??\\", 4) == 0 || strncmp(text, "\\\\?\\", 4) == 0 ||
        strncmp(text, "//?/", 4) == 0 ||
        strncmp(text,
                "/?"
                "?/",
                4) == 0)
        text += 4;
    return text;
}

/* The text of the link `name` as Windows would read it; NULL: it leads nowhere. */
static char *read_by_text(const struct mig_links *k, struct ts_dir *users,
                          const char *users_native, const char *name)
{
    struct ts_buf b = {0};
    char *native = NULL, *real = NULL, *text = NULL;

    if (ts_readlink_at(users, name, &b, NULL) != TS_OK)
        goto done;
    text = ts_strdup(past_prefixes(ts_buf_text(&b)));
    if (ts_path_has_letter(ts_str_of(text))) {
        if (ts_path_native(&native, text, NULL, NULL) != TS_OK ||
            ts_fs_real(native, &real, NULL) != TS_OK) {
            /* The letter it has in that Windows need not be the one it has here. */
            ts_free(native);
            native = ts_path_join(k->real, text + (sep(text[2]) ? 3 : 2));
        }
    } else if (strchr(text, '\\')) {
        native = sep(text[0]) ? ts_path_join(k->real, text + 1)
                              : ts_path_join(users_native, text);
    }
    if (!real && native) {
        for (char *p = native; *p; p++)
            *p = *p == '\\' ? '/' : *p;
        if (ts_fs_real(native, &real, NULL) != TS_OK)
            real = NULL;
    }
done:
    ts_buf_free(&b);
    ts_free(native);
    ts_free(text);
    return real;
}

static char *leads_to(const struct mig_links *k, struct ts_dir *users,
                      const char *users_native, const char *name)
{
    char *native = ts_path_join(users_native, name), *real = NULL;

    if (ts_fs_real(native, &real, NULL) != TS_OK)
        real = read_by_text(k, users, users_native, name);
    ts_free(native);
    return real;
}

/* ---- what would be lost ------------------------------------------------------------ */

static bool is_captured(struct mig_scope *s, const struct ts_stat *st)
{
    bool is = false;

    for (size_t i = 0; s && !is && i < s->n; i++) {
        struct mig_root *r = &s->p[i];
        if (r->kind == MIG_USERS || mig_root_open(r, NULL) != TS_OK)
            continue;
        is = r->st.id == st->id && r->st.volume == st->volume;
        mig_root_close(r);
    }
    return is;
}

/* Is the folder on the volume, and neither it nor a folder above it captured or kept? */
static bool is_lost(const struct mig_links *k, const char *real)
{
    size_t top = strlen(k->real);
    struct ts_stat st;
    char *path;
    bool lost;

    if (top > 0 && sep(k->real[top - 1]))
        top--;
    if (strncmp(real, k->real, top) != 0 || (real[top] && !sep(real[top])) ||
        ts_fs_stat(real, &st, NULL) != TS_OK || st.type != TS_F_DIR ||
        st.volume != k->st->volume)
        return false;
    path = ts_strdup(real);
    for (lost = true; lost && strlen(path) > top + 1;) {
        if (ts_fs_stat(path, &st, NULL) == TS_OK)
            lost = !is_captured(k->scope, &st) && !k->stays(k->ctx, path, &st);
        size_t n = strlen(path);
        while (n > top && !sep(path[n - 1]))
            n--;
        path[n ? n - 1 : 0] = 0;
    }
    ts_free(path);
    return lost;
}

static enum ts_code check_link(const struct mig_links *k, struct ts_dir *users,
                               const char *users_native, const char *shown,
                               const char *name, struct ts_err *err)
{
    char *real = leads_to(k, users, users_native, name), *link, *to;

    if (!real || !is_lost(k, real)) {
        ts_free(real);
        return TS_OK;
    }
    link = mig_path_add(shown, name);
    to = ts_path_display(real);
    if (k->store)
        ts_fail(err, TS_EREFUSED,
                "%s is a link to %s, which is not in the state store %s and would be"
                " wiped: capture again with %s in `extra`, or remove the link if nobody"
                " needs what is there",
                link, to, k->store, to);
    else
        ts_fail(err, TS_EREFUSED,
                "%s holds user profiles (%s is a link to %s) and no state store was"
                " named: capture %s with `extra`, remove the link, or say withoutStore ="
                " true",
                k->path, link, to, to);
    ts_free(real);
    ts_free(link);
    ts_free(to);
    return TS_EREFUSED;
}

/* ---- folders of profiles ----------------------------------------------------------- */

static enum ts_code check_folder(const struct mig_links *k, const char *shown,
                                 bool windows, struct ts_err *err)
{
    struct ts_dir *users = NULL;
    char *native = NULL;
    const char *name;
    enum ts_ftype type;
    struct ts_stat st;
    enum ts_code rc;

    if ((rc = ts_path_open_dir(&users, shown, false, err)) != TS_OK ||
        (rc = ts_path_native(&native, shown, NULL, err)) != TS_OK)
        goto done;
    while ((rc = ts_dir_next(users, &name, &type, err)) == TS_OK && name) {
        if (type == TS_F_NONE && ts_stat_at(users, name, &st, NULL) == TS_OK)
            type = st.type;
        if (type != TS_F_LINK || (windows && mig_link_of_windows(name)))
            continue;
        if ((rc = check_link(k, users, native, shown, name, err)) != TS_OK)
            break;
    }
done:
    ts_dir_close(users);
    ts_free(native);
    return rc;
}

/* `name` (Users, home) in `top`; profiles.c has refused it if it is a link. */
static enum ts_code check_top(const struct mig_links *k, const char *top,
                              const char *name, bool windows, struct ts_err *err)
{
    struct ts_dir *d = NULL;
    struct ts_stat st;
    char *real = NULL, *shown = NULL;
    bool found = false;
    enum ts_code rc = ts_path_open_dir(&d, top, false, err);

    if (rc == TS_OK)
        rc = ts_name_find(d, name, &real, &found, err);
    if (rc == TS_OK && found && ts_stat_at(d, real, &st, NULL) == TS_OK &&
        st.type == TS_F_DIR) {
        shown = mig_path_add(top, real);
        rc = check_folder(k, shown, windows, err);
    }
    ts_dir_close(d);
    ts_free(real);
    ts_free(shown);
    return rc;
}

enum ts_code mig_links_check(const struct mig_links *k, struct ts_err *err)
{
    bool letter = ts_path_has_letter(ts_str_of(k->path));
    const struct ts_drive *drives;
    char top[4] = "C:\\";
    size_t n = 0;
    enum ts_code rc = check_top(k, k->path, "Users", true, err);

    if (rc != TS_OK || !letter)
        return rc == TS_OK ? check_top(k, k->path, "home", false, err) : rc;
    drives = ts_drives_list(&n);
    for (size_t i = 0; rc == TS_OK && i < n; i++) {
        if (!drives[i].fixed ||
            ts_casecmp((char[]){drives[i].letter, 0}, (char[]){k->path[0], 0}) == 0)
            continue;
        top[0] = drives[i].letter;
        rc = check_top(k, top, "Users", true, err);
        if (rc == TS_ENOTFOUND || rc == TS_EIO) /* locked or empty */
            rc = TS_OK;
    }
    return rc;
}
