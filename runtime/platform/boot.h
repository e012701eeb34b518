/* boot.h - where the machine comes up at its next start, and that it starts us again.
 *
 * Two ways on posix, chosen by what runs: systemd (a unit; for WinPE an entry of the boot
 * loader for one start, or kexec), or a small init that reads the file `next-boot` in the
 * state folder.  docs/restarts.md says what a person has to provide. */
#ifndef TS_PLATFORM_BOOT_H
#define TS_PLATFORM_BOOT_H

#include "base/err.h"

#include <stdbool.h>

enum ts_boot_system { TS_BOOT_FULLOS, TS_BOOT_WINPE };

struct ts_boot {
    /* What the machine's start has to run: an absolute program and its arguments,
     * NULL-terminated.  A small init knows it by itself. */
    const char *const *argv;
    const char *state_dir; /* native */
    const char *root;      /* what stands before /etc and /run; NULL: nothing (tests) */
    /* The value of a machine variable such as TSBootEntryWinPE; NULL: it has none. */
    const char *(*setting)(void *ctx, const char *name);
    void *ctx;
    bool loader_armed; /* set by ts_boot_arrange: an entry for one start is set */
};

/* From now on every start of the machine, also after a power cut, goes on with the run;
 * where the next start can be chosen for good it is `running`, the system that runs. */
TS_NODISCARD enum ts_code ts_boot_enlist(struct ts_boot *b, enum ts_boot_system running,
                                         struct ts_err *err);

/* Arrange that the next start comes up in `target` and goes on with the run.  TS_OK: it
 * survives power loss, except that a kernel loaded for kexec, and an entry that was
 * already used, start the full OS, which then goes on.  TS_EUNSUPPORTED says what is
 * missing. */
TS_NODISCARD enum ts_code ts_boot_arrange(struct ts_boot *b, enum ts_boot_system target,
                                          struct ts_err *err);

/* Restart now into what was arranged.  TS_OK: the system is on its way down; the caller
 * ends its process. */
TS_NODISCARD enum ts_code ts_boot_restart(struct ts_boot *b, enum ts_boot_system target,
                                          struct ts_err *err);

/* The run has ended: no start goes on with it any more.  Nothing arranged: fine. */
TS_NODISCARD enum ts_code ts_boot_forget(struct ts_boot *b, struct ts_err *err);

#endif
