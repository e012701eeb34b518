/* host_wim.c - WIM images, through the program wimlib-imagex.
 *
 * It extracts into a folder of its own on the target's volume, from where everything is
 * renamed into place: so what is protected stays, and names are found without regard to
 * case, as with every other image. */
#include "steps/image.h"

#include "platform/clock.h"
#include "platform/drives.h"

#include <stdio.h>
#include <string.h>

#define WIMLIB "wimlib-imagex"
#define STAGING ".taskseq-apply-"

enum { NO_SUCH_IMAGE = 18 }; /* its exit code */

/* ---- its output ----------------------------------------------------------------------
 */

struct wim_output {
    struct ts_step_call *call;
    bool quiet;           /* nothing into the log */
    struct ts_buf line;   /* what has no end yet */
    char last_error[512]; /* the last line that says "ERROR" */
};

/* "Extracting file data: 12 MiB of 48 MiB (25%) done" */
static bool read_percent(ts_str line, int *percent)
{
    for (size_t i = line.n; i-- > 0;) {
        if (line.p[i] != '(') {
            continue;
        }
        ts_str rest = {line.p + i + 1, line.n - i - 1}, number;
        int64_t value;
        if (memchr(rest.p, '%', rest.n) && ts_str_cut(&rest, '%', &number) &&
            ts_str_int(number, &value) && value >= 0 && value <= 100 &&
            ts_str_starts(rest, TS_S(") done"))) {
            *percent = (int)value;
            return true;
        }
    }
    return false;
}

static void wim_line(struct wim_output *o, enum ts_stream stream)
{
    ts_str line = ts_str_trim(ts_buf_view(&o->line)), rest = line, before;
    int percent;

    if (read_percent(line, &percent)) {
        /* The last part of the work is ours. */
        ts_str_cut(&rest, ':', &before);
        char *text = ts_str_dup(before);
        ts_host_progress(o->call, percent * 95 / 100, text);
        ts_free(text);
    } else if (line.n && !o->quiet) {
        ts_host_output(o->call, stream, line);
        ts_host_output(o->call, stream, TS_S("\n"));
    }
    if (ts_str_starts(line, TS_S("ERROR: ")) && !strstr(line.p, "Exiting with")) {
        snprintf(o->last_error, sizeof o->last_error, "%.*s",
                 (int)(line.n - 7 < 400 ? line.n - 7 : 400), line.p + 7);
    }
    ts_buf_clear(&o->line);
}

static void on_output(void *ctx, enum ts_stream stream, ts_str bytes)
{
    struct wim_output *o = ctx;

    for (size_t i = 0; i < bytes.n; i++) {
        if (bytes.p[i] == '\n' || bytes.p[i] == '\r' || o->line.n >= 4096) {
            wim_line(o, stream);
        }
        if (bytes.p[i] != '\n' && bytes.p[i] != '\r') {
            ts_buf_c(&o->line, bytes.p[i]);
        }
    }
}

/* ---- running it ----------------------------------------------------------------------
 */

static enum ts_code run_wimlib(struct wim_output *o, const char *const *argv,
                               struct ts_proc_result *result, struct ts_err *err)
{
    struct ts_proc_spec spec = {.argv = argv};
    char *program = NULL;
    enum ts_code rc = ts_proc_find(&program, WIMLIB, NULL, NULL, NULL);

    if (rc != TS_OK) {
        return ts_fail(err, TS_ENOTFOUND,
                       "WIM images need the program " WIMLIB
                       " (package wimtools), which is not in PATH");
    }
    spec.program = program;
    rc = ts_host_wait_program(o->call, &spec, on_output, o, result, err);
    if (o->line.n) {
        wim_line(o, TS_STDOUT);
    }
    ts_buf_free(&o->line);
    ts_free(program);
    return rc;
}

static enum ts_code fail_wimlib(const struct wim_output *o, long long code,
                                struct ts_err *err)
{
    return ts_fail(err, TS_EIO, WIMLIB " ended with exit code %lld%s%s", code,
                   o->last_error[0] ? ": " : "", o->last_error);
}

static int image_index(const struct ts_image_spec *s)
{
    return s->index > 0 ? s->index : 1;
}

enum ts_code ts_image_check_wim(struct ts_step_call *c, const struct ts_image_spec *s,
                                struct ts_err *err)
{
    struct wim_output o = {.call = c, .quiet = true};
    struct ts_proc_result result;
    char *file = NULL, index[16];
    enum ts_code rc = ts_path_native(&file, s->source, NULL, err);

    snprintf(index, sizeof index, "%d", image_index(s));
    if (rc == TS_OK) {
        const char *argv[] = {WIMLIB, "info", file, index, NULL};
        rc = run_wimlib(&o, argv, &result, err);
    }
    if (rc == TS_OK && result.code == NO_SUCH_IMAGE) {
        rc = ts_fail(err, TS_EINPUT, "it has no image %s", index);
    } else if (rc == TS_OK && result.code != 0) {
        rc = fail_wimlib(&o, result.code, err);
    }
    ts_free(file);
    return rc;
}

/* ---- the folder it extracts into -----------------------------------------------------
 */

/* What an attempt that was cut has left. */
static enum ts_code remove_stale(struct ts_target *to, struct ts_err *err)
{
    struct ts_dir *root = to->levels[0].dir;
    struct ts_names names;
    struct ts_stat st;
    enum ts_code rc = ts_names_like(root, STAGING "*", &names, err);

    for (size_t i = 0; i < names.n && rc == TS_OK; i++) {
        if ((rc = ts_stat_at(root, names.v[i], &st, err)) == TS_OK &&
            st.type == TS_F_DIR) {
            rc = ts_tree_remove(root, names.v[i], NULL, NULL, NULL, err);
        }
    }
    ts_names_free(&names);
    return rc;
}

static enum ts_code extract(struct ts_target *to, const struct ts_image_spec *s,
                            const char *folder, struct ts_err *err)
{
    struct wim_output o = {.call = to->call};
    struct ts_proc_result result;
    char *file = NULL, index[16];
    enum ts_code rc = ts_path_native(&file, s->source, NULL, err);

    snprintf(index, sizeof index, "%d", image_index(s));
    if (rc == TS_OK) {
        /* norpfix: links with absolute targets must not lead into the staging folder */
        const char *argv[] = {WIMLIB, "apply", file, index, folder, "--norpfix", NULL};
        rc = run_wimlib(&o, argv, &result, err);
    }
    if (rc == TS_OK && result.code != 0) {
        rc = fail_wimlib(&o, result.code, err);
    }
    ts_free(file);
    return rc;
}

enum ts_code ts_image_apply_wim(struct ts_target *to, const struct ts_image_spec *s,
                                struct ts_err *err)
{
    struct ts_dir *root = to->levels[0].dir, *from = NULL;
    char id[33], *name = NULL, *folder = NULL;
    struct ts_err why = {0};
    enum ts_code rc = remove_stale(to, err);

    if (rc != TS_OK) {
        return rc;
    }
    ts_random_id(id);
    name = ts_format(STAGING "%.8s", id);
    folder = ts_path_join(to->native, name);
    if ((rc = ts_mkdir_at(root, name, 0700, err)) != TS_OK) {
        goto done;
    }
    to->percent = 95;
    if ((rc = extract(to, s, folder, err)) == TS_OK &&
        (rc = ts_dir_open_at(&from, root, name, err)) == TS_OK) {
        rc = ts_image_put_tree(to, from, true, err);
    }
    ts_dir_close(from);
    if (ts_tree_remove(root, name, NULL, NULL, NULL, &why) != TS_OK) {
        ts_host_log(to->call, TS_LOG_WARNING, "%s is left behind: %s", folder, why.text);
    }
done:
    ts_free(folder);
    ts_free(name);
    return rc;
}
