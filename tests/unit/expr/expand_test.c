#include "expr_test.h"

#include <criterion/criterion.h>

static struct fake_var vars[] = {
    {"A", "one", false},
    {"B", "%A%", false},
    {"Pw", "hunter2", true},
    {"Empty", "", false},
    {"ProgramFiles(x86)", "C:\\PF86", false},
    {NULL, NULL, false},
};

Test(expr_expand, one_pass_from_left_to_right)
{
    static const struct {
        const char *in, *out;
        bool secret;
    } t[] = {
        {"", "", false},
        {"plain", "plain", false},
        {"%A%", "one", false},
        {"%a%", "one", false},
        {"x%A%y%A%z", "xoneyonez", false},
        {"%A%%A%", "oneone", false},
        {"%B%", "%A%", false}, /* not looked at again */
        {"%Nope%", "%Nope%", false},
        {"%Nope%A%", "%Nopeone", false},
        {"%%", "%%", false},
        {"%%A%%", "%one%", false},
        {"%A", "%A", false},
        {"A%", "A%", false},
        {"%", "%", false},
        {"100%", "100%", false},
        {"%Empty%x", "x", false},
        {"%ProgramFiles(x86)%\\y", "C:\\PF86\\y", false},
        {"N LIKE '%Latitude E7270%'", "N LIKE '%Latitude E7270%'", false},
        {"N LIKE '%a%' OR N LIKE '%b%'", "N LIKE 'one' OR N LIKE '%A%'", false},
        {"N LIKE '%x%' OR N LIKE '%y%'", "N LIKE '%x%' OR N LIKE '%y%'", false},
        {"u:%Pw%", "u:hunter2", true},
        {"%Pw", "%Pw", false},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct ts_buf b = {0};
        bool secret = false;
        ts_expand(&b, ts_str_of(t[i].in), fake_variable, vars, &secret);
        cr_expect_str_eq(ts_buf_text(&b), t[i].out, "`%s` gave `%s`", t[i].in,
                         ts_buf_text(&b));
        cr_expect_eq(secret, t[i].secret, "`%s`", t[i].in);
        ts_buf_free(&b);
    }
}

Test(expr_expand, secret_stays_true_and_may_be_unwanted)
{
    struct ts_buf b = {0};
    bool secret = true;
    ts_expand(&b, TS_S("%A%"), fake_variable, vars, &secret);
    cr_expect(secret);
    ts_expand(&b, TS_S("%Pw%"), fake_variable, vars, NULL);
    cr_expect_str_eq(ts_buf_text(&b), "onehunter2");
    ts_buf_free(&b);
}

Test(expr_expand, a_million_signs_take_no_time)
{
    struct ts_buf in = {0}, out = {0};
    for (int i = 0; i < 500000; i++) {
        ts_buf_z(&in, "%q");
    }
    ts_expand(&out, ts_buf_view(&in), fake_variable, vars, NULL);
    cr_expect(ts_str_eq(ts_buf_view(&in), ts_buf_view(&out)));
    ts_buf_free(&in);
    ts_buf_free(&out);
}
