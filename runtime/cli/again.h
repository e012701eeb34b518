/* again.h - the command that goes on with this run at the machine's next start. */
#ifndef TS_CLI_AGAIN_H
#define TS_CLI_AGAIN_H

#include "cli/opt.h"

/* "PROGRAM resume --state DIR ...": the options of `args` that a resume needs too, with
 * their paths made absolute.  NULL-terminated; free with ts_words_free. */
TS_NODISCARD enum ts_code ts_again_new(char ***out, const struct ts_args *args,
                                       const char *state_dir, struct ts_err *err);

#endif
