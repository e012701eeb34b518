/* xml_rules.c - texts inside variables: rules of dynamic variables, and scripts. */
#include "parse/xml_import.h"

#include <string.h>

/* ---- rules ---------------------------------------------------------------------------
 */

/* {condition, variables, secrets} */
static struct ts_value *rule(struct xml_import *x, const struct xml_element *e,
                             const char **why)
{
    struct ts_value *out = xml_object(x, e), *variables = xml_object(x, e);
    struct ts_value *secrets = xml_list(x, e), *condition;
    const struct xml_element *list = xml_child(e, "Variables");
    bool raw;

    xml_condition(x, e, &condition, &raw, why);
    if (condition) {
        xml_set(x, out, "condition", condition);
    }
    int n = 0;
    for (const struct xml_element *v = list ? list->first : NULL; v; v = v->next) {
        if (++n > XML_MOST_VARIABLES) {
            *why = "a rule has too many variables";
        }
        if (*why) {
            break;
        }
        const char *name = xml_is(v, "Variable") ? xml_attr(v, "Name") : NULL;
        if (!name || !*name) {
            continue;
        }
        xml_set(x, variables, name, xml_string(x, v, v->text));
        if (xml_truth(xml_attr(v, "IsSecret"))) {
            ts_value_push(secrets, xml_string(x, v, ts_str_of(name)));
        }
    }
    xml_set(x, out, "variables", variables);
    xml_set_some(x, out, "secrets", secrets);
    return out;
}

struct ts_value *xml_rules(struct xml_import *x, const struct xml_element *holder,
                           const char **why)
{
    struct ts_value *out = xml_list(x, holder);
    struct xml_element *root;
    struct ts_err err = {0};

    *why = NULL;
    if (ts_str_trim(holder->text).n == 0) {
        return out;
    }
    if (xml_parse(&root, x->arena, holder->text, x->file, &holder->origin, &err) !=
        TS_OK) {
        *why = ts_arena_format(x->arena, "its rules cannot be read: %s", err.text);
        return NULL;
    }
    for (const struct xml_element *e = root->first; e && !*why; e = e->next) {
        if (xml_is(e, "Rule")) {
            ts_value_push(out, rule(x, e, why));
        }
    }
    return *why ? NULL : out;
}

/* ---- scripts -------------------------------------------------------------------------
 */

static int digit(char c)
{
    static const char all[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = c ? strchr(all, c) : NULL;

    return p ? (int)(p - all) : -1;
}

static bool decode_base64(struct ts_buf *out, ts_str s)
{
    uint32_t bits = 0;
    int have = 0;
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            continue;
        }
        if (c == '=') {
            break;
        }
        int d = digit(c);
        if (d < 0) {
            return false;
        }
        bits = (bits << 6 | (uint32_t)d) & 0xFFFFFF;
        have += 6;
        n++;
        if (have >= 8) {
            have -= 8;
            ts_buf_c(out, (char)(bits >> have & 0xFF));
        }
    }
    return n % 4 != 1;
}

char *xml_script_text(struct ts_arena *a, ts_str base64)
{
    struct ts_buf bytes = {0}, text = {0};
    char *out = NULL;

    ts_buf_z(&bytes, "\xFF\xFE"); /* should there be no mark in front of UTF-16 */
    bool fine = decode_base64(&bytes, base64);
    if (bytes.n < 4 || bytes.p[3] != '\0') {
        memmove(bytes.p, bytes.p + 2, bytes.n -= 2);
    }
    if (fine && xml_to_utf8(&text, ts_buf_view(&bytes), "script", NULL) == TS_OK &&
        (text.n == 0 || !memchr(text.p, '\0', text.n))) {
        out = ts_arena_str(a, ts_buf_view(&text));
    }
    ts_buf_free(&bytes);
    ts_buf_free(&text);
    return out;
}
