/* archive_lib.h - libarchive, loaded when an archive is read.  For steps/ and parse/. */
#ifndef TS_STEPS_ARCHIVE_LIB_H
#define TS_STEPS_ARCHIVE_LIB_H

#include "base/err.h"

#include <archive.h>
#include <archive_entry.h>

/* What we call of it: X(name without "archive_"). */
#define TS_ARCHIVE_FUNCTIONS(X)     \
    X(read_new)                     \
    X(read_free)                    \
    X(read_open)                    \
    X(read_open_memory)             \
    X(read_next_header)             \
    X(read_data_block)              \
    X(read_support_format_tar)      \
    X(read_support_format_zip)      \
    X(read_support_filter_none)     \
    X(read_support_filter_gzip)     \
    X(read_support_filter_bzip2)    \
    X(read_support_filter_xz)       \
    X(read_support_filter_lzma)     \
    X(read_support_filter_lzip)     \
    X(read_support_filter_lz4)      \
    X(read_support_filter_zstd)     \
    X(read_support_filter_compress) \
    X(error_string)                 \
    X(set_error)                    \
    X(filter_bytes)                 \
    X(entry_pathname)               \
    X(entry_pathname_utf8)          \
    X(entry_hardlink)               \
    X(entry_hardlink_utf8)          \
    X(entry_symlink)                \
    X(entry_symlink_utf8)           \
    X(entry_filetype)               \
    X(entry_perm)                   \
    X(entry_uid)                    \
    X(entry_gid)                    \
    X(entry_size)                   \
    X(entry_mtime)                  \
    X(entry_mtime_nsec)             \
    X(entry_mtime_is_set)           \
    X(entry_atime)                  \
    X(entry_atime_nsec)             \
    X(entry_atime_is_set)

#define TS_ARCHIVE_POINTER(name) __typeof__(archive_##name) *name;
struct ts_archive_lib {
    TS_ARCHIVE_FUNCTIONS(TS_ARCHIVE_POINTER)
};
#undef TS_ARCHIVE_POINTER

/* TS_ENOTFOUND: it is not installed; the message names the package. */
TS_NODISCARD enum ts_code ts_archive_lib(const struct ts_archive_lib **out,
                                         struct ts_err *err);

#endif
