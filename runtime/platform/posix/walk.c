/* walk.c - to a folder by its native path, trusting only our own and root's links. */
#include "platform/posix/posix.h"

#include "base/mem.h"
#include "platform/power.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { MOST_LINKS = 40 };

struct walk {
    int at;             /* the folder reached, O_PATH */
    char *todo;         /* what is left of the path; a link's target goes in front */
    char *next;         /* where in it we are */
    struct ts_buf seen; /* the path walked so far, for messages */
    int links;
    bool create;
};

static int go_to(struct walk *w, int fd)
{
    if (fd < 0) {
        return -1;
    }
    if (w->at >= 0) {
        close(w->at);
    }
    w->at = fd;
    return 0;
}

static int start_at(struct walk *w, const char *path)
{
    ts_buf_clear(&w->seen);
    return go_to(
        w, px_openat(AT_FDCWD, path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY, 0));
}

/* `link` is an open link (O_PATH): put its target in front of what is left to do. */
static int follow(struct walk *w, int link, const struct stat *st)
{
    char target[PATH_MAX];

    if (++w->links > MOST_LINKS || (st->st_uid != 0 && st->st_uid != geteuid())) {
        errno = ELOOP;
        return -1;
    }
    ssize_t n = readlinkat(link, "", target, sizeof target - 1);
    if (n <= 0) {
        errno = n == 0 ? ENOENT : errno;
        return -1;
    }
    target[n] = '\0';
    if (target[0] == '/' && start_at(w, target) != 0) {
        return -1;
    }
    char *todo = ts_format("%s/%s", target, w->next);
    ts_free(w->todo);
    w->todo = w->next = todo;
    return 0;
}

static int open_entry(struct walk *w, const char *name)
{
    int fd = px_openat(w->at, name, O_PATH | O_NOFOLLOW, 0);

    if (fd < 0 && errno == ENOENT && w->create) {
        ts_power_point();
        if (mkdirat(w->at, name, 0755) == 0 || errno == EEXIST) {
            fd = px_openat(w->at, name, O_PATH | O_NOFOLLOW, 0);
        }
    }
    return fd;
}

static int step(struct walk *w, const char *name)
{
    struct stat st;
    size_t before = w->seen.n;

    if (strcmp(name, ".") == 0) {
        return 0;
    }
    ts_buf_fmt(&w->seen, "/%s", name);
    if (strcmp(name, "..") == 0) {
        return go_to(w, px_openat(w->at, "..", O_PATH | O_DIRECTORY, 0));
    }
    int fd = open_entry(w, name);
    if (fd < 0) {
        return -1;
    }
    int rc = fstat(fd, &st);
    if (rc == 0 && S_ISDIR(st.st_mode)) {
        return go_to(w, fd);
    }
    if (rc == 0 && S_ISLNK(st.st_mode)) {
        rc = follow(w, fd, &st);
        if (rc == 0 && w->seen.n >= before) {
            w->seen.n = before < w->seen.n ? before : w->seen.n;
            w->seen.p[w->seen.n] = '\0';
        }
    } else if (rc == 0) {
        errno = ENOTDIR;
        rc = -1;
    }
    int os = errno;
    close(fd);
    errno = os;
    return rc;
}

int px_walk_open(const char *path, bool create, char **culprit)
{
    struct walk w = {.at = -1, .create = create};
    int rc = path[0] ? start_at(&w, path) : -1;

    if (!path[0]) {
        errno = ENOENT;
    }
    w.todo = w.next = ts_strdup(path);
    while (rc == 0) {
        w.next += strspn(w.next, "/");
        if (*w.next == '\0') {
            break;
        }
        char *name = w.next;
        w.next += strcspn(name, "/");
        if (*w.next) {
            *w.next++ = '\0';
        }
        rc = step(&w, name);
    }
    int os = errno;
    if (rc != 0) {
        if (w.at >= 0) {
            close(w.at);
        }
        w.at = -1;
        if (culprit && os == ELOOP) {
            *culprit = ts_strdup(ts_buf_text(&w.seen));
        }
    }
    ts_buf_free(&w.seen);
    ts_free(w.todo);
    errno = os;
    return w.at;
}
