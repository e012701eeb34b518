#include "platform/posix/boot.h"

#include "base/mem.h"
#include "platform/fs.h"
#include "platform/posix/posix.h"
#include "platform/power.h"
#include "platform/proc.h"

#include <errno.h>
#include <poll.h>
#include <sys/reboot.h>
#include <unistd.h>

/* ---- what all ways use ---------------------------------------------------------------
 */

const char *px_boot_setting(const struct ts_boot *b, const char *name)
{
    const char *value = b->setting ? b->setting(b->ctx, name) : NULL;

    return value && value[0] ? value : NULL;
}

static void keep_tail(void *ctx, enum ts_stream stream, ts_str bytes)
{
    struct ts_buf *said = ctx;

    (void)stream;
    if (said->n + bytes.n < 64 << 10) {
        ts_buf_add(said, bytes.p, bytes.n);
    }
}

static ts_str last_line(const struct ts_buf *said)
{
    ts_str rest = ts_buf_view(said), line, last = {"", 0};

    while (ts_str_cut(&rest, '\n', &line)) {
        line = ts_str_trim(line);
        last = line.n ? line : last;
    }
    return last;
}

enum ts_code px_boot_call(const char *const *argv, struct ts_err *err)
{
    struct ts_buf said = {0};
    struct ts_proc_spec spec = {
        .argv = argv, .timeout_ms = 120000, .output = keep_tail, .ctx = &said};
    struct ts_proc_result result = {0};

    ts_power_point();
    enum ts_code rc = ts_proc_run(&spec, &result, err);
    if (rc == TS_ENOTFOUND) {
        rc = ts_fail(err, TS_EUNSUPPORTED, "the program %s is not installed here",
                     argv[0]);
    } else if (rc == TS_OK && result.timed_out) {
        rc = ts_fail(err, TS_ETIMEOUT, "%s %s did not end in two minutes", argv[0],
                     argv[1]);
    } else if (rc == TS_OK && result.code != 0) {
        ts_str line = last_line(&said);
        rc = ts_fail(err, TS_EIO, "%s %s answered %lld: %.*s", argv[0], argv[1],
                     result.code, (int)(line.n < 400 ? line.n : 400), line.p);
    }
    ts_buf_free(&said);
    return rc;
}

bool px_systemd(const struct ts_boot *b)
{
    char *path =
        ts_path_join(b->root && b->root[0] ? b->root : "/", "run/systemd/system");
    bool there = ts_fs_exists(path);

    ts_free(path);
    return there;
}

/* ---- a small init --------------------------------------------------------------------
 *
 * It reads one word from the file `next-boot` of the state folder and goes on in that
 * phase.  No file: there is nothing to go on with. */

static char *next_boot(const struct ts_boot *b)
{
    return ts_path_join(b->state_dir, "next-boot");
}

static enum ts_code note_next(const struct ts_boot *b, enum ts_boot_system target,
                              struct ts_err *err)
{
    const char *word = target == TS_BOOT_WINPE ? "WinPE\n" : "FullOS\n";
    char *path = next_boot(b);
    enum ts_code rc =
        ts_file_replace(path, word, target == TS_BOOT_WINPE ? 6 : 7, 0644, err);

    ts_free(path);
    return rc;
}

static enum ts_code forget_next(const struct ts_boot *b, struct ts_err *err)
{
    char *path = next_boot(b);
    enum ts_code rc = TS_OK;

    if (ts_fs_exists(path) && (rc = ts_fs_unlink(path, err)) == TS_OK) {
        int os = px_sync_parent(path);
        rc = os == 0 ? TS_OK
                     : ts_fail_os(err, os, "cannot make the removal of %s durable", path);
    }
    ts_free(path);
    return rc;
}

/* ---- the choice ----------------------------------------------------------------------
 */

enum ts_code ts_boot_enlist(struct ts_boot *b, enum ts_boot_system running,
                            struct ts_err *err)
{
    return px_systemd(b) ? px_unit_install(b, err) : note_next(b, running, err);
}

enum ts_code ts_boot_arrange(struct ts_boot *b, enum ts_boot_system target,
                             struct ts_err *err)
{
    enum ts_code rc;

    if (!px_systemd(b)) {
        return note_next(b, target, err);
    }
    if ((rc = px_unit_install(b, err)) != TS_OK) {
        return rc;
    }
    if (target == TS_BOOT_WINPE) {
        return px_loader_arm(b, err);
    }
    px_loader_disarm(b);
    return TS_OK;
}

/* systemctl only asks; services are being stopped then, we among them.  It may itself be
 * ended before it has answered, in a session that is stopped with us: so its failure counts
 * only when nobody tells us to end soon afterwards. */
static enum ts_code ask_systemd(const char *verb, struct ts_err *err)
{
    enum { PATIENCE_MS = 300000, AFTER_FAILURE_MS = 3000 };
    const char *argv[] = {"systemctl", verb, NULL};
    enum ts_code rc = px_boot_call(argv, err);
    int patience = rc == TS_OK ? PATIENCE_MS : AFTER_FAILURE_MS;

    for (int waited = 0; waited < patience; waited += 100) {
        if (ts_cancelled()) {
            return TS_OK; /* SIGTERM: this is how we are told to get out of the way */
        }
        poll(NULL, 0, 100);
    }
    return rc != TS_OK
               ? rc
               : ts_fail(err, TS_ETIMEOUT, "the system was asked to restart but did not");
}

enum ts_code ts_boot_restart(struct ts_boot *b, enum ts_boot_system target,
                             struct ts_err *err)
{
    sync();
    if (px_systemd(b)) {
        bool kexec = target == TS_BOOT_WINPE && px_loader_kexec(b);
        return ask_systemd(kexec ? "kexec" : "reboot", err);
    }
    reboot(RB_AUTOBOOT);
    return ts_fail_os(err, errno, "cannot restart");
}

enum ts_code ts_boot_forget(struct ts_boot *b, struct ts_err *err)
{
    enum ts_code rc = forget_next(b, err);

    if (rc == TS_OK && px_systemd(b)) {
        px_loader_disarm(b);
        rc = px_unit_remove(b, err);
    }
    return rc;
}
