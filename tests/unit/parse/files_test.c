/* Files: load, include, require. */
#include "support.h"

#include "platform/fs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char *folder;

static void make_folder(void)
{
    folder = new_folder();
}

static void drop_folder(void)
{
    remove_folder(folder);
}

TestSuite(parse_files, .init = make_folder, .fini = drop_folder);

static struct ts_sequence *load(const char *name, struct ts_err *err)
{
    char *path = ts_format("%s/%s", folder, name);
    struct ts_sequence *s = NULL;

    err->text[0] = '\0';
    enum ts_code rc = ts_sequence_load(&s, path, test_registry(), err);
    cr_assert_eq(rc == TS_OK, s != NULL);
    cr_assert(rc == TS_OK || err->code == rc);
    ts_free(path);
    return s;
}

/* The message of a load that fails, without the folder in it. */
static const char *why(const char *name)
{
    static struct ts_err err;
    size_t n = strlen(folder);
    char *at;

    ts_sequence_free(load(name, &err));
    while ((at = strstr(err.text, folder))) {
        memmove(at, at + n + 1, strlen(at + n + 1) + 1);
    }
    return err.text;
}

static struct ts_sequence *must_load(const char *name)
{
    struct ts_err err;
    struct ts_sequence *s = load(name, &err);

    cr_assert_not_null(s, "%s", err.text);
    return s;
}

Test(parse_files, the_format_comes_from_the_name_or_the_text)
{
    put_file(folder, "a.json", "{\"taskseq\": 1, \"steps\": []}");
    put_file(folder, "a.LUA", "return sequence { steps = {} }");
    put_file(folder, "json", "\n {\"taskseq\": 1, \"steps\": []}");
    put_file(folder, "lua", "-- x\nreturn sequence { steps = {} }");
    put_file(folder, "xml", "<sequence/>");
    put_file(folder, "empty", " \n");
    struct ts_sequence *s = must_load("a.json");
    cr_expect_str_eq(s->name, "a");
    char *path = ts_format("%s/a.json", folder);
    cr_expect_str_eq(s->file, path);
    cr_expect_str_eq(s->folder, folder);
    ts_free(path);
    ts_sequence_free(s);
    ts_sequence_free(must_load("a.LUA"));
    ts_sequence_free(must_load("json"));
    ts_sequence_free(must_load("lua"));
    ts_sequence_free(must_load("xml"));
    cr_expect_str_eq(
        why("empty"),
        "empty: this is no sequence in Lua, JSON or XML, and no export archive");
}

Test(parse_files, a_missing_file_is_not_found)
{
    struct ts_err err;

    cr_assert_null(load("none.lua", &err));
    cr_expect_eq(err.code, TS_ENOTFOUND);
    cr_expect(strstr(err.text, "none.lua"));
}

Test(parse_files, a_file_beyond_the_bound_is_bad_input)
{
    struct ts_buf b = {0};
    struct ts_err err;

    for (size_t i = 0; i < (17u << 20) / 64; i++) {
        ts_buf_z(&b, "---------------------------------------------------------------\n");
    }
    put_file(folder, "big.lua", b.p);
    cr_assert_null(load("big.lua", &err));
    cr_expect_eq(err.code, TS_EINPUT, "%s", err.text);
    ts_buf_free(&b);
}

Test(parse_files, include_puts_the_steps_in_place)
{
    put_file(
        folder, "main.lua",
        "return sequence { name = 'Main', variables = { A = 'main' },\n"
        " packages = { P = { source = 'main' } },\n"
        " steps = { Fail 'first' {}, include 'sub/part.json',\n"
        "  group 'G' { { include = 'tail.lua' }, finally = { include 'tail.lua' } } } }");
    put_file(
        folder, "sub/part.json",
        "{\"taskseq\": 1, \"name\": \"Part\", \"variables\": {\"a\": \"part\", \"B\": "
        "\"part\"},\n \"packages\": {\"P\": {\"source\": \"x\"}, \"Q\": {\"source\": "
        "\"q\"}},\n \"inputs\": {\"I\": {\"prompt\": \"?\"}},\n"
        " \"steps\": [{\"type\": \"Fail\", \"name\": \"second\"},\n"
        "  {\"include\": \"../sub/deeper.lua\"}]}");
    put_file(folder, "sub/deeper.lua",
             "return sequence { steps = {\n Fail 'third' {} } }");
    put_file(folder, "tail.lua", "return sequence { Fail 'tail' {}, Fail 'end' {} }");
    struct ts_sequence *s = must_load("main.lua");
    const struct ts_node *n = s->root->first;
    static const char *const names[] = {"first", "second", "third", "G"};

    for (size_t i = 0; i < 4; i++, n = i < 4 ? n->next : n) {
        cr_assert_str_eq(n->name, names[i]);
        cr_expect_eq(n->parent, s->root);
    }
    cr_expect_null(n->next);
    cr_expect_str_eq(n->first->next->name, "end");
    cr_expect_str_eq(n->finally_first->next->id, "end-2");
    cr_expect(n->finally_first->next->in_finally);
    n = s->root->first->next->next;
    cr_expect(strstr(n->pos.file, "/sub/../sub/deeper.lua"), "%s", n->pos.file);
    cr_expect_eq(n->pos.line, 2);
    cr_expect_str_eq(s->name, "Main");
    cr_expect_str_eq(ts_value_text(s->variables, "A"), "main");
    cr_expect_str_eq(ts_value_text(s->variables, "B"), "part");
    cr_expect_null(ts_value_text(s->variables, "a"), "the including file wins");
    cr_expect_eq(s->package_count, 2);
    cr_expect_str_eq(s->packages[0].source, "main");
    cr_expect_eq(s->input_count, 1);
    ts_sequence_free(s);
}

Test(parse_files, include_that_cannot_be_is_refused)
{
    static const struct {
        const char *include, *message;
    } cases[] = {
        {"/etc/passwd", "main.lua:2: steps[1].include: steps[1].include must be a path "
                        "relative to this file's folder, but is \"/etc/passwd\""},
        {"C:\\\\x.lua", "main.lua:2: steps[1].include: steps[1].include must be a path "
                        "relative to this file's folder, but is \"C:\\x.lua\""},
        {"",
         "main.lua:2: steps[1].include: steps[1].include must be a path relative to this "
         "file's folder, but is \"\""},
        {"self.lua", "self.lua:1: steps[1].include: steps[1].include goes in a circle: "
                     "self.lua -> self.lua"},
        {"main.lua", "main.lua:2: steps[1].include: steps[1].include goes in a circle: "
                     "main.lua -> main.lua"},
        {"a.json", "b.json:1:38: steps[0].include goes in a circle: a.json -> b.json -> "
                   "./a.json"},
        {"x.xml", "main.lua:2: steps[1].include: steps[1].include is neither a Lua nor a "
                  "JSON sequence"},
        {"wrong.json", "wrong.json:1:24: steps[0] must be a step or a group, but is a "
                       "number"},
        {"cm.json",
         "cm.json:1:27: semantics cannot be told in an included file alone; tell it in "
         "the file that includes it"},
        {"mod.lua", "mod.lua: the file must return sequence { ... }, but it returns a "
                    "function"},
    };

    put_file(folder, "self.lua", "return sequence { include 'self.lua' }");
    put_file(folder, "a.json",
             "{\"taskseq\": 1, \"steps\": [{\"include\": \"b.json\"}]}");
    put_file(folder, "b.json",
             "{\"taskseq\": 1, \"steps\": [{\"include\": \"./a.json\"}]}");
    put_file(folder, "x.xml", "<x/>");
    put_file(folder, "wrong.json", "{\"taskseq\": 1,\"steps\":[7]}");
    put_file(folder, "cm.json",
             "{\"taskseq\": 1,\"semantics\":\"configmgr\",\"steps\":[]}");
    put_file(folder, "mod.lua", "return function() end");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = ts_format("return sequence {\n include '%s' }", cases[i].include);
        put_file(folder, "main.lua", text);
        cr_expect_str_eq(why("main.lua"), cases[i].message, "%s gives %s",
                         cases[i].include, why("main.lua"));
        ts_free(text);
    }
    put_file(folder, "main.lua", "return sequence {\n include 'none.lua' }");
    cr_expect(strstr(why("main.lua"),
                     "main.lua:2: steps[1].include: steps[1].include cannot "
                     "be read: "));
    put_file(folder, "main.lua",
             "return sequence { { include = 'a.json', name = 'x' } }");
    cr_expect_str_eq(
        why("main.lua"),
        "main.lua:1: steps[1].name: nothing can stand beside include, but name "
        "does");
}

Test(parse_files, includes_are_bounded)
{
    char name[40], text[200];

    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "f%d.json", i);
        snprintf(text, sizeof text,
                 "{\"taskseq\": 1, \"steps\": [{\"include\": \"f%d.json\"}]}", i + 1);
        put_file(folder, name, text);
    }
    cr_expect(strstr(why("f0.json"), "files include each other more than 32 deep"), "%s",
              why("f0.json"));
    /* every file includes the next one twice: 2^30 without a bound */
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "g%d.lua", i);
        snprintf(text, sizeof text,
                 "return sequence { include 'g%d.lua', include 'g%d.lua' }", i + 1,
                 i + 1);
        put_file(folder, name, text);
    }
    put_file(folder, "g30.lua", "return sequence { steps = {} }");
    cr_expect(strstr(why("g0.lua"), "more than 1000 files are included"), "%s",
              why("g0.lua"));
}

Test(parse_files, require_finds_files_beside_the_sequence)
{
    put_file(folder, "main.lua",
             "local lib = require 'lib'\nlocal disks = require 'parts.disks'\n"
             "assert(require 'lib' == lib)\nassert(require 'silent' == true)\n"
             "return sequence { steps = { lib.set('a'), disks() } }");
    put_file(
        folder, "lib.lua",
        "local M = {}\nfunction M.set(n)\n return SetVariable(n) { variable = n, value "
        "= 'x' }\nend\nreturn M");
    put_file(folder, "parts/disks.lua",
             "local lib = require 'lib'\nreturn function() return lib.set 'disk' end");
    put_file(folder, "silent.lua", "");
    struct ts_sequence *s = must_load("main.lua");
    const struct ts_node *n = s->root->first;

    cr_expect_str_eq(n->next->name, "disk");
    cr_expect(strstr(n->pos.file, "/lib.lua"));
    cr_expect_eq(n->pos.line, 3);
    ts_sequence_free(s);
}

Test(parse_files, require_that_cannot_be_is_refused)
{
    static const struct {
        const char *module, *message;
    } cases[] = {
        {"../x", "require takes the name of a file beside the sequence"},
        {"..x", "require takes the name of a file beside the sequence"},
        {"/etc/passwd", "require takes the name of a file beside the sequence"},
        {"a\\\\b", "require takes the name of a file beside the sequence"},
        {"", "require takes the name of a file beside the sequence"},
        {"x.", "require takes the name of a file beside the sequence"},
        {"none", "main.lua:1: cannot read the module: "},
        {"broken", "broken.lua:2: unexpected symbol near <eof>"},
        {"raises", "raises.lua:1: no"},
        {"loop",
         "loop.lua:1: require goes in a circle: loop.lua -> back.lua -> loop.lua"},
        {"code", "binary"},
    };

    put_file(folder, "broken.lua", "local x =\n");
    put_file(folder, "raises.lua", "error 'no'");
    put_file(folder, "loop.lua", "require 'back'");
    put_file(folder, "back.lua", "return require 'loop'");
    put_file(folder, "code.lua", "\x1bLuaS");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text =
            ts_format("require '%s' return sequence { steps = {} }", cases[i].module);
        put_file(folder, "main.lua", text);
        const char *message = why("main.lua");
        if (strstr(cases[i].message, "circle")) {
            cr_expect(strstr(message, "back.lua:1: require goes in a circle: loop.lua -> "
                                      "back.lua -> loop.lua"),
                      "%s", message);
        } else {
            cr_expect(strstr(message, cases[i].message), "%s gives %s", cases[i].module,
                      message);
        }
        ts_free(text);
    }
    /* a caught failure may be tried again and says the same */
    put_file(
        folder, "main.lua",
        "local _, a = pcall(require, 'raises') local _, b = pcall(require, 'raises')\n"
        "assert(a == b, b) assert(a:find('no')) return sequence { steps = {} }");
    cr_expect_str_eq(why("main.lua"), "");
}

Test(parse_files, the_position_is_said_with_the_path_that_was_given)
{
    put_file(folder, "deep/down/bad.json", "{\"taskseq\": 1, \"steps\": 5}");
    cr_expect_str_eq(why("deep/down/bad.json"),
                     "deep/down/bad.json:1:25: steps must be a list, but is a number");
}
