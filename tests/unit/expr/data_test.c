#include "expr/expr.h"

#include <criterion/criterion.h>
#include <string.h>

static struct ts_value *json(struct ts_arena *a, const char *text)
{
    struct ts_value *v = NULL;
    struct ts_err err = {0};
    cr_assert_eq(ts_json_parse(&v, a, ts_str_of(text), "test", &err), TS_OK, "%s: %s",
                 text, err.text);
    return v;
}

Test(expr_data, data_and_text_give_one_tree)
{
    static const struct {
        const char *data, *text;
    } t[] = {
        {"\"A = 'x' and B = 1\"", "A = 'x' and B = 1"},
        {"{\"variable\":\"A\",\"op\":\"equals\",\"value\":\"x\"}", "A = 'x'"},
        {"{\"variable\":\"A\",\"op\":\"Equals\",\"value\":5}", "A = 5"},
        {"{\"variable\":\"A\",\"op\":\"=\",\"value\":true}", "A = 'true'"},
        {"{\"variable\":\"A\",\"op\":\"<>\",\"value\":1.5}", "A != 1.5"},
        {"{\"variable\":\"A\",\"op\":\"notEquals\",\"value\":\"\"}", "A != ''"},
        {"{\"variable\":\"A\",\"op\":\"less\",\"value\":1}", "A < 1"},
        {"{\"variable\":\"A\",\"op\":\"lessEqual\",\"value\":1}", "A <= 1"},
        {"{\"variable\":\"A\",\"op\":\"greater\",\"value\":1}", "A > 1"},
        {"{\"variable\":\"A\",\"op\":\"greaterEqual\",\"value\":1}", "A >= 1"},
        {"{\"variable\":\"A\",\"op\":\"like\",\"value\":\"*\"}", "A like '*'"},
        {"{\"variable\":\"A\",\"op\":\"not like\",\"value\":\"*\"}", "A not like '*'"},
        {"{\"variable\":\"A\",\"op\":\"exists\"}", "exists A"},
        {"{\"variable\":\"A\",\"op\":\"notExists\",\"value\":\" \"}", "not exists A"},
        {"{\"variable\":\"%A%1\",\"op\":\"=\",\"value\":\"x\"}",
         "variable('%A%1') = 'x'"},
        {"[\"A = 1\",\"B = 1\"]", "A = 1 and B = 1"},
        {"{\"all\":[\"A = 1\",\"B = 1\"]}", "A = 1 and B = 1"},
        {"{\"any\":[\"A = 1\",\"B = 1\"]}", "A = 1 or B = 1"},
        {"{\"none\":[\"A = 1\",\"B = 1\"]}", "not (A = 1 or B = 1)"},
        {"{\"none\":[\"A = 1\"]}", "not A = 1"},
        {"{\"none\":[\"exists A\"]}", "not exists A"},
        {"{\"none\":[{\"any\":[\"A = 1\",\"B = 1\"]}]}", "not (A = 1 or B = 1)"},
        {"{\"any\":[\"A = 1\"]}", "A = 1"},
        {"{\"all\":[]}", "()"},
        {"{\"any\":{}}", "()"},
        {"{\"none\":[]}", "()"},
        {"{\"none\":[{\"all\":[]}]}", "not ()"},
        {"{\"file\":\"C:\\\\x\"}", "file('C:\\x')"},
        {"{\"file\":\"x\",\"version\":\"1.2\",\"op\":\">=\"}",
         "file('x', version >= '1.2')"},
        {"{\"file\":\"x\",\"version\":true,\"op\":\">=\",\"value\":\"1.2\"}",
         "file('x', version >= '1.2')"},
        {"{\"file\":\"x\",\"modified\":\"2024-01-01\",\"op\":\"less\"}",
         "file('x', modified < '2024-01-01')"},
        {"{\"folder\":\"x\"}", "folder('x')"},
        {"{\"folder\":\"x\",\"modified\":\"2024-01-01\",\"op\":\"less\"}",
         "folder('x', modified < '2024-01-01')"},
        {"{\"registry\":\"k\"}", "registry('k')"},
        {"{\"registry\":\"k\",\"op\":\"notExists\"}", "registry('k' not exists)"},
        {"{\"registry\":\"k\",\"value\":\"v\",\"type\":\"REG_SZ\"}",
         "registry('k', 'v', 'REG_SZ')"},
        {"{\"registry\":\"k\",\"value\":\"v\",\"op\":\"equals\",\"data\":5}",
         "registry('k', 'v' = 5)"},
        {"{\"registry\":\"k\",\"op\":\"equals\",\"data\":\"d\"}",
         "registry('k', '' = 'd')"},
        {"{\"wmi\":\"q\"}", "wmi('q')"},
        {"{\"wmi\":\"q\",\"namespace\":\"root\\\\wmi\"}", "wmi('q', 'root\\wmi')"},
        {"{\"os\":\"10.0\",\"op\":\"greaterEqual\",\"architecture\":\"x64\"}",
         "os('>=', '10.0', 'x64')"},
        {"{\"software\":\"{A}\"}", "software('{A}')"},
        {"{\"software\":\"{A}\",\"op\":\">\",\"version\":\"1\"}",
         "software('{A}', > '1')"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct ts_arena a = {0};
        struct ts_expr *x = NULL, *y = NULL;
        struct ts_buf b = {0};
        struct ts_err err = {0};
        cr_expect_eq(ts_expr_from_value(&x, &a, json(&a, t[i].data), &err), TS_OK,
                     "%s: %s", t[i].data, err.text);
        cr_assert_eq(ts_expr_parse(&y, &a, ts_str_of(t[i].text), &err), TS_OK);
        ts_expr_print(&b, x);
        cr_expect_str_eq(ts_buf_text(&b), t[i].text);
        cr_expect(ts_expr_equal(x, y), "%s", t[i].data);
        ts_buf_free(&b);
        ts_arena_fini(&a);
    }
}

Test(expr_data, errors_begin_with_the_path)
{
    static const struct {
        const char *data, *path, *says;
    } t[] = {
        {"5", "a condition is text", "a number"},
        {"{}", "a condition without content", ""},
        {"\"A =\"", "column 4: ", "expected a value"},
        {"{\"all\":[\"A = 1\",\"B =\"]}", "all[1]: column 4:", "expected a value"},
        {"[{\"variable\":\"A\",\"op\":\"equls\",\"value\":\"x\"}]",
         "[0].op: ", "did you mean equals?"},
        {"{\"all\":[{\"any\":[{\"variable\":\"A\",\"op\":\"xyzzy\",\"value\":1}]}]}",
         "all[0].any[0].op: ", "notExists"},
        {"{\"variable\":\"A\",\"value\":\"x\"}", "op: ", "missing"},
        {"{\"variable\":\"A\",\"op\":\"equals\"}", "value: ", "missing"},
        {"{\"variable\":\"\",\"op\":\"exists\"}", "variable: ", "empty"},
        {"{\"variable\":\"A\",\"op\":\"exists\",\"value\":\"x\"}", "value: ", "no value"},
        {"{\"variable\":[],\"op\":\"exists\"}", "variable: ", "expected text"},
        {"{\"variable\":\"A\",\"oper\":\"=\",\"value\":1}", "unknown key `oper`", "op"},
        {"{\"varable\":\"A\",\"op\":\"=\",\"value\":1}", "unknown key `varable`",
         "did you mean variable?"},
        {"{\"all\":[{\"xyzzy\":1}]}", "all[0]: unknown key", "software"},
        {"{\"all\":[],\"any\":[]}", "`all` and `any`", "cannot stand in one"},
        {"{\"all\":\"A = 1\"}", "all: ", "expected a list"},
        {"{\"all\":{\"variable\":\"A\"}}", "all: ", "expected a list"},
        {"{\"file\":\"x\",\"op\":\"=\",\"value\":\"1\"}", "op: ", "`version` or"},
        {"{\"file\":\"x\",\"version\":\"1\"}", "op: ", "missing"},
        {"{\"file\":\"x\",\"version\":true,\"op\":\"=\"}", "value: ", "missing"},
        {"{\"file\":\"x\",\"version\":\"1\",\"op\":\"=\",\"value\":\"1\"}",
         "value: ", "twice"},
        {"{\"file\":\"x\",\"version\":\"1\",\"modified\":\"1\",\"op\":\"=\"}",
         "modified: ", "`all`"},
        {"{\"file\":\"x\",\"modified\":\"1\",\"op\":\"like\"}", "op: ", "compared with"},
        {"{\"folder\":\"x\",\"version\":\"1\",\"op\":\"=\"}", "unknown key `version`",
         ""},
        {"{\"registry\":\"k\",\"data\":\"d\"}", "op: ", "missing"},
        {"{\"registry\":\"k\",\"op\":\"exists\",\"data\":\"d\"}", "data: ", "no data"},
        {"{\"registry\":\"k\",\"op\":\"equals\"}", "data: ", "missing"},
        {"{\"registry\":\"k\",\"type\":\"REG_SZ\"}", "type: ", "value"},
        {"{\"os\":\"10\"}", "op: ", "missing"},
        {"{\"os\":\"10\",\"op\":\"like\"}", "op: ", "compared with"},
        {"{\"software\":\"{A}\",\"op\":\"=\"}", "op: ", "version"},
        {"{\"wmi\":\"q\",\"namspace\":\"x\"}", "unknown key", "did you mean namespace?"},
        {"{\"variable\":\"A\\u0000B\",\"op\":\"exists\"}", "variable: ", "zero byte"},
        {"{\"variable\":\"A\",\"op\":\"=\",\"value\":1e300}", "value: ", "as text"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct ts_arena a = {0};
        struct ts_expr *x = NULL;
        struct ts_value *v = NULL;
        struct ts_err err = {0};
        if (ts_json_parse(&v, &a, ts_str_of(t[i].data), "test", &err) != TS_OK) {
            ts_arena_fini(&a);
            continue; /* the JSON reader itself refuses it */
        }
        cr_expect_eq(ts_expr_from_value(&x, &a, v, &err), TS_EINPUT, "%s", t[i].data);
        cr_expect(strncmp(err.text, t[i].path, strlen(t[i].path)) == 0, "%s: %s",
                  t[i].data, err.text);
        cr_expect(strstr(err.text, t[i].says), "%s: %s", t[i].data, err.text);
        ts_arena_fini(&a);
    }
}

static enum ts_code nested(const char *key, int n)
{
    struct ts_arena a = {0};
    struct ts_value *v = ts_value_string(&a, TS_S("A = 1"));
    struct ts_expr *x = NULL;
    struct ts_err err = {0};
    for (int i = 0; i < n; i++) {
        struct ts_value *list = ts_value_new(&a, TS_ARRAY);
        ts_value_push(list, v);
        v = ts_value_new(&a, TS_OBJECT);
        ts_value_set(&a, v, ts_str_of(key), list);
    }
    enum ts_code rc = ts_expr_from_value(&x, &a, v, &err);
    ts_arena_fini(&a);
    return rc;
}

Test(expr_data, nesting_is_bounded)
{
    cr_expect_eq(nested("none", 100), TS_OK);
    cr_expect_eq(nested("none", 101), TS_EINPUT);
    cr_expect_eq(nested("all", 50000), TS_EINPUT);
}
