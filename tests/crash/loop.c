#include "loop.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loop_options loop = {.seed = 1, .parts = 1};
struct loop_count total;

static unsigned lie_of(const char *name)
{
    static const struct {
        const char *name;
        unsigned kind;
    } lies[] = {{"wal", FK_LIE_WAL},
                {"database", FK_LIE_DATABASE},
                {"folders", FK_LIE_FOLDERS},
                {"volumes", FK_LIE_VOLUMES},
                {"files", FK_LIE_FILES}};

    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        if (strcmp(name, lies[i].name) == 0) {
            return lies[i].kind;
        }
    }
    fprintf(stderr, "there is no lie \"%s\"\n", name);
    exit(2);
}

void loop_parse(int argc, char **argv, unsigned pairs)
{
    const char *nightly = getenv("TASKSEQ_NIGHTLY");

    loop.program = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
    loop.nightly = nightly && strcmp(nightly, "1") == 0;
    bool chosen = false;

    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--nightly") == 0) {
            loop.nightly = true;
        } else if (strcmp(argv[i], "-v") == 0) {
            loop.verbose = true;
        } else if (strcmp(argv[i], "--lie") == 0) {
            loop.lies |= lie_of(value), i++;
            loop.lie = value;
        } else if (strcmp(argv[i], "--pairs") == 0) {
            loop.pairs = (unsigned)strtoul(value, NULL, 10), i++;
            chosen = true;
        } else if (strcmp(argv[i], "--seed") == 0) {
            loop.seed = strtoull(value, NULL, 10), i++;
        } else if (strcmp(argv[i], "--call") == 0) {
            loop.call = strtoull(value, NULL, 10), i++;
        } else if (strcmp(argv[i], "--part") == 0 &&
                   sscanf(value, "%u/%u", &loop.part, &loop.parts) == 2 && loop.parts) {
            i++;
        } else if (strcmp(argv[i], "--only") == 0) {
            loop.only = value, i++;
        } else {
            fprintf(stderr,
                    "usage: %s [--nightly] [--lie wal|database|folders|volumes|files] "
                    "[--pairs N] [--seed N] [--only NAME] [--part I/N] [--call N] [-v]\n",
                    argv[0]);
            exit(2);
        }
    }
    if (!chosen) {
        loop.pairs = loop.nightly ? 500 : pairs;
    }
}

bool loop_mine(unsigned i, const char *name)
{
    return i % loop.parts == loop.part % loop.parts &&
           (!loop.only || strstr(name, loop.only));
}

void loop_failed(const char *name, const char *fmt, ...)
{
    va_list args;

    static char shown_for[64];
    static int shown;

    total.failures++;
    if (strcmp(shown_for, name) != 0) {
        snprintf(shown_for, sizeof shown_for, "%s", name);
        shown = 0;
    }
    if (++shown > (loop.lies ? 1 : loop.verbose ? 100 : 3)) {
        return;
    }
    printf("# %s: ", name);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
}

void loop_line(const char *name, const struct loop_count *before, const char *more)
{
    uint64_t failures = total.failures - before->failures;

    if (!loop.lies) {
        printf("%s %s", failures ? "not ok" : "ok", name);
    } else {
        printf("# %s, lying: %llu failures", name, (unsigned long long)failures);
    }
    printf(" (%llu calls, %llu points, %llu machines, %llu pairs, %llu faults%s)\n",
           (unsigned long long)(total.calls - before->calls),
           (unsigned long long)(total.points - before->points),
           (unsigned long long)(total.machines - before->machines),
           (unsigned long long)(total.pairs - before->pairs),
           (unsigned long long)(total.faults - before->faults), more);
    fflush(stdout);
}

int loop_end(void)
{
    printf("# total: %llu calls cut, %llu crash points (%llu different machines), %llu "
           "pairs "
           "of cuts, %llu faults, %llu failures\n",
           (unsigned long long)total.calls, (unsigned long long)total.points,
           (unsigned long long)total.machines, (unsigned long long)total.pairs,
           (unsigned long long)total.faults, (unsigned long long)total.failures);
    if (loop.lies) {
        printf("%s %s notices a disk that lies about %s (%llu failures)\n",
               total.failures ? "ok" : "not ok", loop.program, loop.lie,
               (unsigned long long)total.failures);
        return total.failures ? 0 : 1;
    }
    return total.failures ? 1 : 0;
}

void loop_faults(bool (*one)(void *ctx, unsigned kind, const char *name, uint64_t n,
                             int os),
                 void *ctx)
{
    static const struct {
        unsigned kind;
        const char *name;
    } kinds[] = {{FK_WRITE, "write"},    {FK_SYNC, "sync"},     {FK_CREATE, "creation"},
                 {FK_MKDIR, "mkdir"},    {FK_RENAME, "rename"}, {FK_LINK, "link"},
                 {FK_UNLINK, "removal"}, {FK_META, "metadata"}};
    static const int numbers[] = {ENOSPC, EIO, EACCES};

    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        bool more = true;
        for (uint64_t n = 1; more; n++) {
            for (size_t i = 0; i < 3; i++) {
                if (loop.nightly || i == n % 3) {
                    more = one(ctx, kinds[k].kind, kinds[k].name, n, numbers[i]);
                }
            }
        }
    }
}
