/* A file of variables (--vars FILE): a JSON object or NAME=VALUE lines. */
#include "fuzz.h"

#include "cli/session.h"

#include <string.h>

static void count(void *ctx, const struct ts_var *v)
{
    FUZZ_CHECK(ts_var_name_valid(ts_str_of(v->name)) && v->value, "no variable: %s",
               v->name);
    FUZZ_CHECK(v->scope == TS_SCOPE_RUN && v->name[0] != '_', "%s in scope %d", v->name,
               (int)v->scope);
    FUZZ_CHECK(v->secret == ts_var_name_secret(ts_str_of(v->name)), "%s: secret %d",
               v->name, v->secret);
    ++*(size_t *)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ts_opt options[] = {TS_VARIABLE_OPTIONS, {.name = NULL}};
    const char *path = fuzz_path("vars");
    struct ts_session s = {.vars = ts_vars_new()};
    struct ts_args args = {0};
    struct ts_err err = {0};
    char *argv[] = {(char *)"--vars", (char *)path, NULL};
    size_t n = 0;

    fuzz_put_file(path, (ts_str){(const char *)data, size});
    FUZZ_CHECK(ts_args_parse(&args, options, 2, argv, &err) == TS_OK, "%s", err.text);
    s.args = &args;
    enum ts_code rc = ts_session_variables(&s, false, &err);
    FUZZ_CHECK(rc == TS_OK || ((rc == TS_EINPUT || rc == TS_ELIMIT) &&
                               strncmp(err.text, path, strlen(path)) == 0),
               "%s: %s", ts_code_name(rc), err.text);
    ts_vars_each(s.vars, count, &n);
    FUZZ_CHECK(n <= size, "%zu variables from %zu bytes", n, size);
    ts_args_fini(&args);
    ts_vars_free(s.vars);
    return 0;
}
