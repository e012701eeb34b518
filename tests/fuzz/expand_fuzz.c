/* %Name% in texts, and secrets kept from view.
 *
 * Input: "NAME=VALUE" lines (a name with '!' in front is a secret), an empty line, the
 * text. */
#include "fuzz.h"

#include "vars/vars.h"

#include <string.h>

struct known {
    struct ts_vars *vars;
    size_t longest;
    bool used_secret;
    ts_str secrets[8];
    size_t n;
};

static bool lookup(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    struct known *k = ctx;
    bool found = ts_vars_lookup(k->vars, name, value, secret);

    k->used_secret |= found && *secret;
    return found;
}

static void set(struct known *k, ts_str line)
{
    bool secret = line.n > 0 && line.p[0] == '!';
    ts_str value = secret ? (ts_str){line.p + 1, line.n - 1} : line, name;
    struct ts_err err;

    if (!ts_str_cut(&value, '=', &name) ||
        ts_vars_set(k->vars, TS_SCOPE_RUN, name, value, secret, &err) != TS_OK) {
        return;
    }
    k->longest = value.n > k->longest ? value.n : k->longest;
    if (ts_vars_is_secret(k->vars, name) && value.n >= 3 && k->n < 8 &&
        !memchr(value.p, '*', value.n) && ts_str_trim(value).n == value.n) {
        k->secrets[k->n++] = value;
    }
}

/* The rule again, as plainly as it can be said. */
static void expand_again(struct ts_buf *out, ts_str text, struct known *k)
{
    for (size_t i = 0; i < text.n; i++) {
        size_t end = i + 1;
        ts_str value;
        bool secret = false;
        while (text.p[i] == '%' && end < text.n && text.p[end] != '%') {
            end++;
        }
        ts_str name = {text.p + i + 1, end - i - 1};
        if (text.p[i] == '%' && end < text.n && name.n > 0 &&
            ts_vars_lookup(k->vars, name, &value, &secret)) {
            ts_buf_str(out, value);
            i = end;
        } else {
            ts_buf_c(out, text.p[i]);
        }
    }
}

static bool holds(ts_str text, ts_str part)
{
    return part.n <= text.n && memmem(text.p, text.n, part.p, part.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ts_str rest = {(const char *)data, size}, line;
    struct known k = {.vars = ts_vars_new()};
    struct ts_buf out = {0}, plain = {0}, masked = {0};
    bool secret = false;

    while (ts_str_cut(&rest, '\n', &line) && line.n > 0) {
        set(&k, line);
    }
    ts_expand(&out, rest, lookup, &k, &secret);
    expand_again(&plain, rest, &k);
    FUZZ_CHECK(ts_str_eq(ts_buf_view(&out), ts_buf_view(&plain)), "%s\n%s",
               ts_buf_text(&out), ts_buf_text(&plain));
    FUZZ_CHECK(secret == k.used_secret, "secret %d, used %d", secret, k.used_secret);
    FUZZ_CHECK(out.n <= rest.n * (k.longest + 1), "%zu bytes became %zu", rest.n, out.n);
    ts_vars_mask(k.vars, &masked, ts_buf_view(&out));
    for (size_t i = 0; i < k.n; i++) {
        FUZZ_CHECK(!holds(ts_buf_view(&masked), k.secrets[i]), "the secret %.*s shows",
                   (int)k.secrets[i].n, k.secrets[i].p);
    }
    ts_buf_clear(&out);
    ts_vars_expand(k.vars, &out, rest, &secret); /* with the environment */
    ts_buf_free(&out);
    ts_buf_free(&plain);
    ts_buf_free(&masked);
    ts_vars_free(k.vars);
    return 0;
}
