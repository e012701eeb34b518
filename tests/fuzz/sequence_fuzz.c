/* A sequence in JSON. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_sequence((ts_str){(const char *)data, size}, "json", "f.json");
    return 0;
}
