/* ask.c - the answers to facts in conditions. */
#include "facts/facts_internal.h"

#include "base/mem.h"
#include "platform/drives.h"
#include "platform/clock.h"
#include "platform/sysinfo.h"

#include <stdio.h>
#include <string.h>

struct question {
    const struct ts_expr *x;
    const char *name, *value, *part;
    struct ts_buf *why; /* may be NULL */
    struct ts_err *err;
};

static void saw(const struct question *q, const char *what)
{
    if (q->why) {
        ts_buf_z(q->why, what);
    }
}

static bool by_order(int order, enum ts_op op)
{
    /* -1, 0 and 1 against 0, by the rules that conditions have for numbers */
    ts_str left = order < 0 ? TS_S("-1") : order > 0 ? TS_S("1") : TS_S("0");
    return ts_compare(left, false, op, TS_S("0"), false);
}

/* ---- files and folders
 * ------------------------------------------------------------------ */

static bool is_root(const char *path)
{
    ts_str s = ts_str_of(path);
    size_t from = ts_path_has_letter(s) ? 2 : 0;
    return s.n > 0 && strspn(path + from, from ? "\\/" : "/") == s.n - from;
}

static enum ts_code stat_root(const char *path, struct ts_stat *st, struct ts_err *err)
{
    struct ts_dir *dir = NULL;
    enum ts_code rc = ts_path_open_dir(&dir, path, false, err);
    if (rc == TS_OK) {
        rc = ts_dir_stat(dir, st, err);
    }
    ts_dir_close(dir);
    return rc;
}

static enum ts_code stat_path(const char *path, struct ts_stat *st, struct ts_err *err)
{
    struct ts_dir *dir = NULL;
    char *name = NULL;
    enum ts_code rc;
    if (is_root(path)) {
        return stat_root(path, st, err);
    }
    rc = ts_path_open_parent(&dir, &name, path, false, err);
    if (rc == TS_OK) {
        rc = ts_stat_at(dir, name, st, err);
    }
    ts_dir_close(dir);
    ts_free(name);
    return rc;
}

/* A path that this machine has no place for: with drives it is merely not there, without
 * any the question cannot be asked. */
static enum ts_code no_such_place(const struct question *q, struct ts_err *why)
{
    size_t n = 0;
    bool letter = ts_path_has_letter(ts_str_of(q->name));
    (void)ts_drives_list(&n);
    if (letter && n > 0 && !ts_drives_find(q->name[0])) {
        return TS_ENOTFOUND;
    }
    bool network = q->name[0] == '\\' && q->name[1] == '\\';
    if ((letter && n == 0) || network) {
        return ts_fail(q->err, TS_EUNSUPPORTED, "%s", why->text);
    }
    if (q->err) {
        *q->err = *why;
    }
    return TS_EINPUT;
}

/* TS_ENOTFOUND: it is not there, and *q->why says so. */
static enum ts_code find(const struct question *q, struct ts_stat *st)
{
    struct ts_err why = {0};
    enum ts_code rc = stat_path(q->name, st, &why);
    if (rc == TS_EINPUT) {
        rc = no_such_place(q, &why);
        if (rc == TS_ENOTFOUND && q->why) {
            ts_buf_fmt(q->why, "there is no drive %.2s", q->name);
        }
        return rc;
    }
    if (rc == TS_ENOTFOUND) {
        saw(q, "it does not exist");
    } else if (rc == TS_ELINK) {
        saw(q, "a link stands in its path");
        rc = TS_ENOTFOUND;
    } else if (rc != TS_OK && q->err) {
        *q->err = why;
    }
    return rc;
}

static enum ts_code ask_version(const struct question *q, bool *result)
{
    char version[32];
    struct ts_err why = {0};
    enum ts_code rc = ts_pe_version(q->name, version, &why);
    if (rc == TS_ENOTFOUND || rc == TS_EINPUT) {
        saw(q, "it has no version");
        return TS_OK;
    }
    if (rc != TS_OK) {
        if (q->err) {
            *q->err = why;
        }
        return rc;
    }
    ts_str have = ts_str_of(version), want = ts_str_of(q->value);
    bool pattern = q->x->op == TS_OP_LIKE || q->x->op == TS_OP_NOTLIKE;
    *result = pattern ? ts_compare(have, false, q->x->op, want, false)
                      : by_order(ts_version_compare(have, want), q->x->op);
    if (q->why) {
        ts_buf_fmt(q->why, "its version is %s", version);
    }
    return TS_OK;
}

static enum ts_code ask_modified(const struct question *q, int64_t mtime_ns, bool *result)
{
    int64_t want, unit;
    if (!ts_moment_parse(ts_str_of(q->value), &want, &unit)) {
        return ts_fail(q->err, TS_EINPUT,
                       "`%.60s` is not a time: write 2024-01-31T12:00:00Z or "
                       "20240131120000.000000+000",
                       q->value ? q->value : "");
    }
    /* as exact as it was asked, rounded down also before 1970 */
    int64_t have = mtime_ns - (mtime_ns % unit + unit) % unit;
    *result = by_order((have > want) - (have < want), q->x->op);
    if (q->why) {
        char text[32];
        ts_time_rfc3339(text, mtime_ns / 1000000);
        ts_buf_fmt(q->why, "it was modified %s", text);
    }
    return TS_OK;
}

static enum ts_code ask_path(const struct question *q, bool *result)
{
    enum ts_ftype wanted = q->x->kind == TS_X_FILE ? TS_F_FILE : TS_F_DIR;
    struct ts_stat st;
    enum ts_code rc = find(q, &st);
    if (rc != TS_OK) {
        return rc == TS_ENOTFOUND ? TS_OK : rc;
    }
    if (st.type != wanted) {
        saw(q, st.type == TS_F_FILE   ? "it is a file"
               : st.type == TS_F_DIR  ? "it is a folder"
               : st.type == TS_F_LINK ? "it is a link, and links are not followed"
                                      : "it is neither a file nor a folder");
        return TS_OK;
    }
    if (q->part && strcmp(q->part, "version") == 0) {
        return ask_version(q, result);
    }
    if (q->part) {
        return ask_modified(q, st.mtime_ns, result);
    }
    *result = true;
    saw(q, "it exists");
    return TS_OK;
}

/* ---- the system
 * ------------------------------------------------------------------------- */

static const char *architecture(ts_str name)
{
    static const struct {
        const char *name, *common;
    } names[] = {
        {"x64", "x64"},     {"amd64", "x64"},     {"x86_64", "x64"}, {"x86", "x86"},
        {"i386", "x86"},    {"i486", "x86"},      {"i586", "x86"},   {"i686", "x86"},
        {"arm64", "arm64"}, {"aarch64", "arm64"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (ts_str_caseeq(name, ts_str_of(names[i].name))) {
            return names[i].common;
        }
    }
    return NULL;
}

static enum ts_code ask_os(const struct question *q, bool *result)
{
    char release[64];
    ts_os_version(release);
    /* "6.1.0-13-amd64": the numbers end before the first other sign */
    release[strspn(release, "0123456789.")] = '\0';
    const char *running = architecture(ts_str_of(ts_platform_arch()));
    const char *wanted = running;
    if (q->part) {
        wanted = architecture(ts_str_trim(ts_str_of(q->part)));
        if (!wanted) {
            return ts_fail(q->err, TS_EINPUT,
                           "`%.60s` is no architecture: there are x64, x86 and arm64",
                           q->part);
        }
    }
    *result =
        by_order(ts_version_compare(ts_str_of(release), ts_str_of(q->value)), q->x->op) &&
        (!q->part || (running && strcmp(wanted, running) == 0));
    if (q->why) {
        ts_buf_fmt(q->why, "this system is %s, %s", release,
                   running ? running : ts_platform_arch());
    }
    return TS_OK;
}

/* ---- WMI
 * ------------------------------------------------------------------------- */

static enum ts_code ask_wmi(struct ts_facts *f, const struct question *q, bool *result)
{
    struct ts_wql_answer answer;

    if (!f) {
        return ts_fail(q->err, TS_EUNSUPPORTED,
                       "there is no WMI to ask on this platform");
    }
    enum ts_code rc = ts_wql_query(f, ts_str_of(q->name), q->part, NULL, &answer, q->err);
    if (rc != TS_OK) {
        return rc;
    }
    *result = answer.count > 0;
    if (answer.unknown[0]) {
        saw(q, answer.unknown);
    } else if (q->why) {
        ts_buf_fmt(q->why, "it finds %zu object%s", answer.count,
                   answer.count == 1 ? "" : "s");
    }
    return TS_OK;
}

enum ts_code ts_facts_ask(void *ctx, const struct ts_expr *x, const char *name,
                          const char *value, const char *part, bool *result,
                          struct ts_buf *why, struct ts_err *err)
{
    struct question q = {
        .x = x, .name = name, .value = value, .part = part, .why = why, .err = err};
    *result = false;
    switch (x->kind) {
    case TS_X_FILE:
    case TS_X_FOLDER:
        return ask_path(&q, result);
    case TS_X_OS:
        return ask_os(&q, result);
    case TS_X_REGISTRY:
        return ts_fail(err, TS_EUNSUPPORTED,
                       "there is no registry to ask on this platform");
    case TS_X_WMI:
        return ask_wmi(ctx, &q, result);
    case TS_X_SOFTWARE:
        return ts_fail(err, TS_EUNSUPPORTED,
                       "there is no Windows Installer to ask on this platform");
    default:
        return ts_fail(err, TS_EINPUT, "this is no fact of the machine");
    }
}
