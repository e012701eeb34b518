/* ruleset.h - rules files: CustomSettings.ini, BootStrap.ini.
 *
 * [Settings] names with Priority what is worked through, in this order; the first value
 * found for a variable wins, also over what has a value already.  An entry of Priority is
 * a section, or a variable: then the section called like its value counts (of a list
 * MacAddress001, MacAddress002 ... each), and a section called like the variable may give
 * values the names of sections.  Subsection=... takes another section along. */
#ifndef TS_RULES_RULESET_H
#define TS_RULES_RULESET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

struct ts_ruleset;

/* UTF-8 and UTF-16 with a mark, UTF-8 without, else Windows-1252.  What real files get
 * wrong is met with patience: blanks around names and brackets, sections and keys twice
 * (the first one counts), lines that are nothing (noted).  TS_EINPUT: a text with zero
 * bytes, or one without a single section; TS_ELIMIT: 4 MiB, 10,000 sections, 100,000
 * lines, a line of 32 KiB. */
TS_NODISCARD enum ts_code ts_ruleset_parse(struct ts_ruleset **out, ts_str bytes,
                                           const char *file, struct ts_err *err);
/* The same from a file; its last path part names it in results. */
TS_NODISCARD enum ts_code ts_ruleset_read(struct ts_ruleset **out,
                                          const char *native_path, struct ts_err *err);
void ts_ruleset_free(struct ts_ruleset *r); /* NULL is allowed */
size_t ts_ruleset_sections(const struct ts_ruleset *r);
size_t ts_ruleset_lines(const struct ts_ruleset *r); /* KEY=VALUE lines */

/* What is known before the rules. */
struct ts_rules_env {
    void *ctx;
    /* Value of a variable that wins over the rules; false if it has none. */
    bool (*fixed)(void *ctx, ts_str name, ts_str *value, bool *secret);
    /* Value for %Name% and Priority: also weaker ones, and the environment. */
    bool (*value)(void *ctx, ts_str name, ts_str *value, bool *secret);
    bool (*secret_name)(void *ctx, ts_str name); /* may be NULL */
};

struct ts_rule_set { /* a variable that the rules set */
    const char *name, *value;
    bool secret;
    int line;
    const char *section;
};
struct ts_rule_note {    /* what was met and not done */
    int line;            /* 0: none */
    const char *section; /* or "" */
    const char *text;
};
struct ts_rules_result {
    struct ts_arena arena;
    const char *file;
    struct ts_rule_set *set; /* in the order they were set */
    size_t set_count;
    struct ts_rule_note *notes;
    size_t note_count;
};

/* Work through the rules.  Nothing outside is changed.  TS_ELIMIT: subsections nested
 * deeper than 32, or values that grow over 1 MiB. */
TS_NODISCARD enum ts_code ts_ruleset_apply(const struct ts_ruleset *r,
                                           const struct ts_rules_env *env,
                                           struct ts_rules_result *out,
                                           struct ts_err *err);
void ts_rules_result_fini(struct ts_rules_result *r);

#endif
