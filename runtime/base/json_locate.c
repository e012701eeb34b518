/* json_locate.c - where in its text a value stands. */
#include "base/value.h"

#include "base/json_scan.h"

#include <stdlib.h>
#include <string.h>

/* Step over the value whose first token was just read. */
static bool skip_value(struct json_scan *s, int token)
{
    size_t depth = 0;

    for (;;) {
        if (token == JSON_END || token == JSON_BAD) {
            return false;
        }
        if (token == '{' || token == '[') {
            depth++;
        } else if (token == '}' || token == ']') {
            if (depth == 0) {
                return false;
            }
            depth--;
        }
        if (depth == 0) {
            return true;
        }
        token = json_scan_next(s);
    }
}

/* How much of `path` the member's name takes, 0 if it is not this one.  Names may hold
 * dots and brackets themselves, so the caller takes the longest that fits. */
static size_t name_fits(ts_str text, size_t at, const char *path, struct ts_buf *spare)
{
    ts_buf_clear(spare);
    json_scan_string(text, at, spare);
    if (spare->n == 0 || strncmp(path, spare->p, spare->n) != 0) {
        return 0;
    }
    char after = path[spare->n];
    return after == '\0' || after == '.' || after == '[' ? spare->n : 0;
}

/* In an object just opened: go to the value of the member that `path` begins with. */
static size_t enter_member(struct json_scan *s, const char *path, struct ts_buf *spare)
{
    struct json_scan found = *s;
    size_t best = 0;

    for (int token = json_scan_next(s); token == JSON_STRING; token = json_scan_next(s)) {
        size_t fits = name_fits(s->text, s->at, path, spare);
        if (json_scan_next(s) != ':') {
            break;
        }
        if (fits > best) {
            best = fits;
            found = *s;
        }
        if (!skip_value(s, json_scan_next(s)) || json_scan_next(s) != ',') {
            break;
        }
    }
    *s = found;
    return best;
}

/* In an array just opened: go to its item number `index`. */
static bool enter_item(struct json_scan *s, unsigned long index)
{
    for (; index > 0; index--) {
        if (!skip_value(s, json_scan_next(s)) || json_scan_next(s) != ',') {
            return false;
        }
    }
    return true;
}

bool ts_json_locate(ts_str text, const char *path, int *line, int *col)
{
    struct json_scan s = json_scan_start(text);
    struct ts_buf spare = {0};
    bool ok = false;
    int token = json_scan_next(&s);

    while (*path) {
        if (*path == '[' && token == '[') {
            char *end;
            unsigned long index = strtoul(path + 1, &end, 10);
            if (end == path + 1 || *end != ']' || !enter_item(&s, index)) {
                goto done;
            }
            path = end + 1;
        } else if (token == '{') {
            path += *path == '.';
            size_t n = enter_member(&s, path, &spare);
            if (n == 0) {
                goto done;
            }
            path += n;
        } else {
            goto done;
        }
        token = json_scan_next(&s);
    }
    if (token != JSON_END && token != JSON_BAD && token != ']' && token != '}') {
        size_t from = 0;
        *line = *col = 1;
        json_scan_place(text, s.at, &from, line, col);
        ok = true;
    }

done:
    ts_buf_free(&spare);
    return ok;
}
