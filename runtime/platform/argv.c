/* argv.c - command lines by the rule of CommandLineToArgvW, here for every platform. */
#include "platform/proc.h"

#include "base/mem.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Copy one argument to `to` and return where the next begins.
 *
 * Backslashes are themselves unless a double quote follows: then two stand for one, and
 * an odd one makes the quote a character.  Two quotes inside a quoted part are one
 * character and end that part. */
static const char *take_argument(const char *from, char **to)
{
    bool quoted = false;
    char *t = *to;

    while (*from && (quoted || !is_blank(*from))) {
        size_t slashes = strspn(from, "\\");
        if (from[slashes] != '"') {
            size_t n = slashes ? slashes : 1;
            memcpy(t, from, n);
            t += n;
            from += n;
            continue;
        }
        memset(t, '\\', slashes / 2);
        t += slashes / 2;
        from += slashes + 1;
        if (slashes % 2) {
            *t++ = '"';
        } else if (quoted && *from == '"') {
            *t++ = '"';
            from++;
            quoted = false;
        } else {
            quoted = !quoted;
        }
    }
    *t++ = '\0';
    *to = t;
    while (is_blank(*from)) {
        from++;
    }
    return from;
}

char **ts_argv_split(const char *command, size_t *n)
{
    size_t length = strlen(command), most = length / 2 + 2, count = 0;

    /* Pointers, then text; an argument never grows, and needs a blank behind it. */
    char **argv = ts_alloc(most * sizeof *argv + length + 2);
    char *text = (char *)(argv + most);
    while (is_blank(*command)) {
        command++;
    }
    while (*command) {
        argv[count++] = text;
        command = take_argument(command, &text);
    }
    argv[count] = NULL;
    if (n) {
        *n = count;
    }
    return argv;
}

static void join_argument(struct ts_buf *b, const char *arg)
{
    if (*arg && !strpbrk(arg, " \t\n\r\v\"")) {
        ts_buf_z(b, arg);
        return;
    }
    ts_buf_c(b, '"');
    while (*arg) {
        size_t slashes = strspn(arg, "\\");
        arg += slashes;
        /* Double them only in front of a quote, ours at the end included. */
        size_t twice = *arg == '"' || *arg == '\0' ? 2 : 1;
        for (size_t i = 0; i < slashes * twice; i++) {
            ts_buf_c(b, '\\');
        }
        if (*arg == '"') {
            ts_buf_c(b, '\\');
        }
        if (*arg) {
            ts_buf_c(b, *arg++);
        }
    }
    ts_buf_c(b, '"');
}

char *ts_argv_join(const char *const *argv)
{
    struct ts_buf b = {0};

    for (size_t i = 0; argv[i]; i++) {
        if (i) {
            ts_buf_c(&b, ' ');
        }
        join_argument(&b, argv[i]);
    }
    return ts_buf_take(&b);
}
