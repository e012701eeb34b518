#include "platform/sysinfo.h"

extern char **environ;

const char *const *ts_env_all(void)
{
    return (const char *const *)environ;
}
