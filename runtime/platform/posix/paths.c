/* paths.c - what a path of a sequence means, and the way there. */
#include "platform/drives.h"

#include "base/mem.h"
#include "platform/posix/posix.h"
#include "platform/power.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Either a place below a drive (single names, no "." and "..") or a native path. */
struct meaning {
    const struct ts_drive *drive;
    char **parts;
    size_t n;
    char *native; /* NULL with a drive */
};

static void forget(struct meaning *m)
{
    for (size_t i = 0; i < m->n; i++) {
        ts_free(m->parts[i]);
    }
    ts_free(m->parts);
    ts_free(m->native);
    *m = (struct meaning){0};
}

/* Names separated by '\' and '/'.  ".." is taken by the text alone, as Windows does;
 * links are not followed below a drive, so both readings agree. */
static enum ts_code add_parts(struct meaning *m, const char *text, const char *path,
                              struct ts_err *err)
{
    while (*text) {
        size_t n = strcspn(text, "\\/");
        if (n == 2 && text[0] == '.' && text[1] == '.') {
            if (m->n == 0) {
                return ts_fail(err, TS_EINPUT,
                               "the path %s leads above the root of drive %c:", path,
                               m->drive->letter);
            }
            ts_free(m->parts[--m->n]);
        } else if (n > 0 && !(n == 1 && text[0] == '.')) {
            m->parts = ts_realloc_array(m->parts, m->n + 1, sizeof *m->parts);
            m->parts[m->n++] = ts_str_dup((ts_str){text, n});
        }
        text += n;
        text += *text != '\0';
    }
    return TS_OK;
}

static enum ts_code understand_letter(struct meaning *m, const char *path,
                                      struct ts_err *err)
{
    m->drive = ts_drives_find(path[0]);
    if (!m->drive) {
        char letter = (char)(path[0] & ~0x20);
        return ts_fail(
            err, TS_EINPUT,
            "cannot use %s: there is no drive %c: here (--drive %c=FOLDER gives "
            "one)",
            path, letter, letter);
    }
    return add_parts(m, path + 2, path, err);
}

/* Sequences written on Windows separate with '\', which on posix may be part of a name.
 */
static char *join_relative(const char *base, const char *path)
{
    char *joined = ts_path_join(base, path);

    if (strchr(path, '\\') && !ts_fs_exists(joined)) {
        for (char *p = joined + strlen(joined) - strlen(path); *p; p++) {
            if (*p == '\\') {
                *p = '/';
            }
        }
    }
    return joined;
}

static enum ts_code understand_relative(struct meaning *m, const char *path,
                                        const char *base, struct ts_err *err)
{
    char *cwd = ts_fs_cwd(), *folder = NULL, *shown = NULL;
    enum ts_code rc = TS_OK;

    if (!base) {
        folder = ts_strdup(cwd);
    } else if (ts_path_has_letter(ts_str_of(base)) || base[0] == '/') {
        folder = ts_strdup(base);
    } else {
        folder = join_relative(cwd, base);
    }
    /* A folder of a drive is one however it was named. */
    shown = ts_path_display(folder);
    if (ts_path_has_letter(ts_str_of(shown))) {
        if ((rc = understand_letter(m, shown, err)) == TS_OK) {
            rc = add_parts(m, path, path, err);
        }
    } else {
        m->native = join_relative(folder, path);
    }
    ts_free(shown);
    ts_free(folder);
    ts_free(cwd);
    return rc;
}

static enum ts_code understand(struct meaning *m, const char *path, const char *base,
                               struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    *m = (struct meaning){0};
    if (ts_str_starts(ts_str_of(path), TS_S("\\\\?\\")) &&
        ts_path_has_letter(ts_str_of(path + 4))) {
        path += 4;
    }
    if (path[0] == '\0') {
        rc = ts_fail(err, TS_EINPUT, "a path is empty");
    } else if (ts_path_has_letter(ts_str_of(path))) {
        rc = understand_letter(m, path, err);
    } else if (path[0] == '/') {
        m->native = ts_strdup(path);
    } else if (path[0] == '\\' && path[1] == '\\') {
        rc = ts_fail(err, TS_EINPUT, "cannot use %s: network paths do not exist here",
                     path);
    } else if (path[0] == '\\') {
        rc = ts_fail(err, TS_EINPUT, "cannot use %s: its drive letter is missing", path);
    } else {
        rc = understand_relative(m, path, base, err);
    }
    if (rc != TS_OK) {
        forget(m);
    }
    return rc;
}

/* ---- below a drive -------------------------------------------------------------------
 */

static int open_root(const struct ts_drive *drive, struct ts_err *err)
{
    int fd = px_openat(AT_FDCWD, drive->root, O_PATH | O_DIRECTORY, 0);

    if (fd < 0) {
        ts_fail_os(err, errno, "cannot open drive %c: (%s)", drive->letter, drive->root);
    }
    return fd;
}

/* "C:\Users\Ann" of the first n parts. */
static char *shown_part(const struct meaning *m, size_t n)
{
    struct ts_buf b = {0};

    ts_buf_fmt(&b, "%c:", m->drive->letter);
    for (size_t i = 0; i < n; i++) {
        ts_buf_fmt(&b, "\\%s", m->parts[i]);
    }
    if (n == 0) {
        ts_buf_c(&b, '\\');
    }
    return ts_buf_take(&b);
}

/* Give the error of part number i its place. */
static enum ts_code fail_part(const struct meaning *m, size_t i, int os,
                              struct ts_err *err)
{
    char *shown = shown_part(m, i + 1);
    enum ts_code rc;

    if (os == ELOOP) {
        rc = ts_fail(err, TS_ELINK,
                     "cannot open %s: it is a symbolic link, and links below a "
                     "drive are not followed",
                     shown);
    } else {
        rc = ts_fail_os(err, os, "cannot open the folder %s", shown);
    }
    ts_free(shown);
    return rc;
}

/* Go from *fd into part number i. */
static enum ts_code enter_part(const struct meaning *m, size_t i, bool create, int *fd,
                               struct ts_err *err)
{
    char *real = NULL;
    bool found = false;
    enum ts_code rc = px_name_find(*fd, m->parts[i], &real, &found, err);

    if (rc != TS_OK) {
        char *shown = shown_part(m, i);
        ts_err_context(err, "in %s", shown);
        ts_free(shown);
        return rc;
    }
    if (!found) {
        real = ts_strdup(m->parts[i]);
        if (create) {
            ts_power_point();
        }
        if (!create || (mkdirat(*fd, real, 0755) != 0 && errno != EEXIST)) {
            rc = fail_part(m, i, create ? errno : ENOENT, err);
        }
    }
    if (rc == TS_OK) {
        int next = px_openat(*fd, real, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
        if (next < 0) {
            rc = fail_part(m, i, px_link_errno(*fd, real, errno), err);
        } else {
            close(*fd);
            *fd = next;
        }
    }
    ts_free(real);
    return rc;
}

/* The folder that the first n parts lead to (O_PATH), or -1. */
static int open_parts(const struct meaning *m, size_t n, bool create, enum ts_code *rc,
                      struct ts_err *err)
{
    struct ts_err why = {0};
    int fd = open_root(m->drive, &why);

    *rc = fd < 0 ? why.code : TS_OK;
    for (size_t i = 0; i < n && *rc == TS_OK; i++) {
        *rc = enter_part(m, i, create, &fd, &why);
    }
    if (*rc != TS_OK) {
        if (err) {
            *err = why;
        }
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

static int open_native(const char *path, bool create, enum ts_code *rc,
                       struct ts_err *err)
{
    char *culprit = NULL;
    int fd = px_walk_open(path, create, &culprit);

    *rc = TS_OK;
    if (fd < 0 && errno == ELOOP) {
        *rc =
            ts_fail(err, TS_ELINK,
                    "cannot open the folder %s: %s is a symbolic link that another user "
                    "made, or one of too many",
                    path, culprit);
    } else if (fd < 0) {
        *rc = ts_fail_os(err, errno, "cannot open the folder %s", path);
    }
    ts_free(culprit);
    return fd;
}

/* Make a ts_dir of an O_PATH descriptor, which this closes. */
static enum ts_code finish_open(struct ts_dir **out, int fd, const char *path,
                                struct ts_err *err)
{
    int readable = px_openat(fd, ".", O_RDONLY | O_DIRECTORY, 0);
    int os = errno;

    close(fd);
    if (readable < 0) {
        return ts_fail_os(err, os, "cannot open the folder %s", path);
    }
    *out = px_dir_of(readable);
    return TS_OK;
}

/* ---- the functions of drives.h -------------------------------------------------------
 */

/* Parts as they are really spelled, as far as they exist. */
static enum ts_code native_of_parts(const struct meaning *m, struct ts_buf *out,
                                    struct ts_err *err)
{
    int fd = open_root(m->drive, NULL);
    enum ts_code rc = TS_OK;

    ts_buf_z(out, strcmp(m->drive->root, "/") == 0 ? "" : m->drive->root);
    for (size_t i = 0; i < m->n && rc == TS_OK; i++) {
        char *real = NULL;
        bool found = false;
        if (fd >= 0) {
            struct ts_err why;
            rc = px_name_find(fd, m->parts[i], &real, &found, &why);
            if (rc == TS_EINPUT && err) {
                *err = why;
            } else if (rc != TS_EINPUT) {
                rc = TS_OK; /* cannot be looked at: taken as written */
            }
            int next =
                found ? px_openat(fd, real, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0) : -1;
            close(fd);
            fd = next;
        }
        ts_buf_fmt(out, "/%s", found ? real : m->parts[i]);
        ts_free(real);
    }
    if (out->n == 0) {
        ts_buf_c(out, '/');
    }
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

enum ts_code ts_path_native(char **out, const char *path, const char *base,
                            struct ts_err *err)
{
    struct ts_buf text = {0};
    struct meaning m;
    enum ts_code rc = understand(&m, path, base, err);

    *out = NULL;
    if (rc != TS_OK) {
        return rc;
    }
    if (m.native) {
        *out = ts_strdup(m.native);
    } else if ((rc = native_of_parts(&m, &text, err)) == TS_OK) {
        *out = ts_buf_take(&text);
    }
    ts_buf_free(&text);
    forget(&m);
    return rc;
}

enum ts_code ts_path_open_dir(struct ts_dir **out, const char *path, bool create,
                              struct ts_err *err)
{
    struct meaning m;
    enum ts_code rc = understand(&m, path, NULL, err);

    *out = NULL;
    if (rc != TS_OK) {
        return rc;
    }
    int fd = m.drive ? open_parts(&m, m.n, create, &rc, err)
                     : open_native(m.native, create, &rc, err);
    if (rc == TS_OK) {
        rc = finish_open(out, fd, path, err);
    }
    forget(&m);
    return rc;
}

/* The last name of a native path is cut off it and given to the caller. */
static char *cut_last(char *native)
{
    size_t n = strlen(native);

    while (n > 1 && native[n - 1] == '/') {
        native[--n] = '\0';
    }
    char *slash = strrchr(native, '/');
    if (!px_name_ok(slash + 1)) {
        return NULL;
    }
    char *name = ts_strdup(slash + 1);
    slash[slash == native ? 1 : 0] = '\0';
    return name;
}

enum ts_code ts_path_open_parent(struct ts_dir **out, char **name, const char *path,
                                 bool create, struct ts_err *err)
{
    struct meaning m;
    enum ts_code rc = understand(&m, path, NULL, err);
    bool found = false;
    int fd = -1;

    *out = NULL;
    *name = NULL;
    if (rc != TS_OK) {
        return rc;
    }
    if (m.drive ? m.n == 0 : !(*name = cut_last(m.native))) {
        rc = ts_fail(err, TS_EINPUT, "the path %s names no file or folder below another",
                     path);
    } else if (m.native) {
        fd = open_native(m.native, create, &rc, err);
    } else if ((fd = open_parts(&m, m.n - 1, create, &rc, err)) >= 0) {
        rc = px_name_find(fd, m.parts[m.n - 1], name, &found, err);
        if (rc == TS_OK && !found) {
            *name = ts_strdup(m.parts[m.n - 1]);
        }
        if (rc != TS_OK) {
            close(fd);
        }
    }
    if (rc == TS_OK) {
        rc = finish_open(out, fd, path, err);
    }
    if (rc != TS_OK) {
        ts_free(*name);
        *name = NULL;
    }
    forget(&m);
    return rc;
}
