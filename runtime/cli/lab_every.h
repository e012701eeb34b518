/* lab_every.h - `taskseq lab --power-cut every`. */
#ifndef TS_CLI_LAB_EVERY_H
#define TS_CLI_LAB_EVERY_H

#include "cli/cli.h"

/* Cut at each step-th point.  Returns the exit code: 0 all ended as the uncut run, 1 some
 * did not, 11 cancelled; the uncut run's own when that one fails. */
int ts_cli_lab_every(const struct ts_args *args, uint64_t step);

#endif
