#include "platform/console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum ts_code ts_console_ask(const char *prompt, bool secret, struct ts_buf *out,
                            struct ts_err *err)
{
    struct termios before, quiet;
    enum ts_code rc = TS_OK;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        if (fd >= 0)
            close(fd);
        return ts_fail(err, TS_EUNSUPPORTED, "there is no terminal to ask \"%s\" on",
                       prompt);
    }
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    if (secret)
        (void)tcsetattr(fd, TCSAFLUSH, &quiet);
    if (write(fd, prompt, strlen(prompt)) < 0 || write(fd, ": ", 2) < 0)
        rc = ts_fail_os(err, errno, "cannot write to the terminal");
    while (rc == TS_OK) {
        char c;
        ssize_t got = read(fd, &c, 1);

        if (got == 1 && c == '\n')
            break;
        if (got == 1 && out->n < 4096)
            ts_buf_c(out, c);
        else if (got <= 0)
            rc = ts_fail(err, TS_ECANCELLED, "no answer to \"%s\"", prompt);
    }
    if (secret) {
        (void)tcsetattr(fd, TCSAFLUSH, &before);
        (void)!write(fd, "\n", 1);
    }
    close(fd);
    return rc;
}

int ts_console_width(void)
{
    struct winsize w;

    if (ioctl(2, TIOCGWINSZ, &w) == 0 && w.ws_col > 20)
        return w.ws_col;
    return 80;
}
