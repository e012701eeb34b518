#include "platform/boot.h"

#include "base/mem.h"
#include "platform/fs.h"
#include "platform/proc.h"
#include "platform/sysinfo.h"
#include "scratch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct ts_err err;
static const char *settings[8]; /* NAME, value, ... */
static const char *const again[] = {"/opt/task seq/taskseq", "resume", "--state=/s t",
                                    "--drive=C=/a\"b\\c%d$e;", NULL};
static struct ts_boot boot;

static const char *setting(void *ctx, const char *name)
{
    (void)ctx;
    for (int i = 0; settings[i]; i += 2) {
        if (strcmp(settings[i], name) == 0) {
            return settings[i + 1];
        }
    }
    return NULL;
}

/* A program that notes how it was called and then answers `code`. */
static void program(const char *name, int code)
{
    char text[600], *file = scratch_path("bin/%s", name);

    snprintf(text, sizeof text,
             "#!/bin/sh\n{ printf '%s'; printf ' [%%s]' \"$@\"; echo; } >>'%s/calls'\n"
             "[ %d = 0 ] || { echo 'it is raining'; exit %d; }\n",
             name, scratch, code, code);
    put(file + strlen(scratch) + 1, text);
    cr_assert_eq(chmod(file, 0755), 0);
}

static void make(void)
{
    char *path;

    scratch_make();
    memset(settings, 0, sizeof settings);
    put_dir("state");
    put_dir("bin");
    put_dir("etc/systemd/system");
    boot = (struct ts_boot){.argv = again,
                            .state_dir = scratch_path("state"),
                            .root = scratch,
                            .setting = setting};
    program("systemctl", 0);
    /* Only what a test puts there, and a shell. */
    cr_assert_eq(symlink("/bin/sh", scratch_path("bin/sh")), 0);
    path = scratch_path("bin");
    cr_assert_eq(setenv("PATH", path, 1), 0);
}

static void with_systemd(void)
{
    make();
    put_dir("run/systemd/system");
}

TestSuite(boot, .init = make, .fini = scratch_remove, .timeout = 20);
TestSuite(boot_systemd, .init = with_systemd, .fini = scratch_remove, .timeout = 20);

#define UNIT "etc/systemd/system/taskseq-resume.service"
#define LINK "etc/systemd/system/multi-user.target.wants/taskseq-resume.service"

/* ---- a small init --------------------------------------------------------------------
 */

Test(boot, a_small_init_is_told_where_to_go_on)
{
    answers(TS_OK, ts_boot_enlist(&boot, TS_BOOT_FULLOS, &err));
    cr_assert_str_eq(get("state/next-boot"), "FullOS\n");
    answers(TS_OK, ts_boot_arrange(&boot, TS_BOOT_WINPE, &err));
    cr_assert_str_eq(get("state/next-boot"), "WinPE\n");
    answers(TS_OK, ts_boot_arrange(&boot, TS_BOOT_FULLOS, &err));
    cr_assert_str_eq(get("state/next-boot"), "FullOS\n");
    cr_assert_not(exists(UNIT));
    cr_assert_not(exists("calls"));
}

Test(boot, a_small_init_is_told_nothing_when_the_run_has_ended)
{
    answers(TS_OK, ts_boot_forget(&boot, &err));
    answers(TS_OK, ts_boot_arrange(&boot, TS_BOOT_WINPE, &err));
    answers(TS_OK, ts_boot_forget(&boot, &err));
    cr_assert_not(exists("state/next-boot"));
}

Test(boot, what_cannot_be_noted_is_an_error)
{
    boot.state_dir = scratch_path("nowhere");
    cr_assert_neq(ts_boot_arrange(&boot, TS_BOOT_WINPE, &err), TS_OK);
    cr_assert_not_null(strstr(err.text, "nowhere/next-boot"), "%s", err.text);
}

/* ---- systemd -------------------------------------------------------------------------
 */

Test(boot_systemd, a_unit_goes_on_with_the_run)
{
    char wanted[200], target[100];
    struct stat st;

    answers(TS_OK, ts_boot_enlist(&boot, TS_BOOT_FULLOS, &err));
    const char *unit = get(UNIT);
    snprintf(wanted, sizeof wanted, "ConditionPathExists=%s/state/state.db\n", scratch);
    cr_assert_not_null(strstr(unit, wanted), "%s", unit);
    snprintf(wanted, sizeof wanted, "RequiresMountsFor=\"%s/state\"\n", scratch);
    cr_assert_not_null(strstr(unit, wanted), "%s", unit);
    cr_assert_not_null(strstr(unit, "\nKillSignal=SIGKILL\n"), "%s", unit);
    cr_assert_not_null(strstr(unit, "\nExecStart=\"/opt/task seq/taskseq\" \"resume\" "
                                    "\"--state=/s t\" "
                                    "\"--drive=C=/a\\\"b\\\\c%%d$$e;\"\n"),
                       "%s", unit);
    cr_assert_eq(stat(scratch_path(UNIT), &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0644);
    ssize_t n = readlink(scratch_path(LINK), target, sizeof target);
    cr_assert_gt(n, 0);
    cr_assert_eq(stat(scratch_path(LINK), &st), 0, "the link leads to the unit");
    cr_assert_not(exists("calls"));
    cr_assert_not(exists("state/next-boot"));
}

Test(boot_systemd, the_same_unit_is_not_written_twice)
{
    struct stat before, after;

    answers(TS_OK, ts_boot_enlist(&boot, TS_BOOT_FULLOS, &err));
    cr_assert_eq(stat(scratch_path(UNIT), &before), 0);
    answers(TS_OK, ts_boot_arrange(&boot, TS_BOOT_FULLOS, &err));
    cr_assert_eq(stat(scratch_path(UNIT), &after), 0);
    cr_assert_eq(before.st_ino, after.st_ino);
    cr_assert_not(exists("calls"));
    /* half of it is gone, as after a cut: it is made again */
    cr_assert_eq(unlink(scratch_path(LINK)), 0);
    answers(TS_OK, ts_boot_arrange(&boot, TS_BOOT_FULLOS, &err));
    cr_assert_eq(stat(scratch_path(LINK), &after), 0);
}

Test(boot_systemd, the_unit_of_another_state_folder_stays)
{
    const char *mine = boot.state_dir;

    answers(TS_OK, ts_boot_enlist(&boot, TS_BOOT_FULLOS, &err));
    put_dir("other");
    boot.state_dir = scratch_path("other");
    answers(TS_OK, ts_boot_forget(&boot, &err));
    cr_assert(exists(UNIT) && exists(LINK));
    boot.state_dir = mine;
    answers(TS_OK, ts_boot_forget(&boot, &err));
    cr_assert_not(exists(UNIT));
}

Test(boot_systemd, the_unit_goes_when_the_run_has_ended)
{
    answers(TS_OK, ts_boot_forget(&boot, &err));
    cr_assert_not(exists("calls"));
    answers(TS_OK, ts_boot_enlist(&boot, TS_BOOT_FULLOS, &err));
    answers(TS_OK, ts_boot_forget(&boot, &err));
    cr_assert_not(exists(UNIT));
    cr_assert_not(exists(LINK));
    cr_assert_not(exists("calls"));
}

Test(boot_systemd, a_program_that_systemd_cannot_start_is_refused)
{
    const char *const odd[] = {"/opt/a$b", "resume", NULL};

    boot.argv = odd;
    answers(TS_EUNSUPPORTED, ts_boot_enlist(&boot, TS_BOOT_FULLOS, &err));
    cr_assert_not_null(strstr(err.text, "/opt/a$b"), "%s", err.text);
    cr_assert_not(exists(UNIT));
}

Test(boot_systemd, nothing_says_how_to_start_winpe)
{
    answers(TS_EUNSUPPORTED, ts_boot_arrange(&boot, TS_BOOT_WINPE, &err));
    cr_assert_not_null(strstr(err.text, "TSBootEntryWinPE"), "%s", err.text);
    cr_assert_not_null(strstr(err.text, "TSGrubEntryWinPE"), "%s", err.text);
    cr_assert_not_null(strstr(err.text, "TSBootKernelWinPE"), "%s", err.text);
}

Test(boot_systemd, an_entry_of_systemd_boot_is_set_for_one_start)
{
    settings[0] = "TSBootEntryWinPE";
    settings[1] = "winpe.conf";
    answers(TS_EUNSUPPORTED, ts_boot_arrange(&boot, TS_BOOT_WINPE, &err));
    cr_assert_not_null(strstr(err.text, "the program bootctl is not installed"), "%s",
                       err.text);
    program("bootctl", 0);
    answers(TS_OK, ts_boot_arrange(&boot, TS_BOOT_WINPE, &err));
    ts_cancel_set(true); /* as systemd says it to a service that is to end */
    answers(TS_OK, ts_boot_restart(&boot, TS_BOOT_WINPE, &err));
    cr_assert_str_eq(get("calls"), "bootctl [set-oneshot] [winpe.conf]\n"
                                   "systemctl [reboot]\n");
}

Test(boot_systemd, an_entry_that_is_not_wanted_any_more_is_taken_back)
{
    settings[0] = "TSBootEntryWinPE";
    settings[1] = "winpe.conf";
    program("bootctl", 0);
    answers(TS_OK, ts_boot_arrange(&boot, TS_BOOT_WINPE, &err));
    answers(TS_OK, ts_boot_forget(&boot, &err));
    cr_assert_not_null(strstr(get("calls"), "bootctl [set-oneshot] []\n"), "%s",
                       get("calls"));
}

Test(boot_systemd, an_entry_of_grub_is_set_for_one_start)
{
    settings[0] = "TSGrubEntryWinPE";
    settings[1] = "Windows PE";
    program("grub-reboot", 0);
    answers(TS_OK, ts_boot_arrange(&boot, TS_BOOT_WINPE, &err));
    cr_assert_not_null(strstr(get("calls"), "grub-reboot [Windows PE]\n"), "%s",
                       get("calls"));
}

Test(boot_systemd, the_other_name_of_grub_reboot_will_do)
{
    settings[0] = "TSGrubEntryWinPE";
    settings[1] = "2";
    program("grub2-reboot", 0);
    answers(TS_OK, ts_boot_arrange(&boot, TS_BOOT_WINPE, &err));
    cr_assert_not_null(strstr(get("calls"), "grub2-reboot [2]\n"), "%s", get("calls"));
}

Test(boot_systemd, a_loader_that_fails_is_quoted)
{
    settings[0] = "TSGrubEntryWinPE";
    settings[1] = "2";
    program("grub-reboot", 3);
    answers(TS_EIO, ts_boot_arrange(&boot, TS_BOOT_WINPE, &err));
    cr_assert_not_null(strstr(err.text, "grub-reboot 2 answered 3: it is raining"), "%s",
                       err.text);
}

Test(boot_systemd, a_kernel_is_started_by_kexec)
{
    char wanted[400];

    settings[0] = "TSBootKernelWinPE";
    settings[1] = scratch_path("vmlinuz");
    settings[2] = "TSBootInitrdWinPE";
    settings[3] = scratch_path("initrd");
    settings[4] = "TSBootAppendWinPE";
    settings[5] = "quiet console=ttyS0";
    program("kexec", 0);
    answers(TS_EUNSUPPORTED, ts_boot_arrange(&boot, TS_BOOT_WINPE, &err));
    cr_assert_not_null(strstr(err.text, "TSBootKernelWinPE is"), "%s", err.text);
    put("vmlinuz", "k");
    answers(TS_EUNSUPPORTED, ts_boot_arrange(&boot, TS_BOOT_WINPE, &err));
    cr_assert_not_null(strstr(err.text, "TSBootInitrdWinPE is"), "%s", err.text);
    put("initrd", "i");
    answers(TS_OK, ts_boot_arrange(&boot, TS_BOOT_WINPE, &err));
    ts_cancel_set(true);
    answers(TS_OK, ts_boot_restart(&boot, TS_BOOT_WINPE, &err));
    snprintf(wanted, sizeof wanted,
             "kexec [-l] [%s/vmlinuz] [--initrd=%s/initrd] "
             "[--append=quiet console=ttyS0 taskseq.phase=WinPE]\n"
             "systemctl [kexec]\n",
             scratch, scratch);
    cr_assert_str_eq(get("calls"), wanted);
}

Test(boot_systemd, a_kernel_needs_no_more_than_itself)
{
    settings[0] = "TSBootKernelWinPE";
    settings[1] = scratch_path("vmlinuz");
    program("kexec", 0);
    put("vmlinuz", "k");
    answers(TS_OK, ts_boot_arrange(&boot, TS_BOOT_WINPE, &err));
    cr_assert_not_null(strstr(get("calls"), "vmlinuz] [--append=taskseq.phase=WinPE]\n"),
                       "%s", get("calls"));
}

Test(boot_systemd, a_restart_that_is_refused_is_an_error)
{
    program("systemctl", 1);
    answers(TS_EIO, ts_boot_restart(&boot, TS_BOOT_FULLOS, &err));
    cr_assert_not_null(strstr(err.text, "systemctl reboot answered 1"), "%s", err.text);
}

/* systemd itself reads the unit, where it is installed. */
Test(boot_systemd, systemd_accepts_the_unit)
{
    const char *const argv[] = {"/usr/bin/systemd-analyze", "verify", "--man=no",
                                scratch_path(UNIT), NULL};
    const char *const plain[] = {"/bin/sh", "resume", "--state=/s t%d$e;", NULL};
    struct ts_proc_spec spec = {.argv = argv, .program = argv[0]};
    struct ts_proc_result result = {0};

    if (access(argv[0], X_OK) != 0) {
        cr_skip_test("systemd-analyze (package systemd) is not installed");
    }
    boot.argv = plain;
    answers(TS_OK, ts_boot_enlist(&boot, TS_BOOT_FULLOS, &err));
    answers(TS_OK, ts_proc_run(&spec, &result, &err));
    cr_assert_eq(result.code, 0);
}
