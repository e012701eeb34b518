/* The structure table of a machine's firmware. */
#include "fuzz.h"

#include "facts/document.h"

#include <string.h>

static void check_text(const char *text)
{
    FUZZ_CHECK(!text || (*text && strlen(text) < 65536 && ts_utf8_valid(ts_str_of(text))),
               "no text: %s", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ts_smbios s = {0};
    struct ts_arena a = {0};

    ts_smbios_parse(&s, &a, (ts_str){(const char *)data, size});
    const char *const texts[] = {s.dmi.bios_vendor,
                                 s.dmi.bios_version,
                                 s.dmi.bios_date,
                                 s.dmi.vendor,
                                 s.dmi.product,
                                 s.dmi.version,
                                 s.dmi.serial,
                                 s.dmi.uuid,
                                 s.dmi.sku,
                                 s.dmi.family,
                                 s.dmi.board_vendor,
                                 s.dmi.board_product,
                                 s.dmi.board_version,
                                 s.dmi.board_serial,
                                 s.dmi.chassis_vendor,
                                 s.dmi.chassis_version,
                                 s.dmi.chassis_serial,
                                 s.dmi.chassis_asset,
                                 s.cpu_name};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_text(texts[i]);
    }
    FUZZ_CHECK(s.memory_count <= 64 && (!s.dmi.uuid || strlen(s.dmi.uuid) == 36),
               "%zu modules, UUID %s", s.memory_count, s.dmi.uuid);
    for (size_t i = 0; i < s.memory_count; i++) {
        check_text(s.memory[i].locator);
        check_text(s.memory[i].vendor);
        check_text(s.memory[i].serial);
        check_text(s.memory[i].part);
    }
    ts_arena_fini(&a);
    return 0;
}
