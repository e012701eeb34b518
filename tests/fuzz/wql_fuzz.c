/* WQL queries over a machine's facts. */
#include "fuzz.h"

#include "facts/wql.h"

#include <string.h>

static const char document[] =
    "{\"taskseqFacts\":1,\"classes\":{"
    "\"Win32_ComputerSystem\":[{\"Manufacturer\":\"Dell Inc.\",\"Model\":\"Latitude\","
    "\"Total\":17179869184,\"Present\":true,\"Domain\":null,\"Path\":\"C:\\\\Win\","
    "\"Ratio\":1.5,\"Number\":\"250\",\"Zeros\":\"007\",\"Quote\":\"it's\"}],"
    "\"Win32_LogicalDisk\":["
    "{\"DeviceID\":\"C:\",\"DriveType\":3,\"FileSystem\":\"NTFS\",\"Size\":\"100\"},"
    "{\"DeviceID\":\"X:\",\"DriveType\":3,\"FileSystem\":\"NTFS\",\"Size\":\"5\"},"
    "{\"DeviceID\":\"D:\",\"DriveType\":5}],"
    "\"Win32_SystemEnclosure\":[{\"ChassisTypes\":[9,12],\"Tags\":[\"a\",\"b\"]}],"
    "\"Win32_Battery\":[],"
    "\"root\\\\wmi:MSPower\":[{\"Enable\":true}]}}";

static void quiet(void *ctx, const char *text)
{
    (void)ctx;
    FUZZ_CHECK(*text, "an empty warning");
}

static struct ts_facts *facts(void)
{
    static struct ts_facts *f;
    struct ts_err err;

    if (!f) {
        FUZZ_CHECK(ts_facts_parse(&f, TS_S(document), "facts", &err) == TS_OK, "%s",
                   err.text);
        ts_facts_on_warning(f, quiet, NULL);
    }
    return f;
}

static void query(ts_str text, const char *ns)
{
    struct ts_arena a = {0};
    struct ts_wql_answer answer = {0}, counted = {0};
    struct ts_err err = {0}, other = {0};
    enum ts_code good = ts_wql_check(text, &other);
    enum ts_code rc = ts_wql_query(facts(), text, ns, &a, &answer, &err);

    FUZZ_CHECK(rc == good, "asked: %s (%s), checked: %s (%s)", ts_code_name(rc), err.text,
               ts_code_name(good), other.text);
    if (rc == TS_OK) {
        FUZZ_CHECK(ts_wql_query(facts(), text, ns, NULL, &counted, &err) == TS_OK &&
                       counted.count == answer.count,
                   "%zu rows, counted %zu", answer.count, counted.count);
        FUZZ_CHECK(answer.count <= 3 && (!answer.unknown[0] || answer.count == 0) &&
                       (!answer.rows || answer.rows->count == answer.count),
                   "%zu rows", answer.count);
    } else {
        FUZZ_CHECK(rc == TS_EUNSUPPORTED || rc == TS_ELIMIT ||
                       (rc == TS_EINPUT &&
                        (strstr(err.text, "column ") || memchr(text.p, '\0', text.n))),
                   "%s: %s", ts_code_name(rc), err.text);
    }
    ts_arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ts_str text = {(const char *)data, size};

    query(text, NULL);
    query(text, "root\\wmi");
    return 0;
}
