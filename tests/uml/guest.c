/* guest.c - what a bare init cannot do in shell: load a module, switch the machine off.
 *   guest insmod FILE | guest off */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "insmod") == 0) {
        int fd = open(argv[2], O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && syscall(SYS_finit_module, fd, "", 0) == 0) {
            return 0;
        }
        perror(argv[2]);
        return 1;
    }
    if (argc == 2 && strcmp(argv[1], "off") == 0) {
        sync();
        reboot(RB_POWER_OFF);
        perror("power off");
    }
    return 1;
}
