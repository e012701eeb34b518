/* str.h - looking at text.  A ts_str does not own what it points to. */
#ifndef TS_BASE_STR_H
#define TS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *p;
    size_t n;
} ts_str;

#define TS_S(lit) ((ts_str){(lit), sizeof(lit) - 1})

ts_str ts_str_of(const char *z); /* NULL gives the empty string */
bool ts_str_eq(ts_str a, ts_str b);
/* Compare without regard to case (simple Unicode folding of Latin, Greek, Cyrillic;
 * other characters as they are), ordinal.  <0, 0, >0. */
int ts_str_casecmp(ts_str a, ts_str b);
bool ts_str_caseeq(ts_str a, ts_str b);
bool ts_caseeq(const char *a, const char *b);
int ts_casecmp(const char *a, const char *b);
ts_str ts_str_trim(ts_str s); /* ASCII blanks at both ends */
bool ts_str_starts(ts_str s, ts_str prefix);
bool ts_str_case_starts(ts_str s, ts_str prefix);
bool ts_str_ends(ts_str s, ts_str suffix);
/* Wildcards '*' and '?', without regard to case; linear-time backtracking. */
bool ts_str_like(ts_str text, ts_str pattern);
/* Whole text is a decimal integer of 64 bits (blanks around, sign allowed). */
bool ts_str_int(ts_str s, int64_t *out);
/* Split off the part before the first `sep`; false when `rest` was empty at the start. */
bool ts_str_cut(ts_str *rest, char sep, ts_str *part);
/* Nearest of `n` names to `word` if close enough to be a slip of the finger, or NULL. */
const char *ts_str_suggest(ts_str word, const char *const *names, size_t n);
/* Decode one code point (invalid bytes give 0xFFFD and length 1). */
uint32_t ts_utf8_next(ts_str s, size_t *pos);
bool ts_utf8_valid(ts_str s);
/* Make a text UTF-8: each row of bytes that are not becomes one '?'. */
void ts_utf8_mend(char *text);
/* Fold one code point for caseless comparison. */
uint32_t ts_utf8_fold(uint32_t c);

#endif
