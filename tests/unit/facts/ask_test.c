#include "facts/facts.h"
#include "facts/facts_internal.h"
#include "pe_file.h"
#include "platform/drives.h"
#include "platform/sysinfo.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static bool no_variable(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    (void)ctx;
    (void)name;
    (void)value;
    (void)secret;
    return false;
}

static enum ts_code ask(const char *text, bool *result, struct ts_buf *why,
                        struct ts_err *err)
{
    struct ts_arena a = {0};
    struct ts_expr *x = NULL;
    struct ts_expr_env env = {.variable = no_variable, .fact = ts_facts_ask};
    cr_assert_eq(ts_expr_parse(&x, &a, ts_str_of(text), err), TS_OK, "`%s`: %s", text,
                 err->text);
    enum ts_code rc = ts_expr_eval(x, &env, result, why, err);
    ts_arena_fini(&a);
    return rc;
}

/* One "machine": drive C: with a few files. */
static char *machine(void)
{
    static const unsigned v[4] = {10, 0, 19041, 1};
    uint8_t pe[PE_FILE_SIZE];
    char *dir = new_folder();
    struct timespec times[2] = {{.tv_sec = 1706702400, .tv_nsec = 123456789},
                                {.tv_sec = 1706702400, .tv_nsec = 123456789}};
    pe_file_build(pe, 0x8664, true, v);
    char *program = write_file(dir, "c/Program Files/App/app.exe", pe, sizeof pe);
    char *link_path = ts_format("%s/c/link.exe", dir);
    char *folder_link = ts_format("%s/c/folder-link", dir);
    char *root = ts_format("%s/c", dir);
    ts_free(write_file(dir, "c/plain.txt", "x", 1));
    cr_assert_eq(utimensat(AT_FDCWD, program, times, 0), 0); /* 2024-01-31T12:00:00Z */
    cr_assert_eq(symlink(program, link_path), 0);
    cr_assert_eq(symlink(root, folder_link), 0);
    cr_assert_eq(ts_drives_map('C', root, "volume", true, NULL), TS_OK);
    ts_free(program);
    ts_free(link_path);
    ts_free(folder_link);
    ts_free(root);
    return dir;
}

Test(facts_ask, files_and_folders)
{
    static const struct {
        const char *text;
        bool result;
        const char *saw;
    } t[] = {
        {"file('C:\\Program Files\\App\\app.exe')", true, "it exists"},
        {"file('c:/PROGRAM files/app/APP.EXE')", true, "it exists"},
        {"folder('C:\\Program Files\\App')", true, "it exists"},
        {"folder('C:\\Program Files\\App\\')", true, "it exists"},
        {"folder('C:\\')", true, "it exists"},
        {"folder('C:')", true, "it exists"},
        {"folder('/')", true, "it exists"},
        {"file('C:\\')", false, "it is a folder"},
        {"file('C:\\Program Files')", false, "it is a folder"},
        {"folder('C:\\plain.txt')", false, "it is a file"},
        {"file('C:\\none')", false, "it does not exist"},
        {"file('C:\\none\\deeper')", false, "it does not exist"},
        {"file('C:\\plain.txt\\deeper')", false, "it does not exist"},
        {"file('C:\\link.exe')", false, "links are not followed"},
        {"file('C:\\folder-link\\plain.txt')", false, "a link stands in its path"},
        {"folder('C:\\folder-link')", false, "links are not followed"},
        {"file('D:\\x')", false, "there is no drive D:"},
        {"file('/dev/null')", false, "neither"},
        {"file('C:\\Program Files\\App\\app.exe', version = '10.0.19041.1')", true,
         "its version is 10.0.19041.1"},
        {"file('C:\\Program Files\\App\\app.exe', version >= '10.0.9200')", true, ""},
        {"file('C:\\Program Files\\App\\app.exe', version < '10.0.9200')", false, ""},
        {"file('C:\\Program Files\\App\\app.exe', version != 10.0)", true, ""},
        {"file('C:\\Program Files\\App\\app.exe', version like '10.*')", true, ""},
        {"file('C:\\Program Files\\App\\app.exe', version not like '10.*')", false, ""},
        {"file('C:\\plain.txt', version != '1')", false, "it has no version"},
        {"file('C:\\none', version != '1')", false, "it does not exist"},
        {"file('C:\\Program Files\\App\\app.exe', modified = '2024-01-31T12:00:00Z')",
         true, "it was modified 2024-01-31T12:00:00.123Z"},
        {"file('C:\\Program Files\\App\\app.exe', modified = '20240131120000')", true,
         ""},
        {"file('C:\\Program Files\\App\\app.exe', "
         "modified = '20240131130000.000000+060')",
         false, ""}, /* said to the microsecond */
        {"file('C:\\Program Files\\App\\app.exe', "
         "modified = '20240131130000.123456+060')",
         true, ""},
        {"file('C:\\Program Files\\App\\app.exe', modified > '2024-01-31')", true, ""},
        {"file('C:\\Program Files\\App\\app.exe', modified > '2024-01-31T12:00:00Z')",
         false, ""},
        {"file('C:\\Program Files\\App\\app.exe', modified >= '2024-02-01')", false, ""},
        {"folder('C:\\Program Files', modified > '2020-01-01')", true, ""},
    };
    char *dir = machine();
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct ts_buf why = {0};
        struct ts_err err = {0};
        bool result = !t[i].result;
        cr_expect_eq(ask(t[i].text, &result, &why, &err), TS_OK, "`%s`: %s", t[i].text,
                     err.text);
        cr_expect_eq(result, t[i].result, "%s", ts_buf_text(&why));
        cr_expect(strstr(ts_buf_text(&why), t[i].saw), "%s", ts_buf_text(&why));
        cr_expect_eq(ask(t[i].text, &result, NULL, &err), TS_OK);
        ts_buf_free(&why);
    }
    ts_drives_clear();
    remove_folder(dir);
}

Test(facts_ask, what_cannot_be_asked_here_says_so)
{
    static const struct {
        const char *text;
        enum ts_code rc;
        const char *says;
    } t[] = {
        {"registry('HKLM\\X')", TS_EUNSUPPORTED, "no registry"},
        {"wmi('SELECT * FROM X')", TS_EUNSUPPORTED, "no WMI"},
        {"software('{A}')", TS_EUNSUPPORTED, "no Windows Installer"},
        {"file('C:\\x')", TS_EUNSUPPORTED, "--drive"}, /* no drives at all */
        {"file('\\\\server\\share\\x')", TS_EUNSUPPORTED, "network"},
        {"file('')", TS_EINPUT, "empty"},
        {"os('>=', '1', 'sparc')", TS_EINPUT, "x64, x86 and arm64"},
        {"folder('/', modified > 'yesterday')", TS_EINPUT, "is not a time"},
    };
    ts_drives_clear();
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct ts_err err = {0};
        bool result;
        cr_expect_eq(ask(t[i].text, &result, NULL, &err), t[i].rc, "`%s`: %s", t[i].text,
                     err.text);
        cr_expect(strstr(err.text, t[i].says), "`%s`: %s", t[i].text, err.text);
    }
}

Test(facts_ask, the_running_system)
{
    char release[64], text[160];
    struct ts_buf why = {0};
    struct ts_err err = {0};
    bool result = false;
    ts_os_version(release);
    cr_assert_neq(release[0], '\0');
    release[strspn(release, "0123456789.")] = '\0';
    snprintf(text, sizeof text, "os('=', '%s')", release);
    cr_assert_eq(ask(text, &result, &why, &err), TS_OK, "%s", err.text);
    cr_expect(result, "%s", ts_buf_text(&why));
    cr_expect(strstr(ts_buf_text(&why), release), "%s", ts_buf_text(&why));
    cr_assert_eq(ask("os('>', '9999.0')", &result, NULL, &err), TS_OK);
    cr_expect_not(result);
    cr_assert_eq(ask("os('>=', '2.6')", &result, NULL, &err), TS_OK);
    cr_expect(result);

    const char *machine_name = ts_platform_arch();
    const char *same = strcmp(machine_name, "x86_64") == 0    ? "X64"
                       : strcmp(machine_name, "aarch64") == 0 ? "arm64"
                                                              : "x86";
    const char *other = strcmp(same, "X64") == 0 ? "arm64" : "x64";
    snprintf(text, sizeof text, "os('>=', '2.6', '%s')", same);
    cr_assert_eq(ask(text, &result, NULL, &err), TS_OK, "%s", err.text);
    cr_expect(result);
    snprintf(text, sizeof text, "os('>=', '2.6', '%s')", other);
    cr_assert_eq(ask(text, &result, NULL, &err), TS_OK);
    cr_expect_not(result);
    ts_buf_free(&why);
}

Test(facts_moment, both_ways_of_writing_a_time)
{
    static const struct {
        const char *text;
        int64_t seconds, unit;
    } good[] = {
        {"1970-01-01", 0, 1000000000},
        {"19700101", 0, 1000000000},
        {"2024-02-29T23:59:59Z", 1709251199, 1000000000},
        {"2024-02-29 23:59:59", 1709251199, 1000000000},
        {"2024-03-01T01:59:59+02:00", 1709251199, 1000000000},
        {"2024-02-29T21:29:59-02:30", 1709251199, 1000000000},
        {"2024-02-29T23:59:59.000Z", 1709251199, 1000000},
        {"20240229235959", 1709251199, 1000000000},
        {"20240229235959.000000+000", 1709251199, 1000},
        {"20240301015959.000000+120", 1709251199, 1000},
        {"20240229235959.******+***", 1709251199, 1000000000},
        {"1969-12-31T23:59:59Z", -1, 1000000000},
        {" 2100-03-01 ", 4107542400, 1000000000},
    };
    static const char *const bad[] = {
        "",
        "yesterday",
        "2024",
        "2024-13-01",
        "2024-02-30",
        "2023-02-29",
        "20240230",
        "2024-02-29T24:00:00Z",
        "2024-02-29T",
        "2024-02-29T10:00",
        "202402291",
        "2024-02-29T10:00:00.Z",
        "2024-02-29T10:00:00+0200",
        "20240229235959.000000+12",
        "2024-02-29x",
        "20240229235959+000x",
        "1500-01-01",
        "9999-01-01",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t ns = 1, unit = 1;
        cr_expect(ts_moment_parse(ts_str_of(good[i].text), &ns, &unit), "%s",
                  good[i].text);
        cr_expect_eq(ns, good[i].seconds * 1000000000, "%s: %lld", good[i].text,
                     (long long)ns);
        cr_expect_eq(unit, good[i].unit, "%s: %lld", good[i].text, (long long)unit);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ns, unit;
        cr_expect_not(ts_moment_parse(ts_str_of(bad[i]), &ns, &unit), "%s", bad[i]);
    }
}

Test(facts_moment, no_text_breaks_the_reader)
{
    uint64_t state = 7;
    for (int i = 0; i < 100000; i++) {
        char text[40];
        int64_t ns, unit = 1;
        size_t n = (state >> 40) % sizeof text;
        for (size_t k = 0; k < n; k++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            text[k] = "0123456789012345-:.TZ+* "[(state >> 33) % 24];
        }
        if (ts_moment_parse((ts_str){text, n}, &ns, &unit)) {
            cr_assert(unit >= 1 && unit <= 1000000000);
        }
        state++;
    }
}
