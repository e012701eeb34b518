/* boot_unit.c - the unit of systemd that goes on with a run.
 *
 * systemd reads it at the next start.  It is not told to read its units again now: this
 * very program may run as that unit, and a unit whose file has gone would lose its
 * settings. */
#include "platform/posix/boot.h"

#include "base/mem.h"
#include "platform/fs.h"
#include "platform/posix/posix.h"
#include "platform/power.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define UNIT "taskseq-resume.service"

/* `text` as a part of a unit file: in double quotes, with nothing left that systemd would
 * take for a specifier, a variable or an escape. */
static void add_quoted(struct ts_buf *out, const char *text, bool command)
{
    ts_buf_add(out, "\"", 1);
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\') {
            ts_buf_fmt(out, "\\%c", c);
        } else if (c == '%' || (c == '$' && command)) {
            ts_buf_fmt(out, "%c%c", c, c);
        } else if (c < ' ' || c == 127) {
            ts_buf_fmt(out, "\\x%02x", c);
        } else {
            ts_buf_add(out, p, 1);
        }
    }
    ts_buf_add(out, "\"", 1);
}

/* A whole line's value, which systemd takes as it is but for specifiers. */
static void add_path(struct ts_buf *out, const char *path)
{
    for (const char *p = path; *p; p++) {
        ts_buf_add(out, *p == '%' ? "%%" : p, *p == '%' ? 2 : 1);
    }
}

static enum ts_code sayable(const char *what, const char *path, const char *never,
                            struct ts_err *err)
{
    for (const char *p = path; *p; p++) {
        if ((unsigned char)*p < ' ' || strchr(never, *p)) {
            return ts_fail(err, TS_EUNSUPPORTED,
                           "%s %s cannot stand in a unit of systemd: its path has a "
                           "character that has a meaning there",
                           what, path);
        }
    }
    return TS_OK;
}

/* A stop by systemd - somebody restarts the machine - is a power cut for the run, not a
 * cancel: it is killed and goes on at the next start.  What the run leaves behind, such
 * as SMSTSPostAction, lives on. */
static void unit_text(struct ts_buf *out, const struct ts_boot *b)
{
    ts_buf_fmt(out, "# Made by taskseq for a run that is under way; removed at its end.\n"
                    "[Unit]\n"
                    "Description=Go on with a task sequence\n"
                    "ConditionPathExists=");
    add_path(out, b->state_dir);
    ts_buf_fmt(out, "/state.db\n"
                    "RequiresMountsFor=");
    add_quoted(out, b->state_dir, false);
    ts_buf_fmt(out, "\n"
                    "After=local-fs.target remote-fs.target network-online.target\n"
                    "Wants=network-online.target\n"
                    "\n"
                    "[Service]\n"
                    "Type=simple\n"
                    "KillMode=process\n"
                    "KillSignal=SIGKILL\n"
                    "SuccessExitStatus=10\n"
                    "ExecStart=");
    for (size_t i = 0; b->argv[i]; i++) {
        if (i) {
            ts_buf_add(out, " ", 1);
        }
        add_quoted(out, b->argv[i], true);
    }
    ts_buf_fmt(out, "\n"
                    "\n"
                    "[Install]\n"
                    "WantedBy=multi-user.target\n");
}

static char *below_root(const struct ts_boot *b, const char *path)
{
    return ts_path_join(b->root && b->root[0] ? b->root : "/", path);
}

/* `systemctl enable` makes this link, but not durably. */
static enum ts_code enable(const char *wants, struct ts_err *err)
{
    char *link = ts_path_join(wants, UNIT);
    enum ts_code rc = ts_fs_mkdirs(wants, 0755, err);

    ts_power_point();
    if (rc == TS_OK && symlink("../" UNIT, link) != 0 && errno != EEXIST) {
        rc = ts_fail_os(err, errno, "cannot make %s", link);
    }
    int os = rc == TS_OK ? px_sync_parent(link) : 0;
    os = os || rc != TS_OK ? os : px_sync_parent(wants);
    if (os != 0) {
        rc = ts_fail_os(err, os, "cannot make %s durable", link);
    }
    ts_free(link);
    return rc;
}

/* The unit's own text, which the same run has written before. */
static bool is_there(const char *unit, const char *link, const struct ts_buf *text)
{
    struct ts_buf old = {0};
    char target[sizeof "../" UNIT];
    ssize_t n = readlink(link, target, sizeof target);
    bool same = n == (ssize_t)sizeof "../" UNIT - 1 &&
                ts_file_read(unit, 1 << 20, &old, NULL) == TS_OK && old.n == text->n &&
                memcmp(old.p, text->p, text->n) == 0;

    ts_buf_free(&old);
    return same;
}

enum ts_code px_unit_install(const struct ts_boot *b, struct ts_err *err)
{
    char *unit = below_root(b, "etc/systemd/system/" UNIT);
    char *wants = below_root(b, "etc/systemd/system/multi-user.target.wants");
    char *link = ts_path_join(wants, UNIT);
    struct ts_buf text = {0};
    enum ts_code rc = sayable("the program", b->argv[0], "$", err);

    if (rc == TS_OK) {
        rc = sayable("the state folder", b->state_dir, "", err);
    }
    if (rc == TS_OK) {
        unit_text(&text, b);
    }
    if (rc == TS_OK && !is_there(unit, link, &text)) {
        rc = ts_file_replace(unit, ts_buf_text(&text), text.n, 0644, err);
        rc = rc == TS_OK ? enable(wants, err) : rc;
    }
    ts_buf_free(&text);
    ts_free(link);
    ts_free(wants);
    ts_free(unit);
    return rc == TS_OK
               ? TS_OK
               : ts_err_context(err, "the machine cannot be told to go on with the run");
}

/* Does the unit go on with the run of another state folder? */
static bool is_another_s(const char *unit, const struct ts_boot *b)
{
    struct ts_buf old = {0}, line = {0};
    bool read = ts_file_read(unit, 1 << 20, &old, NULL) == TS_OK;

    ts_buf_z(&line, "\nConditionPathExists=");
    add_path(&line, b->state_dir);
    ts_buf_z(&line, "/state.db\n");
    bool another = read && !strstr(ts_buf_text(&old), ts_buf_text(&line));
    ts_buf_free(&line);
    ts_buf_free(&old);
    return another;
}

enum ts_code px_unit_remove(const struct ts_boot *b, struct ts_err *err)
{
    char *unit = below_root(b, "etc/systemd/system/" UNIT);
    char *link = below_root(b, "etc/systemd/system/multi-user.target.wants/" UNIT);
    const char *const both[] = {link, unit};
    int count = is_another_s(unit, b) ? 0 : 2, os = 0;

    for (int i = 0; i < count && os == 0; i++) {
        ts_power_point();
        if (unlink(both[i]) == 0) {
            os = px_sync_parent(both[i]);
        } else if (errno != ENOENT && errno != ENOTDIR) {
            os = errno;
        }
    }
    enum ts_code rc = os == 0 ? TS_OK
                              : ts_fail_os(err, os,
                                           "cannot take away %s, which would go "
                                           "on with the run that has ended",
                                           unit);
    ts_free(link);
    ts_free(unit);
    return rc;
}
