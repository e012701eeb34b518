#include "engine/outcome.h"

#include "engine/engine.h"

#include <stdio.h>
#include <string.h>

static const int64_t zero[] = {0};
static const int64_t zero_3010[] = {0, 3010};
static const struct ts_codes only_zero = {zero, 1, true};
static const struct ts_codes command_codes = {zero_3010, 2, true};

static bool fits_32(int64_t v)
{
    return v >= INT32_MIN && v <= (int64_t)UINT32_MAX;
}

bool ts_code_equal(int64_t a, int64_t b)
{
    return a == b || (fits_32(a) && fits_32(b) && (uint32_t)a == (uint32_t)b);
}

bool ts_codes_have(const struct ts_codes *codes, int64_t code)
{
    for (size_t i = 0; i < codes->n; i++) {
        if (ts_code_equal(codes->v[i], code)) {
            return true;
        }
    }
    return false;
}

static const struct ts_codes *success_codes(const struct ts_node *n,
                                            const struct ts_step_type *t, bool configmgr)
{
    if (n->success_codes.set) {
        return &n->success_codes;
    }
    if (t->success_codes.set) {
        return &t->success_codes;
    }
    return t->runs_command && !configmgr ? &command_codes : &only_zero;
}

bool ts_is_restart(const struct ts_node *n, const struct ts_step_type *t, int64_t code)
{
    const struct ts_codes *codes =
        n->restart_codes.set ? &n->restart_codes : &t->restart_codes;

    return codes->set && ts_codes_have(codes, code);
}

bool ts_is_success(const struct ts_node *n, const struct ts_step_type *t, bool configmgr,
                   int64_t code)
{
    return ts_codes_have(success_codes(n, t, configmgr), code);
}

int64_t ts_assumed_code(const struct ts_node *n, const struct ts_step_type *t)
{
    const struct ts_codes *codes = success_codes(n, t, false);

    return codes->n == 0 || ts_codes_have(codes, 0) ? 0 : codes->v[0];
}

/* The code of a run function that returned an error.  One of the success list would
 * make a failed step look well. */
static int64_t error_code(const struct ts_ending *v, const struct ts_node *n,
                          const struct ts_step_type *t, bool configmgr,
                          const struct ts_outcome *o, enum ts_code rc)
{
    if (v->cancelled) {
        return TS_CODE_ABORTED;
    }
    if (o->has_code && !ts_is_success(n, t, configmgr, o->code) &&
        !ts_is_restart(n, t, o->code)) {
        return o->code;
    }
    return rc == TS_ETIMEOUT ? TS_CODE_TIMEOUT : TS_CODE_FAILED;
}

void ts_judge(struct ts_ending *v, const struct ts_node *n, const struct ts_step_type *t,
              bool configmgr, const struct ts_outcome *o, enum ts_code rc,
              const struct ts_err *err)
{
    v->note = "";
    snprintf(v->text, sizeof v->text, "%s", o->message);
    if (rc != TS_OK) {
        v->cancelled = rc == TS_ECANCELLED;
        v->note = v->cancelled ? "cancelled" : rc == TS_ETIMEOUT ? "timeout" : "";
        v->code = error_code(v, n, t, configmgr, o, rc);
        if (err->text[0]) {
            snprintf(v->text, sizeof v->text, "%.*s", (int)sizeof v->text - 1, err->text);
        }
        return;
    }
    v->code = o->has_code ? o->code : 0;
    v->restart = ts_is_restart(n, t, v->code);
    v->ok = v->restart || ts_is_success(n, t, configmgr, v->code);
    if (v->ok) {
        v->text[0] = '\0';
    }
}

void ts_refuse(struct ts_ending *v, int64_t code, const char *text)
{
    v->code = code;
    v->ok = false;
    v->refused = true;
    v->note = "";
    snprintf(v->text, sizeof v->text, "%s", text);
}
