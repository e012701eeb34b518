/* sysinfo.h - what the system says of itself. */
#ifndef TS_PLATFORM_SYSINFO_H
#define TS_PLATFORM_SYSINFO_H

#include "base/buf.h"
#include "base/err.h"

unsigned ts_cpu_count(void);
uint64_t ts_memory_total(void);
uint64_t ts_memory_peak(void); /* of this process, bytes */
bool ts_is_admin(void);
uint32_t ts_user_id(void); /* who we are (posix); 0 on Windows */
bool ts_is_terminal(int fd); /* 0, 1, 2 */
bool ts_in_winpe(void); /* MiniNT key; taskseq.phase= on the kernel command line; RAM root */
/* SMBIOS UUID, else the machine id of the system; "" if none. */
void ts_machine_id(char out[64]);
void ts_host_name(char out[256]);
const char *ts_env(const char *name); /* NULL if unset; belongs to the environment */
/* Every "NAME=VALUE" of our environment, NULL-terminated; belongs to the system. */
const char *const *ts_env_all(void);
void ts_env_set(const char *name, const char *value); /* NULL value removes */
/* "posix" or "windows"; "x86_64", "aarch64"... */
const char *ts_platform_name(void);
const char *ts_platform_arch(void);
/* Version of the running system as the system says it: "10.0.19045.3693", or the release
 * of the kernel, "6.1.0-13-amd64"; "" if unknown. */
void ts_os_version(char out[64]);
/* Default state folder: C:\_TaskSequence; /var/lib/taskseq; XDG state folder if not
 * root.  Caller frees. */
char *ts_default_state_dir(void);
/* Is a process with this id alive?  And ours. */
bool ts_process_alive(long long pid);
long long ts_process_id(void);
unsigned long ts_thread_id(void);
/* Name of the user id, "" if there is no such account (posix). */
void ts_user_name(uint32_t uid, char *out, size_t n);
/* Ids of the account `name`, or of a decimal user id (posix).  TS_ENOTFOUND: there is no
 * such account; TS_EUNSUPPORTED on Windows. */
TS_NODISCARD enum ts_code ts_user_find(const char *name, uint32_t *uid, uint32_t *gid,
                                       struct ts_err *err);

#endif
