/* The facts document: what is read, refused, derived and written. */
#include "facts/document.h"
#include "pe_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static struct ts_facts *parse(const char *text)
{
    struct ts_facts *f = NULL;
    struct ts_err err = {0};

    cr_assert_eq(ts_facts_parse(&f, ts_str_of(text), "pc.json", &err), TS_OK, "%s\n%s",
                 text, err.text);
    return f;
}

static void is(struct ts_facts *f, const char *name, const char *value)
{
    const char *found = ts_facts_variable(f, name);

    cr_expect_str_eq(found ? found : "(none)", value ? value : "(none)", "%s", name);
}

Test(facts, variables_follow_from_classes)
{
    struct ts_facts *f = parse(
        "{\"taskseqFacts\":1,\"variables\":{\"Model\":\"Mine\",\"Memory\":1,\"IsX\":true}"
        ","
        "\"classes\":{"
        "\"win32_computersystem\":[{\"manufacturer\":\"Dell Inc. \",\"Model\":\"Other\","
        "\"Name\":\"PC-1\",\"TotalPhysicalMemory\":\"17179869184\"}],"
        "\"Win32_BIOS\":[{\"SerialNumber\":\"ABC\"}],"
        "\"Win32_SystemEnclosure\":[{\"ChassisTypes\":[1]},{\"ChassisTypes\":[10],"
        "\"SMBIOSAssetTag\":\"T\"}],"
        "\"Win32_Processor\":[{\"MaxClockSpeed\":2400,\"AddressWidth\":64,"
        "\"Architecture\":9}],"
        "\"Win32_OperatingSystem\":[{\"Version\":\"10.0.19045\",\"ProductType\":3}],"
        "\"Win32_NetworkAdapterConfiguration\":["
        "{\"IPEnabled\":false,\"MACAddress\":\"FF\"},"
        "{\"IPEnabled\":true,\"MACAddress\":\"AA\",\"IPAddress\":[\"1.1.1.1\",\"fe80::"
        "1\"],"
        "\"DefaultIPGateway\":[\"1.1.1.254\"]},"
        "{\"IPEnabled\":true,\"MACAddress\":\"BB\",\"DefaultIPGateway\":"
        "[\"1.1.1.254\"]}]}}");

    is(f, "Make", "Dell Inc.");
    is(f, "MODEL", "Mine"); /* what the document says counts */
    is(f, "Memory", "1");
    is(f, "IsX", "True");
    is(f, "HostName", "PC-1");
    is(f, "SerialNumber", "ABC");
    is(f, "AssetTag", NULL); /* of the first enclosure */
    is(f, "IsLaptop", "True");
    is(f, "IsDesktop", "False");
    is(f, "IsServer", "False");
    is(f, "IsVM", "False");
    is(f, "ProcessorSpeed", "2400");
    is(f, "Architecture", "X64");
    is(f, "OSCurrentVersion", "10.0.19045");
    is(f, "IsServerOS", "True");
    is(f, "MacAddress001", "AA");
    is(f, "MacAddress002", "BB");
    is(f, "MacAddress003", NULL);
    is(f, "IPAddress002", "fe80::1");
    is(f, "DefaultGateway001", "1.1.1.254");
    is(f, "DefaultGateway002", NULL);
    ts_facts_free(f);
}

Test(facts, kinds_of_machines)
{
    static const struct {
        const char *make, *model;
        int chassis;
        bool battery, laptop, desktop, server, vm;
        const char *platform;
    } t[] = {
        {"LENOVO", "20XW", 10, true, true, false, false, false, NULL},
        {"HP", "ProBook", 31, false, true, false, false, false, NULL},
        {"HP", "EliteDesk", 3, false, false, true, false, false, NULL},
        {"HPE", "ProLiant", 23, false, false, false, true, false, NULL},
        {"Microsoft Corporation", "Virtual Machine", 3, false, false, true, false, true,
         "Hyper-V"},
        {"Microsoft Corporation", "Surface Pro 7", 9, true, true, false, false, false,
         NULL},
        {"VMware, Inc.", "VMware7,1", 1, false, false, true, false, true, "VMware"},
        {"innotek GmbH", "VirtualBox", 1, true, true, false, false, true, "VirtualBox"},
        {"QEMU", "Standard PC (Q35 + ICH9, 2009)", 1, false, false, true, false, true,
         "KVM"},
        {"Xen", "HVM domU", 1, false, false, true, false, true, "Xen"},
    };

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        char *text =
            ts_format("{\"taskseqFacts\":1,\"classes\":{\"Win32_ComputerSystem\":[{"
                      "\"Manufacturer\":"
                      "\"%s\",\"Model\":\"%s\"}],\"Win32_SystemEnclosure\":[{"
                      "\"ChassisTypes\":[%d]}],"
                      "\"Win32_Battery\":[%s]}}",
                      t[i].make, t[i].model, t[i].chassis, t[i].battery ? "{}" : "");
        struct ts_facts *f = parse(text);
        is(f, "IsLaptop", t[i].laptop ? "True" : "False");
        is(f, "IsDesktop", t[i].desktop ? "True" : "False");
        is(f, "IsServer", t[i].server ? "True" : "False");
        is(f, "IsVM", t[i].vm ? "True" : "False");
        is(f, "VMPlatform", t[i].platform);
        ts_facts_free(f);
        ts_free(text);
    }
}

Test(facts, what_was_written_is_read_back)
{
    struct ts_facts *f =
        parse("{\"taskseqFacts\":1,\"classes\":{\"A\":[{\"x\":1,\"y\":[\"a"
              "\",2,null],\"z\":1.5}],\"ns:B\":[]},\"variables\":{\"M\":"
              "\"\xC3\xA4\\n\"}}");
    struct ts_buf first = {0}, second = {0};

    ts_facts_write(f, &first);
    struct ts_facts *g = parse(ts_buf_text(&first));
    ts_facts_write(g, &second);
    cr_expect_str_eq(ts_buf_text(&first), ts_buf_text(&second));
    cr_expect(ts_value_equal(ts_facts_classes(f), ts_facts_classes(g)));
    is(g, "M", "\xC3\xA4\n");
    ts_buf_free(&first);
    ts_buf_free(&second);
    ts_facts_free(f);
    ts_facts_free(g);
}

Test(facts, what_is_no_document_says_where)
{
    static const struct {
        const char *text, *says;
    } t[] = {
        {"", "pc.json:1:1"},
        {"[]", "taskseqFacts is missing"},
        {"{}", "taskseqFacts is missing"},
        {"{\"taskseqFacts\":2}",
         "pc.json:1:17: the facts are wrong: taskseqFacts must be"},
        {"{\"taskseqFacts\":1,\n\"vars\":{}}",
         "pc.json:2:8: the facts are wrong: vars is "
         "not known; there are variables"},
        {"{\"taskseqFacts\":1,\"variables\":[]}", "variables must be an object"},
        {"{\"taskseqFacts\":1,\"variables\":{\"A\":{}}}", "A must be a text"},
        {"{\"taskseqFacts\":1,\"variables\":{\"A b\":\"\"}}", "A b is no name"},
        {"{\"taskseqFacts\":1,\"variables\":{\"A\":\"x\\u0000y\"}}", "may not hold"},
        {"{\"taskseqFacts\":1,\"classes\":{\"A\":{}}}", "A must be a list"},
        {"{\"taskseqFacts\":1,\"classes\":{\"A\":[1]}}", "A must be a list of objects"},
        {"{\"taskseqFacts\":1,\"classes\":{\"A\":[{\"p\":{}}]}}", "p must be a text"},
        {"{\"taskseqFacts\":1,\"classes\":{\"A\":[{\"p\":[[]]}]}}", "p must be a text"},
        {"{\"taskseqFacts\":1,\"classes\":{\"\":[]}}", "is no name of a class"},
        {"{\"taskseqFacts\":1", "pc.json:1:"},
    };

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct ts_facts *f = NULL;
        struct ts_err err = {0};
        cr_expect_eq(ts_facts_parse(&f, ts_str_of(t[i].text), "pc.json", &err), TS_EINPUT,
                     "%s", t[i].text);
        cr_expect_not_null(strstr(err.text, t[i].says), "%s\n%s", t[i].text, err.text);
        cr_expect_null(f);
    }
}

Test(facts, too_much_is_refused)
{
    struct ts_buf b = {0};
    struct ts_facts *f = NULL;
    struct ts_err err = {0};

    ts_buf_z(&b, "{\"taskseqFacts\":1,\"variables\":{\"A\":1");
    for (int i = 0; i < 5000; i++) {
        ts_buf_fmt(&b, ",\"V%d\":1", i);
    }
    ts_buf_z(&b, "}}");
    cr_expect_eq(ts_facts_parse(&f, ts_buf_view(&b), "pc.json", &err), TS_EINPUT);
    cr_expect_not_null(strstr(err.text, "more than 5000"), "%s", err.text);
    ts_buf_clear(&b);
    ts_buf_z(&b, "{\"taskseqFacts\":1,\"classes\":{\"A\":[{}");
    for (int i = 0; i < 10000; i++) {
        ts_buf_z(&b, ",{}");
    }
    ts_buf_z(&b, "]}}");
    cr_expect_eq(ts_facts_parse(&f, ts_buf_view(&b), "pc.json", &err), TS_EINPUT);
    cr_expect_not_null(strstr(err.text, "at most 10000"), "%s", err.text);
    ts_buf_free(&b);
}

Test(facts, this_machine_says_something)
{
    struct ts_facts *f = ts_facts_gather();
    struct ts_wql_answer answer;
    struct ts_err err = {0};

    cr_expect_not_null(ts_facts_variable(f, "Memory"));
    cr_expect_not_null(ts_facts_variable(f, "IsLaptop"));
    is(f, "IsUEFI", ts_facts_uefi(f) ? "True" : "False");
    cr_assert_eq(
        ts_wql_query(f, TS_S("SELECT * FROM Win32_Processor WHERE NumberOfCores >= 1"),
                     NULL, NULL, &answer, &err),
        TS_OK);
    cr_expect_geq(answer.count, 1);
    cr_assert_eq(ts_wql_query(f,
                              TS_S("SELECT * FROM Win32_OperatingSystem WHERE OSType = "
                                   "36"),
                              NULL, NULL, &answer, &err),
                 TS_OK);
    cr_expect_eq(answer.count, 1);

    struct ts_buf text = {0};
    ts_facts_write(f, &text);
    struct ts_facts *again = parse(ts_buf_text(&text));
    cr_expect(ts_value_equal(ts_facts_variables(f), ts_facts_variables(again)));
    ts_buf_free(&text);
    ts_facts_free(again);
    ts_facts_free(f);
}

Test(facts, a_class_is_supplied_only_when_it_is_missing)
{
    struct ts_facts *f = parse("{\"taskseqFacts\":1,\"classes\":{\"A\":[]}}");
    struct ts_arena a = {0};
    struct ts_value *rows = ts_value_new(&a, TS_ARRAY);

    ts_value_push(rows, ts_value_new(&a, TS_OBJECT));
    ts_facts_supply(f, "a", rows);
    ts_facts_supply(f, "B", rows);
    ts_arena_fini(&a);
    cr_expect_eq(ts_value_get(ts_facts_classes(f), "A")->count, 0);
    cr_expect_eq(ts_value_get(ts_facts_classes(f), "B")->count, 1);
    cr_expect_not(ts_facts_uefi(f));
    ts_facts_free(f);
}
