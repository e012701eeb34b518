#include <criterion/criterion.h>
#include <string.h>

#include "migrate/migrate.h"

static const struct {
    const char *list;
    const char *rel;
    char type; /* 'f' or 'd' */
    enum ts_verdict want;
} cases[] = {
    {"", "Documents/a.txt", 'f', TS_RULE_KEEP},
    {"exclude *.ost", "AppData/Outlook/mail.ost", 'f', TS_RULE_SKIP},
    {"exclude *.ost", "AppData/Outlook/mail.ost.txt", 'f', TS_RULE_KEEP},
    {"exclude *.OST", "mail.ost", 'f', TS_RULE_SKIP},
    {"exclude AppData/Local/Temp/", "AppData/Local/Temp", 'd', TS_RULE_PRUNE},
    {"exclude AppData\\Local\\Temp\\", "appdata/local/temp", 'd', TS_RULE_PRUNE},
    {"exclude AppData/Local/Temp/", "AppData/Local/Temp/x/y.tmp", 'f', TS_RULE_SKIP},
    {"exclude AppData/Local/Temp/", "AppData/Local/Temp", 'f', TS_RULE_KEEP},
    {"exclude AppData/Local/Temp/", "Other/AppData/Local/Temp", 'd', TS_RULE_KEEP},
    {"exclude AppData/Local/Temp", "AppData/Local/Temp", 'f', TS_RULE_SKIP},
    {"exclude Temp/", "Temp", 'd', TS_RULE_PRUNE},
    {"exclude Temp/", "a/b/Temp", 'd', TS_RULE_KEEP},
    {"exclude Temp", "a/b/Temp", 'd', TS_RULE_PRUNE},
    {"exclude **/Temp/", "a/b/Temp", 'd', TS_RULE_PRUNE},
    {"exclude **/Temp/", "a/b/Temperature", 'd', TS_RULE_KEEP},
    {"exclude AppData/*/Cache/", "AppData/Chrome/Cache", 'd', TS_RULE_PRUNE},
    {"exclude AppData/*/Cache/", "AppData/a/b/Cache", 'd', TS_RULE_KEEP},
    {"exclude AppData/**/Cache/", "AppData/a/b/Cache", 'd', TS_RULE_PRUNE},
    {"exclude AppData/**/Cache/", "AppData/Cache", 'd', TS_RULE_PRUNE},
    {"exclude Documents/**", "Documents", 'd', TS_RULE_KEEP},
    {"exclude Documents/**", "Documents/a", 'd', TS_RULE_PRUNE},
    {"exclude *.tmp\ninclude important.tmp", "important.tmp", 'f', TS_RULE_KEEP},
    {"include important.tmp\nexclude *.tmp", "important.tmp", 'f', TS_RULE_SKIP},
    /* a later line may bring something back: the walk has to go below */
    {"exclude AppData/\ninclude AppData/Keep/", "AppData", 'd', TS_RULE_SKIP},
    {"exclude AppData/\ninclude AppData/Keep/", "AppData/Keep", 'd', TS_RULE_KEEP},
    {"exclude AppData/\ninclude AppData/Keep/", "AppData/Keep/a", 'f', TS_RULE_KEEP},
    {"exclude AppData/\ninclude AppData/Keep/", "AppData/Other", 'd', TS_RULE_PRUNE},
    {"exclude AppData/\ninclude AppData/Keep/", "AppData/x", 'f', TS_RULE_SKIP},
    {"exclude AppData/\ninclude *.pst", "AppData/Other", 'd', TS_RULE_SKIP},
    {"exclude **\ninclude Documents/", "Music", 'd', TS_RULE_PRUNE},
    {"exclude **\ninclude Documents/", "Documents/a/b.txt", 'f', TS_RULE_KEEP},
    {"exclude C:\\Users\\Ann\\Music\\", "Music", 'd', TS_RULE_PRUNE},
    {"exclude C:\\Users\\*\\Music\\", "Music", 'd', TS_RULE_PRUNE},
    {"exclude D:\\Users\\Ann\\Music\\", "Music", 'd', TS_RULE_KEEP},
    {"exclude **\ninclude C:\\Users\\Ann\\Music\\", "Music/a", 'f', TS_RULE_KEEP},
    {"# exclude *.txt\n\n   \n", "a.txt", 'f', TS_RULE_KEEP},
    {"\xef\xbb\xbf"
     "exclude *.txt\r\n",
     "a.txt", 'f', TS_RULE_SKIP},
    {"EXCLUDE\t*.txt", "a.txt", 'f', TS_RULE_SKIP},
    {"exclude My Documents/old files/", "My Documents/old files", 'd', TS_RULE_PRUNE},
    {"exclude *Ä*", "xäy", 'f', TS_RULE_SKIP},
    {"exclude a*b*c*d", "aXXbXXbXXcXXd", 'f', TS_RULE_SKIP},
    {"exclude a*b*c*d", "aXXbXXbXXcXX", 'f', TS_RULE_KEEP},
    /* a '\' in a name of a user is no separator */
    {"exclude AppData/x/", "AppData\\x", 'd', TS_RULE_KEEP},
};

Test(rules, the_last_matching_line_wins)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ts_rules *r = NULL;
        struct ts_err err;
        cr_assert_eq(ts_rules_parse(&r, ts_str_of(cases[i].list), "t", &err), TS_OK, "%s",
                     err.text);
        enum ts_verdict v = r->decide(r, "C:\\Users\\Ann", cases[i].rel,
                                      cases[i].type == 'd' ? TS_F_DIR : TS_F_FILE, 1);
        cr_expect_eq(v, cases[i].want, "%s on %s: %d, not %d", cases[i].list,
                     cases[i].rel, (int)v, (int)cases[i].want);
        cr_expect_str_eq(r->text, cases[i].list);
        ts_rules_free(r);
    }
}

static const struct {
    const char *list, *message;
} wrong[] = {
    {"exclude a\nexclud b", "list.txt:2: a line starts with include or exclude, not"
                            " \"exclud\" (did you mean exclude?)"},
    {"exclude", "list.txt:1: exclude needs a pattern"},
    {"\n\ninclude   ", "list.txt:3: include needs a pattern"},
    {"exclude ../other", "list.txt:1: a pattern cannot contain \"..\""},
    {"exclude ///", "list.txt:1: the pattern is empty"},
    {"<?xml version=\"1.0\"?>", "list.txt:1: a line starts with"},
};

Test(rules, faults_name_file_and_line)
{
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct ts_rules *r = NULL;
        struct ts_err err = {0};
        cr_expect_eq(ts_rules_parse(&r, ts_str_of(wrong[i].list), "list.txt", &err),
                     TS_EINPUT, "%s", wrong[i].list);
        cr_expect(strstr(err.text, wrong[i].message) != NULL, "%s: %s", wrong[i].list,
                  err.text);
        cr_expect_null(r);
    }
}

/* The list is kept as a text: rules behind a NUL byte would be forgotten there. */
Test(rules, a_zero_byte_is_refused_anywhere)
{
    static const struct {
        ts_str list;
        int line;
    } lists[] = {{TS_S("# a\0b\nexclude *.tmp"), 1},
                 {TS_S("exclude a\n\0"), 2},
                 {TS_S("exclude a\0b"), 1}};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct ts_rules *r = NULL;
        struct ts_err err = {0};
        char *message = ts_format("t:%d: the line contains a NUL byte", lists[i].line);
        cr_expect_eq(ts_rules_parse(&r, lists[i].list, "t", &err), TS_EINPUT);
        cr_expect_str_eq(err.text, message);
        ts_rules_free(r);
        ts_free(message);
    }
}

Test(rules, a_hostile_pattern_costs_little)
{
    struct ts_buf b = {0};
    struct ts_rules *r = NULL;
    struct ts_err err;
    char name[256];

    ts_buf_z(&b, "exclude ");
    for (int i = 0; i < 100; i++)
        ts_buf_z(&b, "**/*a*a*a*a*a*a*a*a/");
    ts_buf_z(&b, "x");
    memset(name, 'a', 255);
    name[255] = 0;
    cr_assert_eq(ts_rules_parse(&r, ts_buf_view(&b), "t", &err), TS_OK, "%s", err.text);
    cr_expect_eq(r->decide(r, "C:\\Users\\Ann", name, TS_F_FILE, 1), TS_RULE_KEEP);
    ts_rules_free(r);
    ts_buf_clear(&b);
    ts_buf_z(&b, "exclude a");
    for (int i = 0; i < 300; i++)
        ts_buf_z(&b, "/a");
    cr_expect_eq(ts_rules_parse(&r, ts_buf_view(&b), "t", &err), TS_ELIMIT);
    ts_buf_free(&b);
}
