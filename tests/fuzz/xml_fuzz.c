/* A sequence of ConfigMgr or MDT in XML, in whatever it is wrapped. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_sequence((ts_str){(const char *)data, size}, "xml", "f.xml");
    return 0;
}
