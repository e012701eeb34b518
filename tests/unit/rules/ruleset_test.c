/* Rules files: reading them, working through them, what they must not do. */
#include "rules/ruleset_internal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

/* What is known before: "Name=value" texts; `fixed` ones win over rules. */
struct before {
    const char *const *fixed, *const *weak;
};

static bool in(const char *const *list, ts_str name, ts_str *value)
{
    for (; list && *list; list++) {
        ts_str rest = ts_str_of(*list), key;
        (void)ts_str_cut(&rest, '=', &key);
        if (ts_str_caseeq(key, name)) {
            *value = rest;
            return true;
        }
    }
    return false;
}

static bool fixed(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    const struct before *b = ctx;

    (void)secret;
    return in(b->fixed, name, value);
}

static bool known(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    const struct before *b = ctx;

    *secret = *secret || ts_str_caseeq(name, TS_S("Hidden"));
    return in(b->fixed, name, value) || in(b->weak, name, value);
}

static bool secret_name(void *ctx, ts_str name)
{
    (void)ctx;
    return ts_str_like(name, TS_S("*Password"));
}

static struct ts_rules_result result;
static struct ts_err err;

static enum ts_code apply_text(ts_str text, const struct before *b)
{
    struct ts_ruleset *r = NULL;
    struct ts_rules_env env = {(void *)(uintptr_t)b, fixed, known, secret_name};

    ts_rules_result_fini(&result);
    err = (struct ts_err){0};
    enum ts_code rc = ts_ruleset_parse(&r, text, "cs.ini", &err);
    if (rc == TS_OK) {
        rc = ts_ruleset_apply(r, &env, &result, &err);
    }
    ts_ruleset_free(r);
    return rc;
}

/* All that is set, in order: "A=1 (5 [Default]);B=2 ..."; secrets in <>. */
static char *summary(void)
{
    struct ts_buf b = {0};

    for (size_t i = 0; i < result.set_count; i++) {
        const struct ts_rule_set *s = &result.set[i];
        ts_buf_fmt(&b, "%s%s=%s%s%s (%d [%s])", i ? "; " : "", s->name,
                   s->secret ? "<" : "", s->value, s->secret ? ">" : "", s->line,
                   s->section);
    }
    ts_buf_z(&b, "");
    return b.p ? ts_buf_take(&b) : ts_strdup("");
}

static bool noted(int line, const char *part)
{
    for (size_t i = 0; i < result.note_count; i++) {
        if (result.notes[i].line == line && strstr(result.notes[i].text, part)) {
            return true;
        }
    }
    return false;
}

static void gives(const char *text, const struct before *b, const char *want)
{
    static const struct before nothing;

    cr_assert_eq(apply_text(ts_str_of(text), b ? b : &nothing), TS_OK, "%s\n%s", text,
                 err.text);
    char *got = summary();
    cr_expect_str_eq(got, want, "%s", text);
    ts_free(got);
}

static void cleanup(void)
{
    ts_rules_result_fini(&result);
}

TestSuite(rules, .fini = cleanup, .timeout = 60);

Test(rules, the_first_value_found_counts)
{
    gives("[Settings]\nPriority=A, B ,C\n[C]\nX=3\nZ=3\n[A]\nX=1\n[B]\nX=2\nY=2\n", NULL,
          "X=1 (7 [A]); Y=2 (10 [B]); Z=3 (5 [C])");
    gives("[Settings]\nPriority=A,B\n[A]\nX=\n[B]\nX=2\n", NULL, "X=2 (6 [B])");
    gives("[Settings]\nPriority=A\n[A]\nX=1\nx=2\n", NULL, "X=1 (4 [A])");
    cr_expect(noted(5, "x stands in the section twice; line 4 counts"));
    gives("[settings]\npriority=a\n[A]\nX=1\n[a]\nY=2\n", NULL,
          "X=1 (4 [A]); Y=2 (6 [A])");
    cr_expect(noted(5, "stands in the file twice"));
}

Test(rules, what_has_a_value_keeps_it)
{
    static const char *const before[] = {"OSDComputerName=MINE", NULL};
    static const char *const weak[] = {"Site=Weak", NULL};
    struct before b = {before, weak};

    gives("[Settings]\nPriority=Default\n[Default]\nosdcomputername=PC\nSite=HQ\n", &b,
          "Site=HQ (5 [Default])");
    cr_expect(noted(4, "has a value already"));
}

Test(rules, sections_by_the_value_of_a_variable)
{
    static const char *const facts[] = {"Model=Latitude E7270",
                                        "MacAddress001=AA:01",
                                        "MacAddress002=AA:02",
                                        "DefaultGateway001=10.0.0.1",
                                        "SerialNumber=ABC1234567890",
                                        "IsLaptop=True",
                                        NULL};
    struct before b = {facts, NULL};

    gives("[Settings]\nPriority=SerialNumber,Model,Default\n[latitude e7270]\nX=1\n"
          "[Default]\nX=2\n",
          &b, "X=1 (4 [latitude e7270])");
    gives("[Settings]\nPriority=MacAddress\n[AA:02]\nX=2\n[AA:01]\nY=1\n", &b,
          "Y=1 (6 [AA:01]); X=2 (4 [AA:02])");
    gives(
        "[Settings]\nPriority=DefaultGateway,Default\n[DefaultGateway]\n10.0.0.1=HQ, EU\n"
        "10.0.0.1=Never\n10.0.0.2=Other\n[HQ]\nX=1\n[EU]\nX=2\nY=2\n[Default]\nX=3\n",
        &b,
        "Location001=HQ (4 [DefaultGateway]); X=1 (8 [HQ]); "
        "Location002=EU (4 [DefaultGateway]); Y=2 (11 [EU])");
    /* no gateway: the section that only gives names is none to work through */
    gives("[Settings]\nPriority=DefaultGateway,Default\n[DefaultGateway]\n10.0.0.1=HQ\n"
          "[Default]\nX=3\n",
          NULL, "X=3 (6 [Default])");
    /* what rules set before counts too */
    gives("[Settings]\nPriority=Init,Kind\nProperties=Kind\n[Init]\nKind=K-%IsLaptop%\n"
          "[K-True]\nX=1\n",
          &b, "Kind=K-True (5 [Init]); X=1 (7 [K-True])");
}

Test(rules, subsections_come_after_the_own_lines)
{
    static const char *const facts[] = {"IsLaptop=True", NULL};
    struct before b = {facts, NULL};

    gives("[Settings]\nPriority=By,Default\n[By]\nSubsection=Laptop-%IsLaptop%\nX=0\n"
          "[Laptop-True]\nX=1\nY=1\n[Laptop-False]\nY=2\n[Default]\nY=3\nZ=3\n",
          &b, "X=0 (5 [By]); Y=1 (8 [Laptop-True]); Z=3 (13 [Default])");
    gives("[Settings]\nPriority=A\n[A]\nX=1\nSubsection=B\n[B]\nSubsection=A\n", NULL,
          "X=1 (4 [A])");
    cr_expect(noted(3, "takes itself along"));
}

Test(rules, values_are_expanded)
{
    static const char *const facts[] = {"SerialNumber=ABC 123-4567",
                                        "MacAddress001=AA:01", "Hidden=s3cret", NULL};
    static const struct {
        const char *value, *want;
    } t[] = {
        {"PC-%SerialNumber%", "PC-ABC 123-4567"},
        {"%MacAddress%", "AA:01"},
        {"100%%Nope%", "100%%Nope%"},
        {"PC-#Left(\"%SerialNumber%\",3)#-L", "PC-ABC-L"},
        {"#Right(\"%SerialNumber%\", 4)#", "4567"},
        {"#Right(Replace(Replace(oEnvironment.Item(\"SerialNumber\"),\" "
         "\",\"\"),\"-\",\"\")"
         ",5)#",
         "34567"},
        {"#Mid(\"abcdef\", 2, 3) & \"-\" & UCase(\"x\") & LCase(\"Y\")#", "bcd-Xy"},
        {"#Mid(\"abc\", 3)##Left(\"xyz\",1)#", "cx"},
        {"#Trim(\"  a \") & Len(\"\xC3\xA4x\") & (\"(\" & 5 & \")\")#", "a2(5)"},
        {"#Left(\"\xC3\xA4\xC3\xB6x\", 2)#", "\xC3\xA4\xC3\xB6"},
        {"#\"say \"\"yes\"\"\"#", "say \"yes\""},
        {"P@ss#word", "P@ss#word"},
        {"##x##", "##x##"},
        {"#Left(\"ab\",50)#", "ab"},
    };
    struct before b = {facts, NULL};

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        char *text = ts_format("[Settings]\nPriority=D\n[D]\nOSDX=%s\n", t[i].value);
        cr_assert_eq(apply_text(ts_str_of(text), &b), TS_OK);
        cr_assert_eq(result.set_count, 1, "%s: %s", t[i].value,
                     result.note_count ? result.notes[0].text : "");
        cr_expect_str_eq(result.set[0].value, t[i].want, "%s", t[i].value);
        ts_free(text);
    }
    gives("[Settings]\nPriority=D\n[D]\nOSDX=a%Hidden%\nAdminPassword=p\n", &b,
          "OSDX=<as3cret> (4 [D]); AdminPassword=<p> (5 [D])");
}

Test(rules, what_needs_a_script_is_noted_and_left_out)
{
    static const struct {
        const char *lines, *want, *note;
    } t[] = {
        {"OSDX=#SetName(\"a\")#\nSiteName=1\n", "SiteName=1 (5 [D])", "needs a script"},
        {"OSDX=x#day(date)#\n", "", "needs a script"},
        {"OSDX=#Left(\"a\"#\n", "", "is not closed"},
        {"OSDX=#Left(\"a,1)#\n", "", "has no end"},
        {"OSDX=#Left(\"a\",\"b\")#\n", "", "no whole number"},
        {"OSDX=#Left(\"a\",0-1)#\n", "", ""},
        {"OSDX=#Left()#\n", "", "too few"},
        {"OSDX=#Right( )#\n", "", "too few"},
        {"OSDX=#Mid()#\n", "", "too few"},
        {"OSDX=#Left(\"a\")#\n", "", "too few"},
        {"OSDX=#Left(\"a\",1,1)#\n", "", "too many"},
        {"OSDX=#Mid(\"a\",1,1,1)#\n", "", "too many"},
        {"OSDX=#Mid(\"a\",0)#\n", "", "out of range"},
        {"OSDX=#1+1#\n", "", "needs a script"},
        {"UserExit=a.vbs\nSiteName=1\n", "SiteName=1 (5 [D])", "the script a.vbs is not"},
        {"SQLServer=s\nDatabase=d\nSiteName=1\n", "", "asks a database"},
        {"WebService=http://x\nParameters=UUID\n", "", "asks a web service"},
        {"Subsection=#X()#\nSiteName=1\n", "SiteName=1 (5 [D])",
         "subsection is left out"},
        {"A b=1\nSiteName=1\n", "SiteName=1 (5 [D])", "is no name of a variable"},
        {"Adminpassowrd=1\n", "Adminpassowrd=1 (4 [D])", "did you mean AdminPassword?"},
        {"just text\n", "", "neither a section nor NAME=VALUE"},
    };

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        char *text = ts_format("[Settings]\nPriority=D\n[D]\n%s", t[i].lines);
        gives(text, NULL, t[i].want);
        cr_assert_geq(result.note_count, 1, "%s", t[i].lines);
        cr_expect(noted(4, t[i].note) || noted(3, t[i].note), "%s: %s", t[i].lines,
                  result.notes[0].text);
        ts_free(text);
    }
}

Test(rules, declared_properties_need_no_note)
{
    gives(
        "[Settings]\nPriority=D\nProperties=Mine; Other ,List(*)\n[D]\nMine=1\nother=2\n"
        "List001=a\nList002=b\nApplications001=c\nIsMine=d\n",
        NULL,
        "Mine=1 (5 [D]); other=2 (6 [D]); List001=a (7 [D]); List002=b (8 [D]); "
        "Applications001=c (9 [D]); IsMine=d (10 [D])");
    cr_expect_eq(result.note_count, 0);
}

Test(rules, odd_files_are_met_leniently)
{
    gives(
        " [ Settings ] ; x\r\n Priority = D \r\n\r\n[D\r\n X = 1 = 2 \r\n;Y=1\r\n# z\r\n"
        "#c=1\n=5\nZ=[a]\rW=\"q\"",
        NULL, "X=1 = 2 (5 [D]); Z=[a] (10 [D]); W=\"q\" (11 [D])");
    cr_expect(noted(4, "has no ]"));
    cr_expect(noted(9, "neither a section nor NAME=VALUE"));
    gives("X=0\n[Settings]\nPriority=D,Nope\n[D]\nOSDX=1\n", NULL, "OSDX=1 (5 [D])");
    cr_expect(noted(1, "before the first section"));
    cr_expect(noted(3, "Priority names Nope, which is neither"));
    gives("[Default]\nX=1\n", NULL, "");
    cr_expect(noted(0, "there is no Priority"));
    gives("[Settings]\n[Default]\nX=1\n", NULL, "");
    cr_expect(noted(1, "there is no Priority"));
}

static void gives_bytes(const char *bytes, size_t n, const char *want)
{
    static const struct before nothing;

    cr_assert_eq(apply_text((ts_str){bytes, n}, &nothing), TS_OK, "%s", err.text);
    char *got = summary();
    cr_expect_str_eq(got, want);
    ts_free(got);
}

static void utf16(struct ts_buf *b, const char *text, bool big)
{
    ts_buf_add(b, big ? "\xFE\xFF" : "\xFF\xFE", 2);
    for (; *text; text++) {
        char pair[2] = {big ? 0 : *text, big ? *text : 0};
        ts_buf_add(b, pair, 2);
    }
}

Test(rules, encodings)
{
    static const char text[] = "[Settings]\r\nPriority=D\r\n[D]\r\nOSDX=1\r\n";
    struct ts_buf b = {0};

    for (int big = 0; big < 2; big++) {
        ts_buf_clear(&b);
        utf16(&b, text, big);
        gives_bytes(b.p, b.n, "OSDX=1 (4 [D])");
    }
    /* U+1F600 by two units, and half of one */
    ts_buf_clear(&b);
    utf16(&b, "[Settings]\nPriority=D\n[D]\nOSDX=", false);
    ts_buf_add(&b, "\x3D\xD8\x00\xDE\x3D\xD8\n\0", 8);
    gives_bytes(b.p, b.n, "OSDX=\xF0\x9F\x98\x80\xEF\xBF\xBD (4 [D])");
    gives("\xEF\xBB\xBF[Settings]\nPriority=D\n[D]\nOSDX=\xC3\xA4\n", NULL,
          "OSDX=\xC3\xA4 (4 [D])");
    gives("[Settings]\nPriority=D\n[D]\nOSDX=\xE4\x80\n", NULL,
          "OSDX=\xC3\xA4\xE2\x82\xAC (4 [D])");
    ts_buf_free(&b);
}

Test(rules, what_is_no_rules_file)
{
    static const struct before nothing;
    static const struct {
        const char *bytes;
        size_t n;
        const char *says;
    } t[] = {
        {"", 0, "has no [section]"},
        {"hello\n", 6, "has no [section]"},
        {"[Settings]\nA=\0x", 15, "zero bytes"},
        {"\x7F"
         "ELF\0\0",
         6, "zero bytes"},
    };

    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        cr_expect_eq(apply_text((ts_str){t[i].bytes, t[i].n}, &nothing), TS_EINPUT);
        cr_expect_not_null(strstr(err.text, t[i].says), "%s", err.text);
        cr_expect_not_null(strstr(err.text, "cs.ini: "), "%s", err.text);
    }
}

/* head, then `count` times a line with its number in it. */
static enum ts_code many(const char *head, const char *line, int count)
{
    static const struct before nothing;
    struct ts_buf b = {0};

    ts_buf_z(&b, head);
    for (int i = 0; i < count; i++) {
        char *one = ts_format("%d", i);
        for (const char *p = line; *p; p++) {
            if (*p == '@') {
                ts_buf_z(&b, one);
            } else {
                ts_buf_c(&b, *p);
            }
        }
        ts_free(one);
    }
    enum ts_code rc = apply_text(ts_buf_view(&b), &nothing);
    ts_buf_free(&b);
    return rc;
}

Test(rules, bounds_hold)
{
    clock_t start = clock();

    cr_expect_eq(many("[Settings]\nPriority=S0\n", "[S@]\nSubsection=S@1\n", 20), TS_OK);
    cr_expect_eq(many("", "[S@]\n", 10001), TS_ELIMIT);
    cr_expect_eq(many("[S]\n", "\n", 100001), TS_ELIMIT);
    cr_expect_eq(many("[S]\nA=", "0123456789", 10000), TS_ELIMIT);
    cr_expect_eq(
        many("[S]\n", ";0123456789012345678901234567890123456789012345\n", 90000),
        TS_ELIMIT);
    /* values that double do not grow without end */
    cr_expect_eq(
        many("[Settings]\nPriority=D\n[D]\nOSD0=0123456789012345678901234567890\n",
             "OSD@1=%OSD@%%OSD@%%OSD@%%OSD@%\nOSD@=%OSD0%%OSD0%\n", 2000),
        TS_OK);
    struct ts_buf b = {0};
    static const struct before nothing;
    ts_buf_z(&b, "[Settings]\nPriority=D\n[D]\nOSDA=0123456789012345\n");
    for (char c = 'B'; c <= 'Z'; c++) {
        ts_buf_fmt(&b, "OSD%c=%%OSD%c%%%%OSD%c%%%%OSD%c%%\n", c, c - 1, c - 1, c - 1);
    }
    cr_expect_eq(apply_text(ts_buf_view(&b), &nothing), TS_OK, "%s", err.text);
    size_t longest = 0;
    for (size_t i = 0; i < result.set_count; i++) {
        size_t n = strlen(result.set[i].value);
        longest = n > longest ? n : longest;
    }
    cr_expect_leq(longest, 64 << 10);
    ts_buf_free(&b);
    cr_expect_lt(clock() - start, 10 * CLOCKS_PER_SEC);
}

Test(rules, a_chain_of_subsections_is_bounded)
{
    static const struct before nothing;
    struct ts_buf b = {0};

    ts_buf_z(&b, "[Settings]\nPriority=S0\n");
    for (int i = 0; i < 40; i++) {
        ts_buf_fmt(&b, "[S%d]\nSubsection=S%d\n", i, i + 1);
    }
    cr_expect_eq(apply_text(ts_buf_view(&b), &nothing), TS_ELIMIT);
    cr_expect_not_null(strstr(err.text, "nested deeper than 32"), "%s", err.text);
    /* two subsections each: their number would double with every section */
    ts_buf_clear(&b);
    ts_buf_z(&b, "[Settings]\nPriority=S0\n");
    for (int i = 0; i < 30; i++) {
        ts_buf_fmt(&b, "[S%d]\nSubsection=S%d\nSubsection=S%d\n", i, i + 1, i + 1);
    }
    cr_expect_eq(apply_text(ts_buf_view(&b), &nothing), TS_ELIMIT);
    cr_expect_not_null(strstr(err.text, "more than 1000000 lines"), "%s", err.text);
    ts_buf_free(&b);
}

Test(rules, bytes_of_no_sense)
{
    static const char *const words[] = {
        "[Settings]\n",
        "Priority=",
        "D",
        "[D]\n",
        "X=",
        "\n",
        "#",
        "\"",
        "Left(",
        ")",
        ",",
        "%X%",
        "%",
        "A",
        "[",
        "]",
        "Subsection=",
        "=",
        "5",
        "&",
        "\r",
        ";",
        "\xFF",
        "\xC3\xA4",
        "Properties=",
        "(*)",
        "Model",
        "Mid(",
        "\"a\"",
        " ",
        "[Model]\n",
    };
    static const char *const facts[] = {"Model=D", "List001=x", NULL};
    struct before b = {facts, NULL};
    size_t sets = 0;

    srand(20240131);
    for (int i = 0; i < 30000; i++) {
        struct ts_buf text = {0};
        ts_buf_z(&text, rand() % 2 ? "[Settings]\nPriority=D,Model\n[D]\n" : "");
        for (int n = rand() % 20; n > 0; n--) {
            ts_buf_z(&text, words[(size_t)rand() % (sizeof words / sizeof words[0])]);
        }
        enum ts_code rc = apply_text(ts_buf_view(&text), &b);
        cr_assert(rc == TS_OK || err.text[0]);
        sets += rc == TS_OK ? result.set_count : 0;
        ts_buf_free(&text);
    }
    cr_expect_gt(sets, 1000);
}
