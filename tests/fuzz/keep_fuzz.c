/* The native list of what user state is captured: "include PATTERN", "exclude PATTERN".
 */
#include "fuzz.h"

#include "migrate/migrate.h"

#include <string.h>

static const char *const paths[] = {"",
                                    "Documents",
                                    "a.txt",
                                    "mail.ost",
                                    "AppData/Local/Temp",
                                    "AppData/Local/Temp/x/y.tmp",
                                    "a/b/c/d/e/f/g/h",
                                    "\xC3\x84/x",
                                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"};

static void check_verdicts(const struct ts_rules *r)
{
    static const enum ts_ftype types[] = {TS_F_FILE, TS_F_DIR, TS_F_LINK};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        for (size_t t = 0; t < 3; t++) {
            enum ts_verdict v = r->decide(r, "C:\\Users\\Ann", paths[i], types[t], 1);
            FUZZ_CHECK(v == TS_RULE_KEEP || v == TS_RULE_SKIP ||
                           (v == TS_RULE_PRUNE && types[t] == TS_F_DIR),
                       "%s: %d", paths[i], (int)v);
            /* what a folder is pruned for, is left out of it by itself */
            if (v == TS_RULE_PRUNE && paths[i][0]) {
                char *below = ts_format("%s/some file.ost", paths[i]);
                FUZZ_CHECK(r->decide(r, "C:\\Users\\Ann", below, TS_F_FILE, 1) !=
                               TS_RULE_KEEP,
                           "%s is pruned, %s kept", paths[i], below);
                ts_free(below);
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ts_rules *r = NULL, *back = NULL;
    struct ts_err err = {0};
    enum ts_code rc =
        ts_rules_parse(&r, (ts_str){(const char *)data, size}, "keep.txt", &err);

    if (rc == TS_OK) {
        check_verdicts(r);
        /* it is kept in the catalogue as text, and comes from there again */
        FUZZ_CHECK(ts_rules_parse(&back, ts_str_of(r->text), "again", &err) == TS_OK,
                   "%s", err.text);
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
            FUZZ_CHECK(r->decide(r, "/home/ann", paths[i], TS_F_DIR, 1) ==
                           back->decide(back, "/home/ann", paths[i], TS_F_DIR, 1),
                       "%s: another answer", paths[i]);
        }
        ts_rules_free(back);
    } else {
        FUZZ_CHECK((rc == TS_EINPUT || rc == TS_ELIMIT) && strncmp(err.text, "keep.txt:", 9) == 0, "%s: %s",
                   ts_code_name(rc), err.text);
    }
    ts_rules_free(r);
    return 0;
}
