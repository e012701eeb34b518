/* zip.h - small archives for tests: members stored without compression. */
#ifndef TESTS_ZIP_H
#define TESTS_ZIP_H

#include "base/buf.h"

struct zip {
    struct ts_buf data, directory;
    int n;
};
void zip_add(struct zip *z, const char *name, ts_str content);
/* The archive; z is empty afterwards. */
struct ts_buf zip_end(struct zip *z);

#endif
