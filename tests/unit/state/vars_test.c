#include "helpers.h"

#include "platform/drives.h"

#include <fcntl.h>

TestSuite(state_vars, .init = setup, .fini = teardown);
TestSuite(state_secrets, .init = setup, .fini = teardown);

#define SECRET "correct-horse-battery"

static void remember(void *ctx, const char *text)
{
    ts_buf_fmt(ctx, "%s;", text);
}

/* Load the last run's variables; what was warned about goes to *warnings. */
static struct ts_vars *load(struct ts_state *s, struct ts_buf *warnings)
{
    struct ts_run run;
    struct ts_vars *v = ts_vars_new();
    OK(ts_state_last_run(s, &run, &err));
    OK(ts_state_load_vars(s, run.id, v, remember, warnings, &err));
    return v;
}

static void put_in(struct ts_state *s, enum ts_scope scope, const char *name,
                   const char *value)
{
    struct ts_var v = {name, value, scope, false};
    ts_state_variable(s, &v, "");
}

static void list(void *ctx, const struct ts_var *v)
{
    ts_buf_fmt(ctx, "%d %s=%s;", (int)v->scope, v->name,
               v->value ? v->value : "(deleted)");
}

Test(state_vars, come_back_by_scope_in_their_order)
{
    struct ts_buf w = {0}, out = {0};
    struct ts_state *s = open_state();
    begin(s);
    put_in(s, TS_SCOPE_DEFAULT, "Zeta", "default");
    put_in(s, TS_SCOPE_RUN, "Alpha", "by hand");
    put_in(s, TS_SCOPE_STEP, "Alpha", "by step");
    put_in(s, TS_SCOPE_ENGINE, "_SMSTSPhase", "x");
    OK(ts_state_commit(s, &err));
    put_in(s, TS_SCOPE_STEP, "ALPHA", "by step again");
    put_in(s, TS_SCOPE_DEFAULT, "Zeta", "two\nlines = \"x\" \xC3\xA9");
    OK(ts_state_commit(s, &err));
    ts_state_close(s);

    s = open_state();
    struct ts_vars *v = load(s, &w);
    cr_assert_str_eq(ts_vars_get(v, "zeta"), "two\nlines = \"x\" \xC3\xA9");
    cr_assert_str_eq(ts_vars_get(v, "Alpha"), "by step again");
    cr_assert_str_eq(ts_vars_get(v, "_SMSTSPhase"), "x");
    ts_vars_each_scope(v, list, &out);
    cr_assert(strstr(out.p, "0 Zeta=two") != NULL, "%s", out.p);
    cr_assert(strstr(out.p, "2 Alpha=by hand;") != NULL, "%s", out.p);
    cr_assert(strstr(out.p, "3 Alpha=by step again;") != NULL, "%s", out.p);
    cr_assert(strstr(out.p, "4 _SMSTSPhase=x;") != NULL, "%s", out.p);
    ts_buf_clear(&out);
    ts_vars_each(v, list, &out);
    cr_assert(strstr(out.p, "Zeta") < strstr(out.p, "Alpha"), "%s", out.p);
    cr_assert_str_eq(ts_buf_text(&w), "");
    ts_vars_free(v);
    ts_state_close(s);
}

Test(state_vars, deletion_in_a_stronger_scope_still_hides)
{
    struct ts_buf w = {0};
    struct ts_state *s = open_state();
    begin(s);
    put_in(s, TS_SCOPE_DEFAULT, "A", "weak");
    put_in(s, TS_SCOPE_STEP, "A", "strong");
    put_in(s, TS_SCOPE_STEP, "A", NULL);
    OK(ts_state_commit(s, &err));
    struct ts_vars *v = load(s, &w);
    cr_assert(ts_vars_get(v, "A") == NULL);
    ts_vars_free(v);
    ts_state_close(s);
}

Test(state_vars, names_allowed_to_a_step_come_back)
{
    struct ts_buf w = {0};
    struct ts_state *s = open_state();
    begin(s);
    put_in(s, TS_SCOPE_STEP, "_OSDMine", "x");
    OK(ts_state_commit(s, &err));
    struct ts_vars *v = load(s, &w);
    cr_assert_str_eq(ts_vars_get(v, "_OSDMine"), "x");
    ts_vars_free(v);
    ts_state_close(s);
}

Test(state_vars, damaged_rows_are_refused)
{
    static const char *const changes[] = {
        "UPDATE variables SET scope = 9",     "UPDATE variables SET scope = -1",
        "UPDATE variables SET name = 'a b'",  "UPDATE variables SET name = NULL",
        "UPDATE variables SET name = 'x=y%'",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct ts_run run;
        teardown(); /* each case begins in a folder of its own */
        setup();
        ended_state();
        execute(dir, changes[i]);
        struct ts_state *s = open_state();
        struct ts_vars *v = ts_vars_new();
        OK(ts_state_last_run(s, &run, &err));
        cr_assert_eq(ts_state_load_vars(s, run.id, v, NULL, NULL, &err), TS_EDAMAGED,
                     "%s", changes[i]);
        ts_vars_free(v);
        ts_state_close(s);
    }
}

/* ---- paths that follow their volume --------------------------------------------------
 */

static void map(char letter, const char *name, const char *volume)
{
    char *root = in(top, name);
    mkdir(root, 0755);
    OK(ts_drives_map(letter, root, volume, true, &err));
    ts_free(root);
}

Test(state_vars, paths_follow_their_volume)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"C:\\dir\\x", "D:\\dir\\x"},
        {"C:", "D:"},
        {"C:/dir", "D:/dir"},
        {"c:\\dir", "d:\\dir"},
        {"D:\\x", "E:\\x"},
        {"C:relative", "C:relative"},
        {"CC:\\x", "CC:\\x"},
        {"C", "C"},
        {"C:\\a;C:\\b", "D:\\a;C:\\b"},
        {"Q:\\none", "Q:\\none"},
        {"F:\\anon", "F:\\anon"},
        {"=C:\\x", "=C:\\x"},
    };
    char name[8];
    struct ts_buf w = {0};
    struct ts_state *s = open_state();
    begin(s);
    map('C', "one", "vol-1");
    map('D', "two", "vol-2");
    map('F', "anon", "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(name, sizeof name, "V%zu", i);
        put(s, name, cases[i].before, false);
    }
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
    cr_assert_str_eq(query(dir, "SELECT volume FROM variables WHERE name = 'V0'"),
                     "vol-1");
    cr_assert_str_eq(query(dir, "SELECT value FROM variables WHERE name = 'V0'"),
                     "C:\\dir\\x");

    ts_drives_clear();
    map('D', "one", "vol-1");
    map('E', "two", "vol-2");
    s = open_state();
    struct ts_vars *v = load(s, &w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(name, sizeof name, "V%zu", i);
        cr_assert_str_eq(ts_vars_get(v, name), cases[i].after, "%s", cases[i].before);
    }
    cr_assert_str_eq(ts_buf_text(&w), "");
    ts_vars_free(v);
    ts_state_close(s);
}

Test(state_vars, path_on_a_missing_volume_keeps_its_text_and_warns)
{
    struct ts_buf w = {0};
    struct ts_state *s = open_state();
    begin(s);
    map('X', "ram", "vol-ram");
    put(s, "Log", "X:\\logs", false);
    OK(ts_state_commit(s, &err));
    ts_drives_clear();
    struct ts_vars *v = load(s, &w);
    cr_assert_str_eq(ts_vars_get(v, "Log"), "X:\\logs");
    cr_assert(strstr(w.p, "Log") && strstr(w.p, "X:\\logs"), "%s", w.p);
    ts_vars_free(v);
    /* set anew it is no such path any more */
    put(s, "Log", "plain", false);
    OK(ts_state_commit(s, &err));
    ts_buf_clear(&w);
    v = load(s, &w);
    cr_assert_str_eq(ts_vars_get(v, "Log"), "plain");
    cr_assert_str_eq(ts_buf_text(&w), "");
    ts_vars_free(v);
    ts_state_close(s);
}

/* ---- secrets -------------------------------------------------------------------------
 */

Test(state_secrets, come_back_and_stand_nowhere_in_the_folder)
{
    struct ts_buf w = {0};
    struct ts_arena a = {0};
    struct ts_value *all;
    struct stat st;
    struct ts_state *s = open_state();
    begin(s);
    put(s, "JoinPassword", SECRET, true);
    OK(ts_state_commit(s, &err));
    put(s, "Other", SECRET "-two", true);
    put(s, "Plain", "plain-value", false);
    OK(ts_state_commit(s, &err));
    cr_assert(!found_in_files(dir, SECRET));
    cr_assert(found_in_files(dir, "plain-value"), "the search itself works");
    cr_assert_eq(stat(in(dir, "secrets.bin"), &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
    cr_assert_eq(stat(in(dir, "secrets.key"), &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
    cr_assert_eq(st.st_size, 32);
    ts_state_close(s);
    cr_assert(!found_in_files(dir, SECRET));

    s = open_state();
    struct ts_vars *v = load(s, &w);
    cr_assert_str_eq(ts_vars_get(v, "JoinPassword"), SECRET);
    cr_assert_str_eq(ts_vars_get(v, "Other"), SECRET "-two");
    cr_assert(ts_vars_is_secret(v, TS_S("Other")));
    cr_assert(!ts_vars_is_secret(v, TS_S("Plain")));
    OK(ts_state_to_value(s, 0, &a, &all, &err));
    struct ts_buf json = {0};
    ts_json_write(&json, all, 0);
    cr_assert(strstr(json.p, SECRET) == NULL);
    cr_assert(strstr(json.p, "{\"name\":\"Other\",\"value\":\"*****\",\"scope\":\"step\","
                             "\"secret\":true,\"step\":\"set-it\"}") != NULL,
              "%s", json.p);
    cr_assert(strstr(json.p, "{\"name\":\"Plain\",\"value\":\"plain-value\",\"scope\":"
                             "\"step\",\"secret\":false,\"step\":\"set-it\"}") != NULL,
              "%s", json.p);
    ts_vars_free(v);
    ts_state_close(s);
    ts_arena_fini(&a);
}

/* What an earlier start of the program sealed must survive what a later one adds. */
Test(state_secrets, survive_changes_after_a_restart)
{
    struct ts_buf w = {0};
    struct ts_state *s = open_state();
    begin(s);
    put(s, "A", "secret-a", true);
    put(s, "B", "secret-b", true);
    OK(ts_state_commit(s, &err));
    ts_state_close(s);

    struct ts_run run;
    s = open_state();
    OK(ts_state_last_run(s, &run, &err));
    put(s, "B", "secret-b2", true); /* without loading them first */
    put(s, "C", "secret-c", true);
    OK(ts_state_commit(s, &err));
    ts_state_close(s);

    s = open_state();
    struct ts_vars *v = load(s, &w);
    cr_assert_str_eq(ts_vars_get(v, "A"), "secret-a");
    cr_assert_str_eq(ts_vars_get(v, "B"), "secret-b2");
    cr_assert_str_eq(ts_vars_get(v, "C"), "secret-c");
    ts_vars_free(v);
    put(s, "A", NULL, true);
    OK(ts_state_commit(s, &err));
    v = load(s, &w);
    cr_assert(ts_vars_get(v, "A") == NULL);
    cr_assert(ts_vars_is_secret(v, TS_S("A")));
    ts_vars_free(v);
    ts_state_close(s);
}

Test(state_secrets, the_same_value_is_not_written_twice)
{
    size_t n, m;
    struct ts_state *s = open_state();
    begin(s);
    put(s, "A", "secret-a", true);
    OK(ts_state_commit(s, &err));
    char *before = slurp(in(dir, "secrets.bin"), &n);
    put(s, "A", "secret-a", true);
    OK(ts_state_commit(s, &err));
    char *after = slurp(in(dir, "secrets.bin"), &m);
    cr_assert(n == m && memcmp(before, after, n) == 0);
    put(s, "A", "secret-b", true);
    OK(ts_state_commit(s, &err));
    after = slurp(in(dir, "secrets.bin"), &m);
    cr_assert(memcmp(before + 8, after + 8, 12) != 0, "the nonce was used again");
    ts_state_close(s);
}

Test(state_secrets, go_when_the_run_ends)
{
    struct ts_buf w = {0};
    struct ts_state *s = open_state();
    begin(s);
    put(s, "A", SECRET, true);
    put(s, "B", "b", false);
    OK(ts_state_commit(s, &err));
    end_run(s);
    ts_state_drop_secrets(s);
    cr_assert(!ts_fs_exists(in(dir, "secrets.bin")));
    cr_assert(!ts_fs_exists(in(dir, "secrets.key")));
    struct ts_vars *v = load(s, &w);
    cr_assert(ts_vars_get(v, "A") == NULL);
    cr_assert(ts_vars_is_secret(v, TS_S("A")));
    cr_assert_str_eq(ts_vars_get(v, "B"), "b");
    cr_assert(strstr(w.p, "variable A:") != NULL, "%s", w.p);
    ts_vars_free(v);
    ts_state_close(s);
}

Test(state_secrets, left_behind_by_a_crash_go_at_the_next_start)
{
    struct ts_state *s = open_state();
    begin(s);
    put(s, "A", SECRET, true);
    end_run(s);
    ts_state_close(s); /* the end was recorded, the files were not yet removed */
    cr_assert(ts_fs_exists(in(dir, "secrets.key")));
    s = open_state();
    cr_assert(!ts_fs_exists(in(dir, "secrets.bin")));
    cr_assert(!ts_fs_exists(in(dir, "secrets.key")));
    ts_state_close(s);
}

Test(state_secrets, discard_removes_them)
{
    struct ts_run run;
    struct ts_state *s = open_state();
    begin(s);
    put(s, "A", SECRET, true);
    OK(ts_state_commit(s, &err));
    OK(ts_state_last_run(s, &run, &err));
    OK(ts_state_discard(s, run.id, &err));
    cr_assert(!ts_fs_exists(in(dir, "secrets.bin")));
    cr_assert(!ts_fs_exists(in(dir, "secrets.key")));
    ts_state_close(s);
}

static void expect_lost(const char *what)
{
    struct ts_run run;
    struct ts_state *s = open_state();
    struct ts_vars *v = ts_vars_new();
    OK(ts_state_last_run(s, &run, &err));
    cr_assert_eq(ts_state_load_vars(s, run.id, v, NULL, NULL, &err), TS_EDAMAGED, "%s",
                 what);
    cr_assert(strstr(err.text, "secrets of the run are lost") != NULL, "%s: %s", what,
              err.text);
    cr_assert(strstr(err.text, "--discard") != NULL, "%s", err.text);
    ts_vars_free(v);
    /* nor may a new secret bury the old ones */
    put(s, "B", "x", true);
    cr_assert_eq(ts_state_commit(s, &err), TS_EDAMAGED, "%s: %s", what, err.text);
    ts_state_close(s);
}

Test(state_secrets, tampering_is_found)
{
    struct ts_state *s = open_state();
    size_t n, key_n;
    begin(s);
    put(s, "A", SECRET, true);
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
    char *bin = in(dir, "secrets.bin"), *key = in(dir, "secrets.key");
    char *sealed = slurp(bin, &n), *key_bytes = slurp(key, &key_n);

    for (size_t i = 0; i < n; i++) { /* every byte counts */
        sealed[i] ^= 1;
        spill(bin, sealed, n);
        sealed[i] ^= 1;
        expect_lost("one bit");
    }
    for (size_t cut = 0; cut < n; cut += 7) {
        spill(bin, sealed, cut);
        expect_lost("cut off");
    }
    spill(bin, sealed, n);
    key_bytes[5] ^= 1;
    spill(key, key_bytes, key_n);
    expect_lost("another key");
    spill(key, key_bytes, 31);
    expect_lost("short key");
    spill(key, "0123456789012345678901234567890123", 34);
    expect_lost("long key");
    unlink(key);
    expect_lost("no key");
    unlink(bin);
    expect_lost("no file at all");
}

Test(state_secrets, an_older_file_is_not_taken)
{
    struct ts_state *s = open_state();
    size_t n;
    begin(s);
    put(s, "A", SECRET, true);
    OK(ts_state_commit(s, &err));
    char *older = slurp(in(dir, "secrets.bin"), &n);
    put(s, "A", SECRET "2", true);
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
    spill(in(dir, "secrets.bin"), older, n);
    expect_lost("older");
}

/* As `resume --from` does with a failed run. */
Test(state_secrets, a_run_that_goes_on_after_its_end_has_lost_them)
{
    struct ts_buf w = {0};
    struct ts_run run;
    struct ts_state *s = open_state();
    begin(s);
    put(s, "A", SECRET, true);
    ts_state_status(s, TS_RUN_FAILED, 1, "x");
    OK(ts_state_commit(s, &err));
    ts_state_close(s);

    s = open_state();
    OK(ts_state_last_run(s, &run, &err));
    ts_state_status(s, TS_RUN_RUNNING, 0, "");
    put(s, "B", "new-secret", true);
    OK(ts_state_commit(s, &err));
    ts_state_close(s);
    s = open_state();
    struct ts_vars *v = load(s, &w);
    cr_assert(ts_vars_get(v, "A") == NULL);
    cr_assert(ts_vars_is_secret(v, TS_S("A")));
    cr_assert_str_eq(ts_vars_get(v, "B"), "new-secret");
    ts_vars_free(v);
    ts_state_close(s);
}
