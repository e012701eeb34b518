/* host.c - what every step asks for: the log, progress, the time limit, protected paths.
 */
#include "steps/host_internal.h"

#include "platform/clock.h"
#include "platform/drives.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PROGRESS_PAUSE_MS = 200 };

/* ---- protected paths -----------------------------------------------------------------
 */

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

/* The next part of a path, without "." and empty ones. */
static bool next_part(const char **path, ts_str *part)
{
    const char *p = *path;

    for (;;) {
        while (is_separator(*p)) {
            p++;
        }
        *part = (ts_str){p, 0};
        while (*p && !is_separator(*p)) {
            p++;
        }
        part->n = (size_t)(p - part->p);
        *path = p;
        if (part->n == 0) {
            return false;
        }
        if (part->n != 1 || part->p[0] != '.') {
            return true;
        }
    }
}

/* Is `path` equal to `top` or below it?  The drives of Windows do not know case, and to
 * keep too much does less harm than to keep too little. */
static bool is_within(const char *path, const char *top)
{
    ts_str a, b;

    while (next_part(&top, &b)) {
        if (!next_part(&path, &a) || !ts_str_caseeq(a, b)) {
            return false;
        }
    }
    return true;
}

static void add_protected(struct ts_host *h, const char *path)
{
    for (size_t i = 0; i < h->protected_count; i++) {
        if (strcmp(h->protected_paths[i], path) == 0) {
            return;
        }
    }
    h->protected_paths = ts_realloc_array(h->protected_paths, h->protected_count + 1,
                                          sizeof *h->protected_paths);
    h->protected_paths[h->protected_count++] = ts_strdup(path);
}

void ts_host_protect(struct ts_host *h, const char *native_path)
{
    char *real = NULL;

    add_protected(h, native_path);
    if (ts_fs_real(native_path, &real, NULL) == TS_OK) {
        add_protected(h, real); /* a link on the way must not hide it */
    }
    ts_free(real);
}

bool ts_host_is_protected(const struct ts_host *h, const char *native_path)
{
    for (size_t i = 0; i < h->protected_count; i++) {
        if (is_within(native_path, h->protected_paths[i])) {
            return true;
        }
    }
    return false;
}

/* Is it one of the files that the record of the run consists of? */
static bool is_record(const char *path, const char *state)
{
    static const char *const begin[] = {"state.db", "secrets.", "lock", "steps",
                                        "pending"};
    ts_str part;

    while (next_part(&state, &part)) {
        (void)next_part(&path, &part);
    }
    if (!next_part(&path, &part)) {
        return false;
    }
    for (size_t i = 0; i < sizeof begin / sizeof begin[0]; i++) {
        if (ts_str_starts(part, ts_str_of(begin[i]))) {
            return true;
        }
    }
    return false;
}

/* The state folder is for data of the run too (_SMSTSMDataPath). */
static bool may_put(const struct ts_host *h, const char *path)
{
    for (size_t i = 0; i < h->protected_count; i++) {
        const char *top = h->protected_paths[i];
        bool state =
            h->state_dir && is_within(h->state_dir, top) && is_within(top, h->state_dir);

        if (is_within(path, top) && !(state && !is_record(path, top))) {
            return false;
        }
    }
    return true;
}

enum ts_code ts_host_may_put(struct ts_step_call *c, const char *native_path,
                             struct ts_err *err)
{
    char *real = NULL, *shown;
    bool may = may_put(c->host, native_path);

    if (may && ts_fs_real(native_path, &real, NULL) == TS_OK) {
        may = may_put(c->host, real);
    }
    ts_free(real);
    if (may) {
        return TS_OK;
    }
    shown = ts_path_display(native_path);
    ts_fail(err, TS_EREFUSED,
            "%s lies in a protected folder, which the running sequence needs as it is",
            shown);
    ts_free(shown);
    return TS_EREFUSED;
}

bool ts_host_holds_protected(const struct ts_host *h, const char *native_path)
{
    for (size_t i = 0; i < h->protected_count; i++) {
        if (is_within(h->protected_paths[i], native_path)) {
            return true;
        }
    }
    return false;
}

void ts_host_fini(struct ts_host *h)
{
    for (size_t i = 0; i < h->protected_count; i++) {
        ts_free(h->protected_paths[i]);
    }
    ts_free(h->protected_paths);
    h->protected_paths = NULL;
    h->protected_count = 0;
}

/* ---- stopping, logging, progress -----------------------------------------------------
 */

enum ts_code ts_host_check(struct ts_step_call *c, struct ts_err *err)
{
    if (ts_cancelled()) {
        return ts_fail(err, TS_ECANCELLED, "cancelled by the user");
    }
    if (c->deadline_ns && ts_mono_ns() >= c->deadline_ns) {
        struct ts_buf limit = {0};
        if (c->node && c->node->timeout_ms > 0) {
            ts_buf_z(&limit, " of ");
            ts_duration_print(&limit, c->node->timeout_ms);
        }
        ts_fail(err, TS_ETIMEOUT, "the step's time limit%s was reached",
                ts_buf_text(&limit));
        ts_buf_free(&limit);
        return TS_ETIMEOUT;
    }
    return TS_OK;
}

void ts_host_log(struct ts_step_call *c, enum ts_level level, const char *fmt, ...)
{
    char text[4096];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0) {
        return;
    }
    ts_str all = {text, (size_t)n};
    char *more = NULL;
    if ((size_t)n >= sizeof text) {
        more = ts_alloc((size_t)n + 1);
        va_start(ap, fmt);
        vsnprintf(more, (size_t)n + 1, fmt, ap);
        va_end(ap);
        all.p = more;
    }
    ts_log_text(c->host->log, level, c->type ? c->type->name : NULL, all);
    ts_free(more);
}

void ts_event_add_step(struct ts_step_call *c)
{
    struct ts_events *ev = c->host->events;
    const char *pointer =
        c->host->vars ? ts_vars_get(c->host->vars, TS_POINTER_VARIABLE) : NULL;
    int64_t index;

    if (c->node) {
        ts_event_add(ev, "step", c->node->id);
        ts_event_add(ev, "name", c->node->name);
    }
    if (pointer && ts_str_int(ts_str_of(pointer), &index)) {
        ts_event_add_int(ev, "index", index);
    }
}

void ts_host_progress(struct ts_step_call *c, int percent, const char *text)
{
    int64_t now = ts_mono_ns();
    struct ts_events *ev = c->host->events;

    if (!ev || !ts_events_active(ev) ||
        (percent != 100 && c->lines.progress_ns &&
         now - c->lines.progress_ns < PROGRESS_PAUSE_MS * 1000000LL)) {
        return;
    }
    c->lines.progress_ns = now;
    ts_event_begin(ev, "step.progress");
    ts_event_add_step(c);
    if (percent >= 0) {
        ts_event_add_int(ev, "percent", percent > 100 ? 100 : percent);
    }
    ts_event_add(ev, "text", text ? text : "");
    ts_event_end(ev);
}

/* ---- the migration engine's callbacks ------------------------------------------------
 */

static void mig_progress(void *ctx, int percent, const char *text)
{
    ts_host_progress(ctx, percent, text);
}

static void mig_note(void *ctx, int level, const char *text)
{
    ts_host_log(ctx, (enum ts_level)level, "%s", text);
}

static bool mig_cancelled(void *ctx)
{
    return ts_host_check(ctx, NULL) != TS_OK;
}

struct ts_mig_env ts_host_mig_env(struct ts_step_call *c)
{
    return (struct ts_mig_env){c, mig_progress, mig_note, mig_cancelled};
}

/* ---- packages ------------------------------------------------------------------------
 */

static enum ts_code fail_package(const struct ts_sequence *seq, const char *name,
                                 struct ts_err *err)
{
    struct ts_buf list = {0};

    for (size_t i = 0; seq && i < seq->package_count; i++) {
        ts_buf_fmt(&list, "%s%s", i ? ", " : "", seq->packages[i].name);
    }
    ts_fail(err, TS_ENOTFOUND, "the sequence has no package \"%s\"; %s%s", name,
            list.n ? "its packages are " : "it declares none", ts_buf_text(&list));
    ts_buf_free(&list);
    return TS_ENOTFOUND;
}

enum ts_code ts_host_package(struct ts_step_call *c, const char *name, char **out,
                             struct ts_err *err)
{
    const struct ts_sequence *seq = c->host->seq;
    const struct ts_package *found = NULL;
    struct ts_buf source = {0};
    struct ts_dir *dir = NULL;
    char *native = NULL;
    enum ts_code rc;

    *out = NULL;
    for (size_t i = 0; seq && i < seq->package_count && !found; i++) {
        found = ts_caseeq(seq->packages[i].name, name) ? &seq->packages[i] : NULL;
    }
    if (!found) {
        return fail_package(seq, name, err);
    }
    ts_vars_expand(c->host->vars, &source, ts_str_of(found->source), NULL);
    if ((rc = ts_path_native(&native, ts_buf_text(&source), seq->folder, err)) != TS_OK ||
        (rc = ts_path_open_dir(&dir, native, false, err)) != TS_OK) {
        char *native_shown = native ? ts_path_display(native) : NULL;
        rc = ts_fail(err, rc, "the folder %s of package \"%s\" cannot be used: %s",
                     native_shown ? native_shown : ts_buf_text(&source), found->name,
                     err ? err->text : "");
        ts_free(native_shown);
        goto done;
    }
    *out = native;
    native = NULL;
done:
    ts_dir_close(dir);
    ts_free(native);
    ts_buf_free(&source);
    return rc;
}
