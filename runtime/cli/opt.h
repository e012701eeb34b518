/* opt.h - command line options, from a table that also makes --help. */
#ifndef TS_CLI_OPT_H
#define TS_CLI_OPT_H

#include "base/buf.h"
#include "base/err.h"

struct ts_opt {
    const char *name; /* "state"; NULL ends the table */
    char letter;      /* 'q', or 0 */
    const char *arg;  /* "DIR"; NULL: a flag */
    bool many;        /* may stand more than once */
    const char *help;
};

struct ts_opt_value {
    const struct ts_opt *opt;
    const char *value; /* "" for a flag */
};

struct ts_args {
    struct ts_opt_value *opts;
    size_t opt_count;
    const char **words; /* what is not an option, NULL-terminated */
    size_t word_count;
};

/* Read argv (without program and command).  Options may stand anywhere; "--" ends them;
 * "--name=value" and "--name value", "-q".  TS_EINPUT with a suggestion. */
TS_NODISCARD enum ts_code ts_args_parse(struct ts_args *out, const struct ts_opt *table,
                                        int argc, char **argv, struct ts_err *err);
void ts_args_fini(struct ts_args *a);
const char *ts_args_get(const struct ts_args *a, const char *name); /* last, or NULL */
bool ts_args_has(const struct ts_args *a, const char *name);
/* The i-th value of an option, or NULL. */
const char *ts_args_nth(const struct ts_args *a, const char *name, size_t i);
/* All values as a NULL-terminated array; caller frees the array. */
const char **ts_args_all(const struct ts_args *a, const char *name);
void ts_opt_help(struct ts_buf *out, const struct ts_opt *table);

#endif
