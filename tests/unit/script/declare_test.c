/* What a step file may say, and how mistakes in it are told. */
#include "rig.h"

#include <string.h>

static struct rig r;

static void start(void)
{
    rig_start(&r);
}

static void end(void)
{
    rig_end(&r);
}

TestSuite(declare, .init = start, .fini = end);

Test(declare, mistakes_are_named_with_file_and_line)
{
    static const struct {
        const char *file, *line, *message;
    } cases[] = {
        {"return 1", "1", "must return a table"},
        {"", "1", "must return a table"},
        {"return {\n", "2", "expected"},
        {"local x = 1\nreturn {\n onInterrupt='rerun', run=print }", "1",
         "needs a 'summary'"},
        {"return { summary='s',\n run=function() end }", "1", "needs 'onInterrupt'"},
        {"return { summary='s',\n onInterrupt='again',\n run=function() end }", "2",
         "\"rerun\", \"skip\" or \"fail\""},
        {"return { summary='s', onInterrupt='rerun' }", "1", "needs a function 'run'"},
        {"return { summary='s', onInterrupt='rerun',\n sumary='t', run=function() end }",
         "2", "unknown key 'sumary' (did you mean 'summary'?)"},
        {"return { summary='s', onInterrupt='rerun',\n\n run=true }", "3",
         "'run' must be a function, it is a boolean"},
        {"return { summary='s', onInterrupt='rerun', run=function() end,\n phase='PE' }",
         "2", "'phase' must be"},
        {"return { summary='s', onInterrupt='rerun', run=function() end,\n"
         "successCodes={0,'x'} }",
         "2", "must be a list of integers"},
        {"return { summary='s', onInterrupt='rerun', run=function() end,\n params={\n"
         "{ type='string', doc='d' } } }",
         "2", "the parameter number 1 needs a 'name'"},
        {"return { summary='s', onInterrupt='rerun', run=function() end, params={\n"
         " one={ type='string', doc='d' },\n two={ type='strin', doc='d' } } }",
         "3", "unknown type 'strin' (did you mean 'string'?)"},
        {"return { summary='s', onInterrupt='rerun', run=function() end, params={\n"
         " one={ doc='d' } } }",
         "2", "needs a 'type'"},
        {"return { summary='s', onInterrupt='rerun', run=function() end, params={\n"
         " one={ type='string' } } }",
         "2", "the parameter one needs a 'doc'"},
        {"return { summary='s', onInterrupt='rerun', run=function() end, params={\n"
         " one={ type='enum', doc='d' } } }",
         "2", "needs 'choices'"},
        {"return { summary='s', onInterrupt='rerun', run=function() end, params={\n"
         " one={ type='string', choices={'a'}, doc='d' } } }",
         "2", "is no enum"},
        {"return { summary='s', onInterrupt='rerun', run=function() end, params={\n"
         " one={ type='enum', choices={'a'}, default='b', doc='d' } } }",
         "2", "the default 'b' of one is not a value of type enum"},
        {"return { summary='s', onInterrupt='rerun', run=function() end, params={\n"
         " one={ type='integer', default='x', doc='d' } } }",
         "2", "not a value of type integer"},
        {"return { summary='s', onInterrupt='rerun', run=function() end, params={\n"
         " one={ type='integer', default=1, required=true, doc='d' } } }",
         "2", "cannot have a default"},
        {"return { summary='s', onInterrupt='rerun', run=function() end, params={\n"
         " timeout={ type='integer', doc='d' } } }",
         "2", "an option that every step has"},
        {"return { summary='s', onInterrupt='rerun', run=function() end, params={\n"
         " ['a b']={ type='integer', doc='d' } } }",
         "2", "not a name"},
        {"return { summary='s', onInterrupt='rerun', run=function() end, params={\n"
         " one={ type='string', requird=true, doc='d' } } }",
         "2", "unknown key 'requird' in the parameter one (did you mean 'required'?)"},
        {"return { summary='s', onInterrupt='rerun', run=function() end, params={\n"
         " {name='a', type='string', doc='d'}, {name='a', type='string', doc='d'} } }",
         "2", "declared twice"},
        {"return { summary='s', onInterrupt='rerun', run=function() end, params={\n"
         " {name='a', type='string', doc='d'}, b={type='string', doc='d'} } }",
         "1", "must be a list of tables or a table of tables by name"},
        {"\nx = 1", "2", "assignment to the global 'x': declare it with local"},
        {"local t = nil\nreturn t.x", "2", "attempt to index"},
        {"return require 'nothing'", "1", "nothing.lua"},
        {"return require '../x'", "1", "is not the name of a module"},
        {"return { summary = os.getenv('HOME') }", "1", "'os'"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *name = ts_format("Bad%d", (int)i);
        char *where = ts_format("/steps/%s.d/%s.lua:%s: ", name, name, cases[i].line);
        cr_expect_eq(rig_load(&r, name, cases[i].file), TS_EINPUT, "case %d loaded",
                     (int)i);
        cr_expect_not_null(strstr(r.err.text, where), "case %d: %s is not in: %s", (int)i,
                           where, r.err.text);
        cr_expect_not_null(strstr(r.err.text, cases[i].message), "case %d: %s", (int)i,
                           r.err.text);
        cr_expect_eq(strncmp(r.err.text, r.dir, strlen(r.dir)), 0,
                     "case %d: the whole path is named: %s", (int)i, r.err.text);
        cr_expect_null(ts_registry_find(&r.registry, ts_str_of(name)));
        ts_free(name);
        ts_free(where);
    }
}

Test(declare, all_of_a_declaration_arrives)
{
    cr_assert_eq(
        rig_load(
            &r, "Full",
            "return { summary='sum', doc='more', onInterrupt='skip',\n"
            "runsCommand=true, successCodes={0,1641}, restartCodes={3010},\n"
            "phase='fullos', params = {\n"
            " zeta={ type='string', required=true, variable='ZVAR', doc='z' },\n"
            " alpha={ type='boolean', default=true, doc='a' },\n"
            " beta={ type='integer', default=-3, secret=true, expand=false, doc='b' },\n"
            " kind={ type='enum', choices={'x','y'}, default='y', doc='k' },\n"
            "}, run=function() return true end }"),
        TS_OK, "%s", r.err.text);
    const struct ts_step_type *t = ts_registry_find(&r.registry, TS_S("Full"));
    cr_assert_str_eq(t->summary, "sum");
    cr_assert_str_eq(t->doc, "more");
    cr_assert_eq(t->on_interrupt, TS_INTERRUPT_SKIP);
    cr_assert_eq(t->phase, TS_PHASE_FULLOS);
    cr_assert(t->runs_command);
    cr_assert_eq(t->success_codes.v[1], 1641);
    cr_assert_eq(t->restart_codes.v[0], 3010);
    cr_assert_eq(t->param_count, 4);
    cr_assert_str_eq(t->params[0].name, "zeta", "what is required comes first");
    cr_assert(t->params[0].required && t->params[0].expand);
    cr_assert_str_eq(t->params[0].variable, "ZVAR");
    cr_assert_str_eq(t->params[1].name, "alpha", "then by name");
    cr_assert_str_eq(t->params[1].def, "true");
    cr_assert_str_eq(t->params[2].def, "-3");
    cr_assert(t->params[2].secret && !t->params[2].expand);
    cr_assert_str_eq(t->params[3].choices[1], "y");
    cr_assert_null(t->params[3].choices[2]);
}

Test(declare, a_name_taken_is_refused_with_the_file)
{
    cr_assert_eq(ts_script_load_library(r.script, &r.registry, &r.err), TS_OK);
    cr_assert_eq(
        rig_load(&r, "fail",
                 "return { summary='s', onInterrupt='rerun', run=function() end }"),
        TS_EEXIST);
    cr_assert_not_null(strstr(r.err.text, "/fail.lua:1: "), "%s", r.err.text);
    cr_assert_not_null(strstr(r.err.text, "Fail exists already"), "%s", r.err.text);
}

Test(declare, a_file_name_must_name_a_type)
{
    cr_assert_eq(rig_load(&r, "my-step", "return {}"), TS_EINPUT);
    cr_assert_not_null(strstr(r.err.text, "my-step.lua:1: "), "%s", r.err.text);
}

Test(declare, a_missing_folder_is_not_found)
{
    cr_assert_eq(ts_script_load_folder(r.script, "/nowhere/steps", &r.registry, &r.err),
                 TS_ENOTFOUND);
    cr_assert_not_null(strstr(r.err.text, "/nowhere/steps"), "%s", r.err.text);
}

Test(declare, an_endless_file_is_stopped)
{
    cr_assert_eq(rig_load(&r, "Endless", "while true do pcall(error) end"), TS_EINPUT);
    cr_assert_not_null(strstr(r.err.text, "instructions"), "%s", r.err.text);
    cr_assert_not_null(strstr(r.err.text, "Endless.lua"), "%s", r.err.text);
    cr_assert_eq(
        rig_load(&r, "Fine",
                 "return { summary='s', onInterrupt='rerun', run=function() end }"),
        TS_OK, "the state is usable afterwards: %s", r.err.text);
}

Test(declare, modules_stand_beside_the_file_and_in_the_library)
{
    char *lib = ts_format("%s/Uses.d/lib", r.steps);

    cr_assert_eq(ts_fs_mkdirs(lib, 0700, NULL), TS_OK);
    rig_file(&r, "steps/Uses.d/lib/words.lua",
             "local t = require 'ts.text'\nreturn { three = t.count(3, 'file') }");
    cr_assert_eq(rig_load(&r, "Uses",
                          "local w = require 'lib.words'\n"
                          "assert(w == require 'lib.words')\n"
                          "return { summary=w.three, onInterrupt='rerun',\n"
                          "run=function() end }"),
                 TS_OK, "%s", r.err.text);
    cr_assert_str_eq(ts_registry_find(&r.registry, TS_S("Uses"))->summary, "3 files");
    rig_file(&r, "steps/Uses.d/lib/a.lua", "return require 'lib.b'");
    rig_file(&r, "steps/Uses.d/lib/b.lua", "return require 'lib.a'");
    cr_assert_eq(rig_load(&r, "Uses", "return require 'lib.a'"), TS_EINPUT);
    cr_assert_not_null(strstr(r.err.text, "module 'lib.a' requires itself"), "%s",
                       r.err.text);
    ts_free(lib);
}

Test(declare, globals_that_reach_outside_are_absent)
{
    static const char *const names[] = {"io",   "os",         "package",       "debug",
                                        "load", "loadfile",   "dofile",        "print",
                                        "warn", "loadstring", "collectgarbage"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *name = ts_format("Global%d", (int)i);
        char *file = ts_format("assert(%s == nil, 'there')\nassert(string.dump == nil)\n"
                               "return { summary='s', onInterrupt='rerun',\n"
                               "run=function() end }",
                               names[i]);
        cr_expect_eq(rig_load(&r, name, file), TS_OK, "%s: %s", names[i], r.err.text);
        ts_free(name);
        ts_free(file);
    }
    cr_expect_eq(rig_load(&r, "Bytecode", "\x1bLua"), TS_EINPUT);
}
