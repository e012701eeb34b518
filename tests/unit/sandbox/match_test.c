/* The patterns: known cases, and the same random ones as Lua's own library. */
#include "support.h"

#include <criterion/criterion.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

Test(sandbox_match, functions_do_what_the_manual_says)
{
    static const struct {
        const char *text, *result;
    } cases[] = {
        {"return table.concat({('hello world'):find('o w')}, ',')", "5,7"},
        {"return table.concat({('a.b'):find('.', 1, true)}, ',')", "2,2"},
        {"return table.concat({('abc'):find('b()')}, ',')", "2,2,3"},
        {"return tostring(('abc'):find('b', 10))", "nil"},
        {"return table.concat({('abc'):find('', 4)}, ',')", "4,3"},
        {"return tostring(('abc'):find('', 5))", "nil"},
        {"return table.concat({('abc'):find('c', -1)}, ',')", "3,3"},
        {"return table.concat({('abc'):find('a', -10)}, ',')", "1,1"},
        {"return ('key = value'):match('^(%w+)%s*=%s*(%w+)$')", "key"},
        {"return ('  x  '):match('^%s*(.-)%s*$') .. '|'", "x|"},
        {"return ('[[x]]'):match('%[%[(.*)%]%]')", "x"},
        {"return ('f(a(b)c)d'):match('%b()')", "(a(b)c)"},
        {"return ('THE (quick) fox'):find('%f[%a]%a+%f[%A]', 5)", "6"},
        {"return ('abab'):match('(ab)%1')", "ab"},
        {"return ('a-b'):match('[a%-]+')", "a-"},
        {"return (']x'):match('[]]')", "]"},
        {"return ('^x'):match('[x^]+')", "^x"},
        {"return ('x-z'):match('[%a-z]+')", "x-z"},
        {"return ('$5'):match('$%d')", "$5"},
        {"return tostring(('abc'):match('^b'))", "nil"},
        {"return (('hello'):gsub('l', 'L'))", "heLLo"},
        {"return select(2, ('hello'):gsub('', '-'))", "6"},
        {"return (('hello'):gsub('', '-'))", "-h-e-l-l-o-"},
        {"return (('abc'):gsub('%w', '%0%0'))", "aabbcc"},
        {"return (('abc'):gsub('(a)(b)', '%2%1'))", "bac"},
        {"return (('a b'):gsub('%w', {a = 'x', b = false}))", "x b"},
        {"return (('a b'):gsub('%w', function(c) if c == 'b' then return 7 end end))",
         "a 7"},
        {"return (('aaa'):gsub('a', 'b', 2))", "bba"},
        {"return (('abc'):gsub('^a', 'x'))", "xbc"},
        {"return (('100%'):gsub('%%', '%%%%'))", "100%%"},
        {"return (('x'):gsub('x', '%1'))", "x"},
        {"return (('ab'):gsub('()', '%1'))", "1a2b3"},
        {"local s = '' for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do s = s .. k .. v "
         "end return s",
         "a1b2"},
        {"local n = 0 for _ in ('abc'):gmatch('') do n = n + 1 end return n", "4"},
        {"local s = '' for w in ('one two'):gmatch('%a+', 4) do s = s .. w end return s",
         "two"},
        {"local s = '' for p in ('aXb'):gmatch('()%u') do s = s .. p end return s", "2"},
        {"return ('ab'):rep(3, '-')", "ab-ab-ab"},
        {"return ('ab'):rep(0) .. ('ab'):rep(-1) .. ('ab'):rep(1, '-')", "ab"},
        {"return (''):rep(1e15, '')", ""},
        {"return ('x'):rep(3, '')", "xxx"},
        {"return ('a\\0'):find('%z') .. ('\\0z'):find('%Z')", "22"},
        {"return ('a\\0b'):match('\\0(.)')", "b"},
        /* malformed */
        {"return ('x'):find('[')", "!t.lua:1: malformed pattern (missing ']')"},
        {"return ('x'):find('[]')", "!t.lua:1: malformed pattern (missing ']')"},
        {"return ('x'):find('%')", "!t.lua:1: malformed pattern (ends with '%')"},
        {"return ('x'):find('(')", "!t.lua:1: unfinished capture"},
        {"return ('x'):match(')')", "!t.lua:1: invalid pattern capture"},
        {"return ('x'):find('%1')", "!t.lua:1: invalid capture index %1 in pattern"},
        {"return ('x'):find('%bx')",
         "!t.lua:1: malformed pattern (missing arguments to '%b')"},
        {"return ('x'):find('%fx')", "!t.lua:1: missing '[' after '%f' in pattern"},
        {"return ('x'):find(('()'):rep(33))", "!t.lua:1: too many captures"},
        {"return ('x'):gsub('x', '%2')", "!t.lua:1: invalid capture index %2"},
        {"return ('x'):gsub('x', '%q')",
         "!t.lua:1: invalid use of '%' in replacement string"},
        {"return ('x'):gsub('x', '%')",
         "!t.lua:1: invalid use of '%' in replacement string"},
        {"return ('x'):gsub('x', function() return {} end)",
         "!t.lua:1: invalid replacement value (a table)"},
        {"return ('x'):gsub('x')", "!t.lua:1: bad argument #2 to 'gsub' "
                                   "(string/function/table expected, got no value)"},
        {"return string.find({}, 'x')",
         "!t.lua:1: bad argument #1 to 'find' (string expected, got table)"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_str_eq(eval(cases[i].text), cases[i].result, "%s gives %s",
                         cases[i].text, eval(cases[i].text));
    }
}

/* What all pattern functions say to one text and pattern, as one text. */
static const char probe[] = "local text, pattern = ...\n"
                            "local out = {}\n"
                            "local function add(ok, ...)\n"
                            "  local n = select('#', ...)\n"
                            "  for i = 1, n do\n"
                            "    local v = select(i, ...)\n"
                            "    out[#out + 1] = ok and tostring(v) or 'error'\n"
                            "  end\n"
                            "  out[#out + 1] = '|'\n"
                            "end\n"
                            "add(pcall(string.find, text, pattern))\n"
                            "add(pcall(string.find, text, pattern, 3))\n"
                            "add(pcall(string.match, text, pattern, -4))\n"
                            "add(pcall(string.gsub, text, pattern, '<%0>'))\n"
                            "add(pcall(string.gsub, text, pattern, '[%1]', 2))\n"
                            "add(pcall(function()\n"
                            "  local s, n = '', 0\n"
                            "  for a, b in string.gmatch(text, pattern) do\n"
                            "    s = s .. tostring(a) .. ',' .. tostring(b) .. ';'\n"
                            "  end\n"
                            "  return s\n"
                            "end))\n"
                            "return table.concat(out, ' ')\n";

static unsigned next_random(unsigned *seed, unsigned n)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % n;
}

static size_t random_text(char *out, size_t most, const char *const *pieces, unsigned n,
                          unsigned *seed)
{
    size_t len = 0, wanted = next_random(seed, 9);

    out[0] = '\0';
    for (size_t i = 0; i < wanted; i++) {
        const char *piece = pieces[next_random(seed, n)];
        size_t k = strlen(piece);
        if (len + k < most) {
            memcpy(out + len, piece, k + 1);
            len += k;
        }
    }
    return len;
}

static void run_probe(lua_State *L, const char *text, const char *pattern, char *out,
                      size_t size)
{
    struct ts_err err = {0};

    lua_pushvalue(L, 1);
    lua_pushstring(L, text);
    lua_pushstring(L, pattern);
    if (ts_sandbox_call(L, 2, "t.lua", &err) != TS_OK) {
        snprintf(out, size, "!%s", err.text);
        return;
    }
    snprintf(out, size, "%s", lua_tostring(L, -1));
    lua_pop(L, 1);
}

Test(sandbox_match, agrees_with_the_library_of_lua, .timeout = 120)
{
    static const char *const text_pieces[] = {"a", "b", "ab", "(", ")", "x1", " ",
                                              "-", "A", "%",  "]", "^", "$",  "."};
    static const char *const pattern_pieces[] = {
        "a",     "b",      ".",    "%a",   "%w*",    "[ab]", "[^a]", "*",    "+",   "-",
        "?",     "(",      ")",    "()",   "%1",     "%b()", "^",    "$",    "%s*", "]",
        "[a-z]", "%f[%w]", "(a*)", "(.-)", "[%w_]",  "%d",   "[]]",  "[^]]", "%u",  "%p",
        "[a-]",  "%",      "[",    "%2",   "[%a-z]", "%f[",  "%b",   "%]"};
    lua_State *real = luaL_newstate(), *ours = ts_sandbox_new(NULL);
    unsigned seed = 20261123;
    struct ts_err err;

    luaL_openlibs(real);
    cr_assert_eq(luaL_loadstring(real, probe), LUA_OK);
    cr_assert(ts_sandbox_load(ours, ts_str_of(probe), "t.lua"));
    for (int i = 0; i < 60000; i++) {
        char text[64], pattern[96], got[4096], wanted[4096];
        random_text(text, sizeof text, text_pieces, 14, &seed);
        random_text(pattern, sizeof pattern, pattern_pieces,
                    sizeof pattern_pieces / sizeof *pattern_pieces, &seed);
        lua_pushvalue(real, 1);
        lua_pushstring(real, text);
        lua_pushstring(real, pattern);
        cr_assert_eq(lua_pcall(real, 2, 1, 0), LUA_OK);
        snprintf(wanted, sizeof wanted, "%s", lua_tostring(real, -1));
        lua_pop(real, 1);
        if (i % 500 == 0) { /* its bounds are for one sequence, not for this many */
            ts_sandbox_free(ours);
            ours = ts_sandbox_new(NULL);
            cr_assert(ts_sandbox_load(ours, ts_str_of(probe), "t.lua"));
        }
        run_probe(ours, text, pattern, got, sizeof got);
        cr_assert_str_eq(got, wanted, "text '%s' pattern '%s': %s instead of %s", text,
                         pattern, got, wanted);
    }
    lua_close(real);
    ts_sandbox_free(ours);
    (void)err;
}
