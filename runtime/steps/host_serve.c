/* host_serve.c - variables for the programs of a run.
 *
 * A request is "token NUL verb NUL name NUL value"; an answer "+value", or "-code NUL
 * message" with the code in decimal.  Programs of the run may read every variable, secret
 * ones too: they are part of the sequence. */
#include "steps/host_internal.h"

#include "platform/clock.h"
#include "platform/drives.h"
#include "platform/ipc.h"
#include "platform/sysinfo.h"
#include "platform/thread.h"

#include <string.h>

struct ts_serve {
    struct ts_host *host;
    struct ts_ipc *ipc;
    char *address;
};

/* ---- the server ----------------------------------------------------------------------
 */

/* Takes as long whatever the first difference is. */
static bool same_token(ts_str a, ts_str b)
{
    volatile unsigned char difference = 0;

    if (a.n != b.n || b.n == 0) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        difference = (unsigned char)(difference | (a.p[i] ^ b.p[i]));
    }
    return difference == 0;
}

static void answer_error(struct ts_buf *answer, const struct ts_err *err)
{
    ts_buf_fmt(answer, "-%d", (int)err->code);
    ts_buf_c(answer, '\0');
    ts_buf_z(answer, err->text);
}

static enum ts_code answer_get(struct ts_host *h, ts_str name, bool path,
                               struct ts_buf *answer, struct ts_err *err)
{
    ts_str value;
    bool secret;
    char *native = NULL, *copy;

    if (!ts_vars_lookup(h->vars, name, &value, &secret)) {
        return ts_fail(err, TS_ENOTFOUND, "there is no variable \"%.*s\"",
                       (int)(name.n < 256 ? name.n : 256), name.p);
    }
    if (!path) {
        ts_buf_c(answer, '+');
        ts_buf_str(answer, value);
        return TS_OK;
    }
    copy = ts_str_dup(value);
    enum ts_code rc = ts_path_native(&native, copy, NULL, err);
    if (rc == TS_OK) {
        ts_buf_c(answer, '+');
        ts_buf_z(answer, native);
    }
    ts_free(copy);
    ts_free(native);
    return rc;
}

static enum ts_code answer_verb(struct ts_host *h, ts_str verb, ts_str name, ts_str value,
                                struct ts_buf *answer, struct ts_err *err)
{
    enum ts_code rc;

    if (ts_str_eq(verb, TS_S("get")) || ts_str_eq(verb, TS_S("path"))) {
        return answer_get(h, name, ts_str_eq(verb, TS_S("path")), answer, err);
    }
    if (!ts_str_eq(verb, TS_S("set"))) {
        return ts_fail(err, TS_EINPUT, "the sequence does not know the request \"%.*s\"",
                       (int)(verb.n < 64 ? verb.n : 64), verb.p);
    }
    rc = ts_vars_set(h->vars, TS_SCOPE_STEP, name, value, false, err);
    if (rc == TS_OK) {
        ts_buf_c(answer, '+');
    }
    return rc;
}

static void on_request(void *ctx, ts_str request, struct ts_buf *answer)
{
    struct ts_host *h = ctx;
    ts_str rest = request, token = {0}, verb = {0}, name = {0};
    struct ts_err err = {0};
    enum ts_code rc;

    if (!ts_str_cut(&rest, '\0', &token) ||
        !same_token(token, ts_str_of(h->serve_token))) {
        rc = ts_fail(&err, TS_EACCESS, "the token is not the one of this run");
    } else if (!ts_str_cut(&rest, '\0', &verb) || !ts_str_cut(&rest, '\0', &name)) {
        rc = ts_fail(&err, TS_EINPUT, "the request is not complete");
    } else {
        if (h->lock) {
            ts_mutex_lock(h->lock);
        }
        rc = answer_verb(h, verb, name, rest, answer, &err);
        if (h->lock) {
            ts_mutex_unlock(h->lock);
        }
    }
    if (rc != TS_OK) {
        answer_error(answer, &err);
    }
}

enum ts_code ts_serve_start(struct ts_serve **out, struct ts_host *h, struct ts_err *err)
{
    struct ts_serve *s = ts_alloc(sizeof *s);

    *out = NULL;
    s->host = h;
    ts_random_id(h->serve_token);
    enum ts_code rc = ts_ipc_serve(&s->ipc, on_request, h, err);
    if (rc != TS_OK) {
        h->serve_token[0] = '\0';
        ts_free(s);
        return rc;
    }
    s->address = ts_strdup(ts_ipc_address(s->ipc));
    h->serve_address = s->address;
    *out = s;
    return TS_OK;
}

void ts_serve_stop(struct ts_serve *s)
{
    if (!s) {
        return;
    }
    ts_ipc_stop(s->ipc);
    s->host->serve_address = NULL;
    memset(s->host->serve_token, 0, sizeof s->host->serve_token);
    ts_free(s->address);
    ts_free(s);
}

/* ---- the client ----------------------------------------------------------------------
 */

static enum ts_code read_answer(ts_str answer, char **out, struct ts_err *err)
{
    ts_str rest = {answer.p + 1, answer.n - 1}, number;
    int64_t code;

    if (answer.n >= 1 && answer.p[0] == '+') {
        *out = ts_str_dup(rest);
        return TS_OK;
    }
    if (answer.n < 2 || answer.p[0] != '-' || !ts_str_cut(&rest, '\0', &number) ||
        !ts_str_int(number, &code) || code <= TS_OK || code > TS_ELINK) {
        return ts_fail(err, TS_EDAMAGED, "the running sequence's answer is damaged");
    }
    return ts_fail(err, (enum ts_code)code, "%.*s", (int)rest.n, rest.p);
}

enum ts_code ts_serve_call(const char *what, const char *name, const char *value,
                           char **out, struct ts_err *err)
{
    const char *address = ts_env("TASKSEQ_ADDRESS"), *token = ts_env("TASKSEQ_TOKEN");
    struct ts_buf request = {0}, answer = {0};
    enum ts_code rc;

    *out = NULL;
    if (!address || !address[0] || !token || !token[0]) {
        return ts_fail(err, TS_ENOTFOUND,
                       "no sequence runs around this program (TASKSEQ_ADDRESS and "
                       "TASKSEQ_TOKEN are not set)");
    }
    ts_buf_z(&request, token);
    ts_buf_c(&request, '\0');
    ts_buf_z(&request, what);
    ts_buf_c(&request, '\0');
    ts_buf_z(&request, name);
    ts_buf_c(&request, '\0');
    ts_buf_z(&request, value ? value : "");
    rc = ts_ipc_call(address, ts_buf_view(&request), &answer, err);
    if (rc == TS_OK) {
        rc = read_answer((ts_str){ts_buf_text(&answer), answer.n}, out, err);
    }
    ts_buf_free(&request);
    ts_buf_free(&answer);
    return rc;
}
