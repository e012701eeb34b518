#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "lab/lab_internal.h"
#include "platform/drives.h"
#include "platform/sysinfo.h"

static char dir[200];

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/ts-lab-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
}

static void teardown(void)
{
    cr_expect_eq(ts_fs_remove_tree(dir, NULL), TS_OK);
}

static void machine_json(const char *text)
{
    char path[256];

    snprintf(path, sizeof path, "%s/machine.json", dir);
    cr_assert_eq(ts_file_replace(path, text, strlen(text), 0644, NULL), TS_OK);
}

static struct ts_lab_machine *made(bool swap)
{
    struct ts_lab_new n = {
        .dir = dir, .profile = "small", .seed = 7, .swap_letters = swap};
    struct ts_lab_machine *m = NULL;
    struct ts_err err = {0};

    cr_assert_eq(ts_lab_new(&n, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_lab_open(&m, dir, &err), TS_OK, "%s", err.text);
    return m;
}

Test(lab, a_new_machine_has_people_and_an_image, .init = setup, .fini = teardown)
{
    struct ts_lab_machine *m = made(false);
    struct ts_err err = {0};
    char *path = NULL;

    cr_expect_eq(m->phase, TS_PHASE_FULLOS);
    cr_assert_eq(ts_lab_map(m, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_path_native(&path, "c:\\users\\ann\\ntuser.dat", NULL, &err), TS_OK);
    cr_expect(ts_fs_exists(path), "%s", path);
    ts_free(path);
    cr_assert_eq(ts_path_native(&path, "E:/Images/NewWindows/Windows", NULL, &err),
                 TS_OK);
    cr_expect(ts_fs_exists(path), "%s", path);
    ts_free(path);
    cr_expect_eq(ts_path_native(&path, "Q:\\x", NULL, &err), TS_EINPUT);
    ts_lab_free(m);
}

Test(lab, what_is_saved_is_read_back, .init = setup, .fini = teardown)
{
    struct ts_lab_machine *m = made(true), *again = NULL;
    struct ts_err err = {0};

    m->next_boot = TS_PHASE_WINPE;
    cr_assert_eq(ts_lab_save(m, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_lab_open(&again, dir, &err), TS_OK, "%s", err.text);
    cr_expect_eq(again->next_boot, TS_PHASE_WINPE);
    cr_expect_eq(again->volume_count, m->volume_count);
    for (size_t i = 0; i < m->volume_count; i++) {
        cr_expect_str_eq(again->volumes[i].id, m->volumes[i].id);
        cr_expect_eq(again->volumes[i].winpe, m->volumes[i].winpe);
        cr_expect_eq(again->volumes[i].ram, m->volumes[i].ram);
    }
    cr_expect_not_null(ts_value_get(again->stored_variables, "OSImage"));
    ts_lab_free(again);
    ts_lab_free(m);
}

Test(lab, letters_follow_the_phase, .init = setup, .fini = teardown)
{
    struct ts_lab_machine *m = made(true), *inside = NULL;
    struct ts_err err = {0};

    m->phase = TS_PHASE_WINPE;
    cr_assert_eq(ts_lab_save(m, &err), TS_OK);
    ts_env_set(TS_ENV_LAB, dir);
    cr_assert_eq(ts_lab_attach(&inside, &err), TS_OK, "%s", err.text);
    cr_assert_not_null(inside);
    cr_expect_str_eq(ts_value_text(inside->variables, "OSImage"),
                     "C:\\Images\\NewWindows");
    cr_assert_not_null(ts_drives_find('D'));
    cr_expect_not_null(strstr(ts_drives_find('D')->root, "/C"));
    cr_expect_null(ts_drives_find('E'));
    ts_lab_free(inside);
    ts_lab_free(m);
}

Test(lab, the_same_seed_makes_the_same_people, .init = setup, .fini = teardown)
{
    struct ts_dir *root = NULL, *a = NULL, *b = NULL;
    struct ts_person p = {"Ann", 40, 4, 1000};
    bool same = false;

    cr_assert_eq(ts_dir_open(&root, dir, false, NULL), TS_OK);
    cr_assert_eq(ts_tree_dir(root, "a", &a, NULL), TS_OK);
    cr_assert_eq(ts_tree_dir(root, "b", &b, NULL), TS_OK);
    cr_assert_eq(ts_person_make(a, &p, 5, NULL), TS_OK);
    cr_assert_eq(ts_person_make(b, &p, 5, NULL), TS_OK);
    cr_assert_eq(ts_same_content_at(a, "NTUSER.DAT", b, "NTUSER.DAT", &same, NULL),
                 TS_OK);
    cr_expect(same);
    ts_dir_close(a);
    ts_dir_close(b);
    ts_dir_close(root);
}

Test(lab, a_bad_machine_is_refused_with_its_fault, .init = setup, .fini = teardown)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"{", "machine.json:1:"},
        {"[]", "must be an object"},
        {"{\"taskseqLab\": 2}", "written by a newer version of taskseq: it has format 2"},
        {"{\"taskseqLab\": \"1\"}", "\"taskseqLab\" must be 1"},
        {"{\"taskseqLab\": 1, \"id\": \"x\"}", "\"volumes\" must be a list"},
        {"{\"taskseqLab\": 1, \"id\": \"x\", \"volumes\": [{\"id\": \"a\", \"folder\": "
         "\"../c\"}], \"phase\": \"FullOS\", \"nextBoot\": \"any\"}",
         "a plain name"},
        {"{\"taskseqLab\": 1, \"id\": \"x\", \"volumes\": [{\"id\": \"a\", \"folder\": "
         "\"C\"}], \"phase\": \"Dos\", \"nextBoot\": \"any\"}",
         "\"phase\" must be"}};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ts_lab_machine *m = NULL;
        struct ts_err err = {0};

        machine_json(bad[i].text);
        cr_expect_eq(ts_lab_open(&m, dir, &err), TS_EINPUT, "%s", bad[i].text);
        cr_expect_not_null(strstr(err.text, bad[i].message), "%s", err.text);
    }
}

Test(lab, a_folder_without_a_machine_names_the_way_to_make_one, .init = setup,
     .fini = teardown)
{
    struct ts_lab_machine *m = NULL;
    struct ts_err err = {0};

    cr_expect_eq(ts_lab_open(&m, dir, &err), TS_ENOTFOUND);
    cr_expect_not_null(strstr(err.text, "lab --new"), "%s", err.text);
}

Test(lab, a_new_machine_never_overwrites, .init = setup, .fini = teardown)
{
    struct ts_lab_new n = {.dir = dir, .profile = "small", .seed = 1};
    struct ts_err err = {0};

    machine_json("{}");
    cr_expect_eq(ts_lab_new(&n, &err), TS_EINPUT);
    cr_expect_not_null(strstr(err.text, "not empty"), "%s", err.text);
}

Test(lab, a_machine_keeps_its_facts, .init = setup, .fini = teardown)
{
    struct ts_lab_machine *m = made(true), *again = NULL;
    struct ts_err err = {0};
    struct ts_facts *f = NULL;
    struct ts_wql_answer answer;

    cr_assert_eq(ts_lab_save(m, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_lab_open(&again, dir, &err), TS_OK, "%s", err.text);
    cr_assert_not_null(m->facts);
    cr_expect(ts_value_equal(again->facts, m->facts));
    cr_assert_eq(ts_lab_facts(again, &f, &err), TS_OK, "%s", err.text);
    cr_expect_str_eq(ts_facts_variable(f, "IsLaptop"), "True");
    cr_expect(ts_facts_uefi(f));
    ts_facts_free(f);

    /* the drives are those that the phase shows */
    again->phase = TS_PHASE_WINPE;
    cr_assert_eq(ts_lab_facts(again, &f, &err), TS_OK, "%s", err.text);
    cr_assert_eq(ts_wql_query(f,
                              TS_S("SELECT * FROM Win32_LogicalDisk WHERE DriveType = 3 "
                                   "AND DeviceID != 'X:' AND VolumeName = 'system'"),
                              NULL, NULL, &answer, &err),
                 TS_OK);
    cr_expect_eq(answer.count, 1);
    cr_assert_eq(ts_wql_query(f, TS_S("SELECT * FROM Win32_LogicalDisk"), NULL, NULL,
                              &answer, &err),
                 TS_OK);
    cr_expect_eq(answer.count, 3);
    ts_facts_free(f);
    ts_lab_free(again);
    ts_lab_free(m);
}

Test(lab, facts_that_are_wrong_are_refused, .init = setup, .fini = teardown)
{
    struct ts_lab_machine *m = NULL;
    struct ts_err err = {0};

    machine_json(
        "{\"taskseqLab\":1,\"id\":\"m\",\"phase\":\"FullOS\",\"nextBoot\":\"any\","
        "\"volumes\":[{\"id\":\"c\",\"folder\":\"C\",\"FullOS\":\"C\"}],\n"
        "\"facts\":{\"taskseqFacts\":1,\"classes\":{\"A\":1}}}");
    cr_expect_eq(ts_lab_open(&m, dir, &err), TS_EINPUT);
    cr_expect_not_null(strstr(err.text, "machine.json:2:"), "%s", err.text);
    machine_json(
        "{\"taskseqLab\":1,\"id\":\"m\",\"phase\":\"FullOS\",\"nextBoot\":\"any\","
        "\"volumes\":[{\"id\":\"c\",\"folder\":\"C\",\"FullOS\":\"C\"}]}");
    cr_assert_eq(ts_lab_open(&m, dir, &err), TS_OK, "%s", err.text);
    struct ts_facts *f = NULL;
    cr_expect_eq(ts_lab_facts(m, &f, &err), TS_OK);
    cr_expect_null(f);
    ts_lab_free(m);
}
