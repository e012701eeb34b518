/* boot_loader.c - one start of the boot image on a machine that systemd runs. */
#include "platform/posix/boot.h"

#include "base/mem.h"
#include "platform/fs.h"
#include "platform/proc.h"

#include <unistd.h>

/* What PATH has of two names of one program: Debian says grub-reboot, Fedora
 * grub2-reboot. */
static const char *present(const char *name, const char *other)
{
    char *path = NULL;
    bool there = ts_proc_find(&path, name, "/", NULL, NULL) == TS_OK;

    ts_free(path);
    return there ? name : other;
}

bool px_loader_kexec(const struct ts_boot *b)
{
    return !px_boot_setting(b, "TSBootEntryWinPE") &&
           !px_boot_setting(b, "TSGrubEntryWinPE") &&
           px_boot_setting(b, "TSBootKernelWinPE");
}

static enum ts_code need_file(const char *variable, const char *path, struct ts_err *err)
{
    if (!ts_path_is_absolute(path) || !ts_fs_exists(path)) {
        return ts_fail(err, TS_EUNSUPPORTED,
                       "%s is \"%s\": there is no such file (an absolute path is wanted)",
                       variable, path);
    }
    return TS_OK;
}

/* Load the kernel that `systemctl kexec` starts.  It is told that it is WinPE. */
static enum ts_code load_kernel(struct ts_boot *b, struct ts_err *err)
{
    const char *kernel = px_boot_setting(b, "TSBootKernelWinPE");
    const char *initrd = px_boot_setting(b, "TSBootInitrdWinPE");
    const char *append = px_boot_setting(b, "TSBootAppendWinPE");
    struct ts_buf image = {0}, words = {0};
    enum ts_code rc = need_file("TSBootKernelWinPE", kernel, err);

    if (rc == TS_OK && initrd) {
        rc = need_file("TSBootInitrdWinPE", initrd, err);
    }
    if (rc == TS_OK) {
        const char *argv[6] = {"kexec", "-l", kernel};
        size_t n = 3;
        if (initrd) {
            ts_buf_fmt(&image, "--initrd=%s", initrd);
            argv[n++] = ts_buf_text(&image);
        }
        ts_buf_fmt(&words, "--append=%s%staskseq.phase=WinPE", append ? append : "",
                   append ? " " : "");
        argv[n] = ts_buf_text(&words);
        rc = px_boot_call(argv, err);
    }
    ts_buf_free(&image);
    ts_buf_free(&words);
    return rc;
}

static enum ts_code set_entry(struct ts_boot *b, struct ts_err *err)
{
    const char *entry = px_boot_setting(b, "TSBootEntryWinPE");
    const char *grub = px_boot_setting(b, "TSGrubEntryWinPE");

    if (entry) {
        const char *argv[] = {"bootctl", "set-oneshot", entry, NULL};
        return px_boot_call(argv, err);
    }
    if (grub) {
        const char *argv[] = {present("grub-reboot", "grub2-reboot"), grub, NULL};
        enum ts_code rc = px_boot_call(argv, err);
        sync(); /* GRUB's environment is a file, and nobody else syncs it */
        return rc;
    }
    if (px_boot_setting(b, "TSBootKernelWinPE")) {
        return load_kernel(b, err);
    }
    return ts_fail(
        err, TS_EUNSUPPORTED,
        "nothing says how to start WinPE on this machine: set TSBootEntryWinPE (an entry "
        "of systemd-boot), TSGrubEntryWinPE (an entry of GRUB) or TSBootKernelWinPE (a "
        "kernel for kexec); --on-restart exit leaves the restart to the caller");
}

enum ts_code px_loader_arm(struct ts_boot *b, struct ts_err *err)
{
    enum ts_code rc = set_entry(b, err);

    b->loader_armed = rc == TS_OK;
    return rc == TS_OK ? TS_OK
                       : ts_err_context(err, "the start of WinPE cannot be arranged");
}

/* Best effort: the boot image finds nothing to go on with if it does start. */
void px_loader_disarm(struct ts_boot *b)
{
    const char *boot[] = {"bootctl", "set-oneshot", "", NULL};
    const char *grub[] = {present("grub-editenv", "grub2-editenv"), "-", "unset",
                          "next_entry", NULL};
    const char *kexec[] = {"kexec", "-u", NULL};
    struct ts_err ignored;

    if (b->loader_armed) {
        b->loader_armed = false;
        enum ts_code rc = px_boot_call(px_boot_setting(b, "TSBootEntryWinPE")   ? boot
                                       : px_boot_setting(b, "TSGrubEntryWinPE") ? grub
                                                                                : kexec,
                                       &ignored);
        (void)rc;
    }
}
