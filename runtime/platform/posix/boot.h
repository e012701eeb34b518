/* boot.h - what the files of the boot arrangement share. */
#ifndef TS_PLATFORM_POSIX_BOOT_H
#define TS_PLATFORM_POSIX_BOOT_H

#include "base/buf.h"
#include "platform/boot.h"

/* Does systemd run this machine? */
bool px_systemd(const struct ts_boot *b);
/* The unit that goes on with the run: written and enabled for good, or taken away. */
enum ts_code px_unit_install(const struct ts_boot *b, struct ts_err *err);
enum ts_code px_unit_remove(const struct ts_boot *b, struct ts_err *err);

/* The next start only is that of the boot image, by the first of the ways that the
 * machine variables name. */
enum ts_code px_loader_arm(struct ts_boot *b, struct ts_err *err);
void px_loader_disarm(struct ts_boot *b);
/* Is the boot image started by kexec? */
bool px_loader_kexec(const struct ts_boot *b);

/* A machine variable's value, NULL if it is unset or empty. */
const char *px_boot_setting(const struct ts_boot *b, const char *name);
/* Run a program of the system to its end; any exit code but 0 is an error with the last
 * line of what it said. */
enum ts_code px_boot_call(const char *const *argv, struct ts_err *err);

#endif
