#include "expr_test.h"

bool fake_variable(void *ctx, ts_str name, ts_str *value, bool *secret)
{
    for (const struct fake_var *v = ctx; v->name; v++) {
        if (ts_str_caseeq(ts_str_of(v->name), name)) {
            *value = ts_str_of(v->value);
            *secret = v->secret;
            return true;
        }
    }
    return false;
}

unsigned roll(struct dice *d, unsigned sides)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 7;
    d->state ^= d->state << 17;
    return (unsigned)(d->state >> 16) % sides;
}
