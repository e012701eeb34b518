/* The host table: what steps reach, and what they cannot. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

#include "platform/drives.h"
#include "platform/fs.h"

static struct rig r;

static void start(void)
{
    rig_start(&r);
}

static void end(void)
{
    ts_drives_clear();
    rig_end(&r);
}

TestSuite(host, .init = start, .fini = end, .timeout = 30);

/* Run a body of assertions. */
static void ok(const char *body)
{
    static int n;
    char *name = ts_format("Ok%d", n++);

    rig_step(&r, name, body);
    enum ts_code rc = rig_run(&r, name, NULL);
    cr_expect_eq(rc, TS_OK, "%s\n%s", body, r.err.text);
    ts_free(name);
}

/* A body that raises, with this in the message. */
static void raises(const char *body, const char *message)
{
    static int n;
    char *name = ts_format("Raises%d", n++);

    rig_step(&r, name, body);
    cr_expect_eq(rig_run(&r, name, NULL), TS_EIO, "%s", body);
    cr_expect_not_null(strstr(r.err.text, message), "%s\n%s", body, r.err.text);
    ts_free(name);
}

Test(host, variables_are_read_set_and_deleted)
{
    ok("assert(host.vars.get('Name') == nil and not host.vars.exists('Name'))\n"
       "assert(host.vars.set('Name', 'C:'))\n"
       "assert(host.vars.get('NAME') == 'C:' and host.vars.exists('name'))\n"
       "assert(host.vars.expand('%Name%\\\\Store %Other%') == 'C:\\\\Store %Other%')\n"
       "assert(host.vars.delete('Name'))\n"
       "assert(host.vars.get('Name') == nil)\nreturn true");
}

Test(host, underscore_names_stay_the_runtimes)
{
    ok("local ok, err, code = host.vars.set('_SMSTSInWinPE', 'x')\n"
       "assert(ok == nil and err:find('_SMSTSInWinPE', 1, true) and code == 'not "
       "allowed')\n"
       "ok, err = host.vars.set('a b', 'x')\n"
       "assert(ok == nil and err)\nreturn true");
    raises("host.vars.fact('_TS_CRMEMORY', '1')", "for the step library alone");
}

Test(host, what_is_made_from_a_secret_is_secret)
{
    cr_assert_eq(
        ts_vars_set(r.vars, TS_SCOPE_RUN, TS_S("Pin"), TS_S("s3cret!"), true, &r.err),
        TS_OK);
    ok("host.vars.set('Line', 'login ' .. host.vars.get('Pin'))\n"
       "host.vars.set('Plain', 'login')\n"
       "host.vars.set('Said', 'word', { secret = true })\nreturn true");
    cr_expect(ts_vars_is_secret(r.vars, TS_S("Line")));
    cr_expect(ts_vars_is_secret(r.vars, TS_S("Said")));
    cr_expect(!ts_vars_is_secret(r.vars, TS_S("Plain")));
}

Test(host, logs_at_three_levels)
{
    ok("host.log('one %d')\nhost.warn('two')\nhost.verbose('three')\n"
       "host.progress(50, 'half')\nhost.progress(nil, 'some')\nreturn true");
    cr_expect_not_null(strstr(r.logged.p, "1 one %d\n"), "%s", r.logged.p);
    cr_expect_not_null(strstr(r.logged.p, "2 two\n"));
    cr_expect_not_null(strstr(r.logged.p, "0 three\n"));
}

Test(host, tells_about_the_run)
{
    r.call.attempt = 3;
    r.call.interrupted_before = true;
    rig_step(
        &r, "Fields",
        "assert(host.phase == 'WinPE' and host.machine == 'machine-1')\n"
        "assert(host.run_id == 'run-1' and host.attempt == 3 and host.interrupted)\n"
        "assert(host.log_dir == nil and host.state_dir == host.sequence_dir)\n"
        "assert(host.system.memory_mb > 0 and host.system.processors > 0)\n"
        "assert(host.system.platform == 'posix' and host.system.architecture ~= '')\n"
        "assert(type(host.system.admin) == 'boolean')\nreturn true");
    cr_assert_eq(rig_run(&r, "Fields", NULL), TS_OK, "%s", r.err.text);
}

Test(host, misuse_names_itself)
{
    raises("host.nothing()", "host has no field 'nothing'");
    raises("host.fs.move('a')", "host.fs has no field 'move'");
    raises("host.fs.read = nil", "host.fs cannot be changed");
    raises("host.log(12)", "argument 1 must be a string, it is a number");
    raises("host.fs.exists('a\\0b')", "holds a zero byte");
    raises("host.fs.copy{ from = 'a' }", "the option 'to' is missing");
    raises("host.fs.copy{ from = 'a', to = 'b', force = true }",
           "there is no option 'force'");
    raises("host.run{ command = {} }", "command must be");
    raises("host.run{}", "command must be");
    raises("host.run{ command = 'x', env = { 1 } }", "env must be");
    raises("host.store.capture{ drive = 'C:' }", "the option 'store' is missing");
    raises("host.sleep(-1)", "are possible");
}

Test(host, files_are_written_read_listed_and_deleted)
{
    char *body = ts_format(
        "local d = '%s/files'\n"
        "local f = host.fs.join(d, 'sub', 'a.txt')\n"
        "assert(f == d .. '/sub/a.txt')\n"
        "assert(host.fs.join('C:\\\\A', 'b', '\\\\c') == 'C:\\\\A\\\\b\\\\c')\n"
        "assert(host.fs.mkdir(d .. '/sub'))\n"
        "assert(host.fs.write(f, 'one\\0two') and host.fs.append(f, '!'))\n"
        "assert(host.fs.read(f) == 'one\\0two!')\n"
        "local t, err, code = host.fs.read(f, 3)\n"
        "assert(t == nil and code == 'limit reached', code)\n"
        "assert(host.fs.exists(f) and host.fs.is_file(f) and not host.fs.is_folder(f))\n"
        "assert(host.fs.exists(d .. '/none') == false and host.fs.is_folder(d))\n"
        "local s = host.fs.stat(f)\n"
        "assert(s.type == 'file' and s.size == 8 and s.modified > 1e12)\n"
        "t, err, code = host.fs.stat(d .. '/none')\n"
        "assert(t == nil and code == 'not found')\n"
        "local c = assert(host.fs.copy{ from = d .. '/sub', to = d .. '/two', recurse = "
        "true })\n"
        "assert(c.files == 1 and c.bytes == 8)\n"
        "local l = assert(host.fs.list(d))\n"
        "assert(#l == 2 and l[1].name == 'sub' and l[1].type == 'folder')\n"
        "assert(host.fs.delete(d, { recurse = true }) == 2)\n"
        "assert(host.fs.list(d) == nil)\n"
        "return true",
        r.dir);

    ok(body);
    ts_free(body);
}

Test(host, protected_folders_stay)
{
    char *body = ts_format("local d = '%s/keep'\n"
                           "assert(host.fs.mkdir(d) and host.fs.write(d .. '/x', 'x'))\n"
                           "assert(host.protect(d))\n"
                           "local n, err, code = host.fs.delete(d, { recurse = true })\n"
                           "assert(n == nil and code == 'refused', code)\n"
                           "assert(host.fs.is_file(d .. '/x'))\nreturn true",
                           r.dir);

    ok(body);
    ts_free(body);
}

Test(host, drives_and_volumes_are_told)
{
    char *c = rig_path(&r, "C"), *x = rig_path(&r, "X");

    cr_assert_eq(ts_fs_mkdirs(c, 0700, NULL), TS_OK);
    cr_assert_eq(ts_fs_mkdirs(x, 0700, NULL), TS_OK);
    ok("assert(#host.drives() == 0)\nreturn true");
    cr_assert_eq(ts_drives_map('C', c, "vol-c", true, &r.err), TS_OK);
    cr_assert_eq(ts_drives_map('X', x, "vol-x", false, &r.err), TS_OK);
    char *body =
        ts_format("local d = host.drives()\n"
                  "assert(#d == 2 and d[1].letter == 'C:' and d[1].volume == 'vol-c')\n"
                  "assert(d[1].fixed and not d[2].fixed and d[1].free > 0)\n"
                  "local v = assert(host.volume('C:\\\\not\\\\yet\\\\there'))\n"
                  "assert(v.letter == 'C:' and v.volume == 'vol-c')\n"
                  "v = assert(host.volume('%s/C/sub'))\n"
                  "assert(v.volume == 'vol-c')\n"
                  "v = assert(host.volume('/'))\n"
                  "assert(v.letter == nil and v.volume ~= 'vol-c' and v.total > 0)\n"
                  "v, err, code = host.volume('Q:\\\\x')\n"
                  "assert(v == nil and err and code == 'bad input', code)\n"
                  "assert(host.fs.native('C:\\\\a\\\\b') == '%s/a/b')\nreturn true",
                  r.dir, c);
    /* a test may use a global-free local only */
    char *fixed = ts_format("local err, code\n%s", body);
    ok(fixed);
    ts_free(fixed);
    ts_free(body);
    ts_free(c);
    ts_free(x);
}

Test(host, windows_are_found_on_drives)
{
    char *sys = rig_path(&r, "C/Windows/System32"), *c = rig_path(&r, "C");

    cr_assert_eq(ts_fs_mkdirs(sys, 0700, NULL), TS_OK);
    cr_assert_eq(ts_drives_map('C', c, "vol-c", true, &r.err), TS_OK);
    ok("assert(#host.windows() == 0)\nreturn true");
    rig_file(&r, "C/Windows/System32/ntdll.dll", "no PE");
    ok("local w = host.windows()\nassert(#w == 1 and w[1].drive == 'C:')\nreturn true");
    ts_free(sys);
    ts_free(c);
}

Test(host, programs_answer_code_and_output)
{
    ok("local code, out = host.run{ command = { 'sh', '-c', 'echo hi; exit 5' },"
       " capture = true }\n"
       "assert(code == 5 and out == 'hi\\n', out)\n"
       "code, out = host.run{ command = 'sh -c \"exit 3\"' }\n"
       "assert(code == 3 and out == nil)\n"
       "code, out = host.run{ command = { 'sh', '-c', 'cat; echo $FOO' }, input = 'in',"
       " env = { FOO = 'bar' }, capture = true }\n"
       "assert(code == 0 and out == 'inbar\\n', out)\n"
       "local none, err, exit = host.run{ command = 'no-such-program-here' }\n"
       "assert(none == nil and err:find('no-such-program-here', 1, true))\n"
       "assert(exit == -2147024894, exit)\nreturn true");
}

Test(host, programs_get_the_steps_own_options)
{
    struct ts_value *env = NULL;

    cr_assert_eq(ts_json_parse(&env, &r.arena, TS_S("{\"A\":\"%Who%\",\"B\":\"2\"}"),
                               "env", &r.err),
                 TS_OK);
    cr_assert_eq(
        ts_vars_set(r.vars, TS_SCOPE_STEP, TS_S("Who"), TS_S("ann"), false, &r.err),
        TS_OK);
    r.node.env = env;
    r.node.input = "text of %Who%";
    ok("local code, out = host.run{ command = { 'sh', '-c', 'cat; echo \" $A $B $C\"' },"
       " env = { B = '3', C = '4' }, capture = true }\n"
       "assert(out == 'text of ann ann 3 4\\n', out)\nreturn true");
}

Test(host, command_lines_are_split_by_the_one_rule)
{
    ok("local a = host.split_command([[x \"a b\" C:\\dir\\ \"\"]])\n"
       "assert(#a == 4 and a[2] == 'a b' and a[3] == 'C:\\\\dir\\\\' and a[4] == '')\n"
       "return true");
}

Test(host, packages_are_folders)
{
    static struct ts_package list[] = {{"Tools", "packages/tools"}};
    char *dir = rig_path(&r, "packages/tools");

    cr_assert_eq(ts_fs_mkdirs(dir, 0700, NULL), TS_OK);
    r.seq.packages = list;
    r.seq.package_count = 1;
    ok("assert(host.package() == nil)\n"
       "local f, err, code = host.package('Other')\n"
       "assert(f == nil and err:find('Tools') and code == 'not found')\nreturn true");
    r.node.package = "Tools";
    char *body = ts_format("assert(host.package() == '%s')\n"
                           "assert(host.package('tools') == '%s')\nreturn true",
                           dir, dir);
    ok(body);
    ts_free(body);
    ts_free(dir);
}

Test(host, temporary_files_are_private_and_go_with_the_step)
{
    rig_step(&r, "Temp",
             "local f = assert(host.temp_file('echo secret', '.sh'))\n"
             "host.vars.set('Where', f)\n"
             "assert(host.fs.read(f) == 'echo secret')\nreturn true");
    cr_assert_eq(rig_run(&r, "Temp", NULL), TS_OK, "%s", r.err.text);
    const char *path = rig_var(&r, "Where");
    cr_assert_eq(strncmp(path, r.dir, strlen(r.dir)), 0, "%s", path);
    cr_assert(ts_str_ends(ts_str_of(path), TS_S(".sh")));
    cr_assert(!ts_fs_exists(path), "%s is still there", path);
    raises("host.temp_file('x', '/../../evil')", "a suffix such as");
}

Test(host, refusals_of_the_migration_engine_come_through)
{
    char *body = ts_format("local t, err, code = host.store.info('%s/none')\n"
                           "assert(t == nil and err and code == 'not found', code)\n"
                           "return true",
                           r.dir);

    ok(body);
    ts_free(body);
}

Test(host, facts_rules_and_conditions)
{
    static const char document[] =
        "{\"taskseqFacts\":1,\"classes\":{\"Win32_ComputerSystem\":[{\"Model\":\"L7\"}]}}";
    struct ts_facts *facts = NULL;

    ok("assert(host.facts() == nil and host.gather_facts() == 0)\n"
       "local holds, err, code = host.condition(\"wmi('SELECT * FROM X')\")\n"
       "assert(holds == nil and err and code == 'not supported')\nreturn true");
    cr_assert_eq(ts_facts_parse(&facts, TS_S(document), "pc", &r.err), TS_OK);
    r.host.facts = facts;
    rig_file(&r, "cs.ini", "[Settings]\nPriority=Model\n[L7]\nOSDA=1\nUserExit=x\n"
                           "AdminPassword=geheim1\n");
    ok("local f = host.facts()\n"
       "assert(f.variables.Model == 'L7')\n"
       "assert(f.classes.Win32_ComputerSystem[1].Model == 'L7')\n"
       "assert(host.gather_facts() >= 1 and host.vars.get('Model') == 'L7')\n"
       "local g = host.gather('cs.ini')\n"
       "assert(g.file == 'cs.ini' and #g.set == 2 and #g.notes == 1)\n"
       "assert(g.set[1].name == 'OSDA' and g.set[1].value == '1')\n"
       "assert(g.set[1].line == 4 and g.set[1].section == 'L7' and not g.set[1].secret)\n"
       "assert(g.set[2].secret and g.notes[1].line == 5)\n"
       "assert(host.vars.get('OSDA') == '1')\n"
       "local none, err, code = host.gather('nowhere.ini')\n"
       "assert(none == nil and code == 'not found')\n"
       "assert(host.condition(\"OSDA = '1' and Model = 'L7'\"))\n"
       "assert(host.condition{ any = { 'OSDA = 2', { variable = 'OSDA', op = 'less', "
       "value = 2 } } })\n"
       "assert(host.condition(\"wmi('SELECT * FROM Win32_Nope')\") == false)\n"
       "none, err, code = host.condition('OSDA =')\n"
       "assert(none == nil and code == 'bad input')\nreturn true");
    raises("host.condition(host.log)", "a condition is a text or a table");
    raises("local t = {}; t.all = { t }; host.condition(t)", "nested too deep");
    raises("host.hardware_variables()", "for the step library alone");
    cr_expect(ts_vars_is_secret(r.vars, TS_S("AdminPassword")));
    r.host.facts = NULL;
    ts_facts_free(facts);
}
