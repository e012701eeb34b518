/* log_internal.h - the file behind a log; shared by the files of this folder only. */
#ifndef TS_LOG_LOG_INTERNAL_H
#define TS_LOG_LOG_INTERNAL_H

#include "log/log.h"
#include "platform/fs.h"

/* smsts.log in one folder.  `size` is where the last whole record ends; nothing but whole
 * records stands before it. */
struct ts_logfile {
    struct ts_file *f;
    char *dir;
    uint64_t size;
    uint64_t max_size; /* roll when a record would pass it */
    uint64_t roll_at;  /* max_size, or later after rolling failed once */
    int history;
    struct ts_buf line; /* kept for its memory */
};

TS_NODISCARD enum ts_code ts_logfile_open(struct ts_logfile **out, const char *dir,
                                          uint64_t max_size, int history,
                                          struct ts_err *err);
void ts_logfile_close(struct ts_logfile *lf); /* NULL is allowed */
void ts_logfile_write(struct ts_logfile *lf, const struct ts_log_record *r);
void ts_logfile_sync(struct ts_logfile *lf);

/* Copy what stands in folder `from` to folder `to`: smsts.log is appended to the one
 * there, files whose names are taken get another one.  Links are left out. */
TS_NODISCARD enum ts_code ts_logfiles_copy(const char *from, const char *to,
                                           struct ts_err *err);

/* Cut an unfinished record off the end of `f` (power was lost while it was written).
 * *size: what is left. */
TS_NODISCARD enum ts_code ts_logfile_repair(struct ts_file *f, uint64_t *size,
                                            struct ts_err *err);

#define TS_LOG_NAME "smsts.log"
#define TS_LOG_BOM "\xEF\xBB\xBF"

#endif
