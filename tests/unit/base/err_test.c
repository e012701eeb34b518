#include "base/err.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(err, fail_fills_the_error_and_returns_its_code)
{
    struct ts_err err = {0};

    cr_assert_eq(ts_fail(&err, TS_EINPUT, "cannot read %s", "x"), TS_EINPUT);
    cr_assert_eq(err.code, TS_EINPUT);
    cr_assert_eq(err.os, 0);
    cr_assert_str_eq(err.text, "cannot read x");
    cr_assert_eq(ts_fail(NULL, TS_EIO, "nobody listens"), TS_EIO);
}

Test(err, arguments_may_come_from_the_error_itself)
{
    struct ts_err err = {0};

    ts_fail(&err, TS_EIO, "inner");
    ts_fail(&err, TS_EINPUT, "outer: %s", err.text);
    cr_assert_str_eq(err.text, "outer: inner");
}

Test(err, system_reasons_choose_the_code)
{
    static const struct {
        int os;
        enum ts_code code;
    } table[] = {
        {ENOENT, TS_ENOTFOUND}, {ENOTDIR, TS_ENOTFOUND}, {EEXIST, TS_EEXIST},
        {EACCES, TS_EACCESS},   {EROFS, TS_EACCESS},     {ENOSPC, TS_ENOSPC},
        {EDQUOT, TS_ENOSPC},    {EBUSY, TS_EBUSY},       {EXDEV, TS_EXDEV},
        {EMLINK, TS_EMLINK},    {ELOOP, TS_ELINK},       {EOPNOTSUPP, TS_EUNSUPPORTED},
        {EIO, TS_EIO},          {EINVAL, TS_EIO},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ts_err err = {0};
        cr_expect_eq(ts_fail_os(&err, table[i].os, "cannot"), table[i].code, "errno %d",
                     table[i].os);
        cr_expect_eq(err.os, table[i].os);
    }
    struct ts_err err = {0};
    ts_fail_os(&err, ENOENT, "cannot open %s", "/x");
    cr_assert_str_eq(err.text, "cannot open /x: no such file or directory");
}

Test(err, reason_survives_a_very_long_name)
{
    static char name[5000];
    struct ts_err err = {0};

    memset(name, 'n', sizeof name - 1);
    ts_fail_os(&err, ENOENT, "cannot open %s", name);
    cr_assert_lt(strlen(err.text), sizeof err.text);
    cr_assert(strstr(err.text, ": no such file or directory"));
}

Test(err, text_is_never_cut_inside_a_character)
{
    static char
        name[3000]; /* one byte, then two-byte characters: the limit falls inside */
    struct ts_err err = {0};

    for (size_t i = 0; i + 2 < sizeof name; i += 2) {
        memcpy(name + i, "\xC3\xA4", 2);
    }
    ts_fail(&err, TS_EIO, "%s", name);
    cr_assert_eq((unsigned char)err.text[strlen(err.text) - 1], 0xA4);
    ts_fail(&err, TS_EIO, "x%s", name);
    cr_assert_eq((unsigned char)err.text[strlen(err.text) - 1], 0xA4);
}

/* Reasons are kept in sequences and records, which must be UTF-8. */
Test(err, text_is_utf8_whatever_goes_in)
{
    struct ts_err err = {0};

    ts_fail(&err, TS_EINPUT, "no operator `%.4s`", "eq\xE2\x88\x80x");
    cr_expect_str_eq(err.text, "no operator `eq?`");
    ts_fail(&err, TS_EINPUT, "\xFF\xFE""a\xC3\xA4\xED\xA0\x80 \xEF\xBF\xBD");
    cr_expect_str_eq(err.text, "?a\xC3\xA4? \xEF\xBF\xBD");
    ts_err_context(&err, "%s", "n\xC3");
    cr_expect_str_eq(err.text, "n?: ?a\xC3\xA4? \xEF\xBF\xBD");
    ts_fail_os(&err, ENOENT, "cannot open %s", "\xE4.txt");
    cr_expect(ts_utf8_valid(ts_str_of(err.text)), "%s", err.text);
}

Test(err, context_goes_in_front)
{
    struct ts_err err = {0};

    ts_fail(&err, TS_ENOSPC, "disk full");
    cr_assert_eq(ts_err_context(&err, "step %d", 3), TS_ENOSPC);
    cr_assert_str_eq(err.text, "step 3: disk full");
    cr_assert_eq(err.code, TS_ENOSPC);
}

Test(err, every_code_has_a_name)
{
    for (int c = TS_OK; c <= TS_ELINK; c++) {
        const char *name = ts_code_name((enum ts_code)c);
        cr_expect(name && name[0] && strcmp(name, "unknown") != 0, "code %d", c);
    }
    cr_assert_str_eq(ts_code_name(TS_ENOTFOUND), "not found");
    cr_assert_str_eq(ts_code_name((enum ts_code)999), "unknown");
}

Test(wincode, formats)
{
    static const struct {
        long long code;
        const char *text;
    } table[] = {
        {0x80070002LL,
         "0x80070002 (2147942402): the system cannot find the file specified"},
        {-2147024894LL,
         "0x80070002 (2147942402): the system cannot find the file specified"},
        {-2147467259LL, "0x80004005 (2147500037): unspecified error"},
        {0x80004004LL, "0x80004004 (2147500036): the operation was aborted"},
        {0x80070005LL, "0x80070005 (2147942405): access is denied"},
        {0x800705B4LL, "0x800705B4 (2147943860): the time limit was reached"},
        {0x80070032LL, "0x80070032 (2147942450): the request is not supported"},
        {-1, "0xFFFFFFFF (4294967295)"},
        {0x8007FFFFLL, "0x8007FFFF (2148007935)"},
        {0, "0"},
        {2, "2"},
        {5, "5"},
        {259, "259"},
        {3010, "3010 (a restart is needed to complete the work)"},
        {1641, "1641 (the installer has started a restart)"},
        {1603, "1603 (a fatal error occurred during the installation)"},
        {1618, "1618 (another installation is in progress)"},
        {1460, "1460 (the time limit was reached)"},
        {4294967296LL, "4294967296"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char buf[200];
        cr_expect_str_eq(ts_wincode_format(buf, sizeof buf, table[i].code),
                         table[i].text);
    }
    char small[8];
    cr_assert_str_eq(ts_wincode_format(small, sizeof small, 0x80070002LL), "0x80070");
}

Test(wincode, texts_of_every_form_of_a_code)
{
    cr_assert_str_eq(ts_wincode_text(2), "the system cannot find the file specified");
    cr_assert_str_eq(ts_wincode_text(0x80070002LL), ts_wincode_text(2));
    cr_assert_str_eq(ts_wincode_text(-2147024894LL), ts_wincode_text(2));
    cr_assert_null(ts_wincode_text(0));
    cr_assert_null(ts_wincode_text(999999));
    cr_assert_null(ts_wincode_text(0x180070002LL));

    static const int wanted[] = {2,    3,    5,    8,    13,   32,   33,   50,
                                 80,   87,   112,  123,  126,  145,  183,  193,
                                 206,  267,  740,  995,  1223, 1460, 1603, 1605,
                                 1612, 1618, 1619, 1620, 1638, 1641, 3010};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        cr_expect_not_null(ts_wincode_text(wanted[i]), "%d", wanted[i]);
    }
}
