/* expand.c - %Name% in texts. */
#include "expr/expr.h"

#include <string.h>

void ts_expand(struct ts_buf *out, ts_str text,
               bool (*variable)(void *ctx, ts_str name, ts_str *value, bool *secret),
               void *ctx, bool *secret)
{
    while (text.n > 0) {
        const char *open = memchr(text.p, '%', text.n);
        if (!open) {
            ts_buf_str(out, text);
            return;
        }
        size_t before = (size_t)(open - text.p);
        const char *name = open + 1;
        size_t left = text.n - before - 1;
        const char *close = left > 0 ? memchr(name, '%', left) : NULL;
        if (!close) {
            ts_buf_str(out, text);
            return;
        }

        ts_str value = {"", 0};
        bool hidden = false;
        size_t len = (size_t)(close - name);
        ts_buf_add(out, text.p, before);
        if (len > 0 && variable(ctx, (ts_str){name, len}, &value, &hidden)) {
            ts_buf_str(out, value);
            if (hidden && secret) {
                *secret = true;
            }
            text = (ts_str){close + 1, left - len - 1};
        } else {
            /* this sign is only itself; the next one may open a name */
            ts_buf_c(out, '%');
            text = (ts_str){name, left};
        }
    }
}
