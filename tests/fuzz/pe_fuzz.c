/* Program files: the processor they are for, and the version they say. */
#include "fuzz.h"

#include "facts/facts.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_path("program.exe");
    char architecture[16], version[32];
    struct ts_err err = {0};

    fuzz_put_file(path, (ts_str){(const char *)data, size});
    enum ts_code rc = ts_pe_architecture(path, architecture, &err);
    if (rc == TS_OK) {
        FUZZ_CHECK(memchr(architecture, '\0', sizeof architecture), "no end");
    } else {
        FUZZ_CHECK(rc == TS_EINPUT && strstr(err.text, path), "%s: %s", ts_code_name(rc),
                   err.text);
    }
    rc = ts_pe_version(path, version, &err);
    if (rc == TS_OK) {
        FUZZ_CHECK(strspn(version, "0123456789.") == strlen(version), "%s", version);
    } else {
        FUZZ_CHECK((rc == TS_EINPUT || rc == TS_ENOTFOUND) && strstr(err.text, path),
                   "%s: %s", ts_code_name(rc), err.text);
    }
    return 0;
}
