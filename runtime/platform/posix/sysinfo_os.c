/* sysinfo_os.c - the version of the running system. */
#include "platform/sysinfo.h"

#include <stdio.h>
#include <sys/utsname.h>

void ts_os_version(char out[64])
{
    struct utsname names;

    out[0] = '\0';
    if (uname(&names) == 0) {
        snprintf(out, 64, "%.63s", names.release);
    }
}
