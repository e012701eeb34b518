/* A sequence in Lua.  The bounds are lowered, so that a loop without end costs
 * milliseconds; what happens when they are reached is the same. */
#include "fuzz.h"

#include "script/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ts_sandbox_default = (struct ts_lua_bounds){
        .instructions = 1000000, .memory = (size_t)32 << 20, .time_ms = 5000};
    fuzz_sequence((ts_str){(const char *)data, size}, "lua", "f.lua");
    return 0;
}
