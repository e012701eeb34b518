/* RunTaskSequence: another sequence becomes a group of this one. */
#include "support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char *folder;

static void make_folder(void)
{
    folder = new_folder();
    put_file(
        folder, "child.json",
        "{\"taskseq\":1,\"name\":\"Child\",\"variables\":{\"A\":\"child\",\"B\":\"b\"},"
        "\"inputs\":{\"Q\":{}},\"packages\":{\"P\":{\"source\":\"p\"}},"
        "\"steps\":[{\"type\":\"Fail\",\"name\":\"One\"},"
        "{\"type\":\"Group\",\"name\":\"G\",\"steps\":[{\"type\":\"Fail\"}]}]}");
}

static void drop_folder(void)
{
    remove_folder(folder);
}

TestSuite(parse_child, .init = make_folder, .fini = drop_folder);

static struct ts_sequence *load(const char *steps, struct ts_err *err)
{
    char *text =
        ts_format("{\"taskseq\":1,\"name\":\"Main\",\"variables\":{\"A\":\"main\"},"
                  "\"steps\":[%s]}",
                  steps);
    char *path = ts_format("%s/main.json", folder);
    struct ts_sequence *s = NULL;

    put_file(folder, "main.json", text);
    err->text[0] = '\0';
    enum ts_code rc = ts_sequence_load(&s, path, test_registry(), err);
    cr_assert_eq(rc == TS_OK, s != NULL);
    ts_free(path);
    ts_free(text);
    return s;
}

static const char *why(const char *steps)
{
    static struct ts_err err;

    ts_sequence_free(load(steps, &err));
    return err.text;
}

Test(parse_child, becomes_a_group_with_its_options)
{
    struct ts_err err;
    struct ts_sequence *s = load(
        "{\"type\":\"RunTaskSequence\",\"sequence\":\"child.json\",\"condition\":\"A = "
        "'x'\","
        "\"continueOnError\":true,\"id\":\"kid\",\"description\":\"d\"},"
        "{\"type\":\"RunTaskSequence\",\"name\":\"Again\",\"disabled\":true,\"sequence\":"
        "\"child.json\"},{\"type\":\"Fail\",\"name\":\"Last\"}",
        &err);

    cr_assert_not_null(s, "%s", err.text);
    cr_assert_eq(s->node_count, 9);
    const struct ts_node *n = s->root->first;
    cr_assert(n->is_group && n->continue_on_error && n->condition);
    cr_assert_str_eq(n->name, "Child");
    cr_assert_str_eq(n->id, "kid");
    cr_assert_str_eq(n->description, "d");
    cr_assert_str_eq(n->first->name, "One");
    cr_assert(strstr(n->first->pos.file, "child.json"));
    cr_assert_eq(n->first->parent, n);
    cr_assert_str_eq(n->first->next->first->name, "Fail");
    n = n->next;
    cr_assert_str_eq(n->name, "Again");
    cr_assert(n->disabled);
    cr_assert_str_eq(n->first->id, "one-2");
    cr_assert_str_eq(n->next->name, "Last");
    /* what the main sequence says about variables wins */
    cr_assert_str_eq(ts_value_text(s->variables, "A"), "main");
    cr_assert_str_eq(ts_value_text(s->variables, "B"), "b");
    cr_assert_eq(s->input_count, 1);
    cr_assert_eq(s->package_count, 1);
    ts_sequence_free(s);
}

Test(parse_child, that_cannot_be_is_refused)
{
    cr_expect(strstr(why("{\"type\":\"RunTaskSequence\"}"), "sequence"));
    cr_expect(strstr(why("{\"type\":\"RunTaskSequence\",\"sequence\":\"gone.json\"}"),
                     "cannot be read"));
    cr_expect(strstr(why("{\"type\":\"RunTaskSequence\",\"sequence\":\"../x.json\"}"),
                     "cannot be read"));
    cr_expect(strstr(why("{\"type\":\"RunTaskSequence\",\"sequence\":\"/etc/passwd\"}"),
                     "relative"));
    cr_expect(strstr(why("{\"type\":\"RunTaskSequence\",\"sequence\":7}"), "a string"));
    cr_expect(strstr(why("{\"type\":\"RunTaskSequence\",\"sequence\":\"child.json\","
                         "\"timeout\":\"1s\"}"),
                     "timeout"));
    cr_expect(strstr(why("{\"type\":\"RunTaskSequence\",\"sequence\":\"child.json\","
                         "\"steps\":[]}"),
                     "come from the other sequence"));
}

Test(parse_child, a_circle_is_refused)
{
    put_file(folder, "a.json",
             "{\"taskseq\":1,\"steps\":[{\"type\":\"RunTaskSequence\",\"sequence\":"
             "\"b.json\"}]}");
    put_file(folder, "b.json",
             "{\"taskseq\":1,\"steps\":[{\"type\":\"Group\",\"steps\":[{\"include\":"
             "\"main.json\"}]}]}");
    const char *text = why("{\"type\":\"RunTaskSequence\",\"sequence\":\"a.json\"}");

    cr_expect(strstr(text, "circle"), "%s", text);
    cr_expect(strstr(text, "a.json") && strstr(text, "b.json"), "%s", text);
}

Test(parse_child, of_an_import_stays_a_step)
{
    /* the registry of these tests has no such type: it is not looked for in a file */
    cr_expect(strstr(why("{\"type\":\"RunTaskSequence\",\"sequence\":\"PS100001\","
                         "\"xml\":{\"action\":\"SubTasksequence.exe\"}}"),
                     "unknown step type"));
}

Test(parse_child, groups_in_children_count_for_the_depth)
{
    char name[32], text[160];

    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "c%d.json", i);
        snprintf(text, sizeof text,
                 "{\"taskseq\":1,\"steps\":[{\"type\":\"RunTaskSequence\",\"sequence\":"
                 "\"%s%d.json\"}]}",
                 i == 29 ? "child" : "c", i + 1);
        put_file(folder, name, text);
    }
    put_file(folder, "child30.json", "{\"taskseq\":1,\"steps\":[]}");
    struct ts_err err;
    struct ts_sequence *s =
        load("{\"type\":\"RunTaskSequence\",\"sequence\":\"c0.json\"}", &err);
    cr_assert_not_null(s, "%s", err.text);
    ts_sequence_free(s);
    char deep[8000] = "";
    for (int i = 0; i < 80; i++) {
        strcat(deep, "{\"type\":\"Group\",\"steps\":[");
    }
    strcat(deep, "{\"type\":\"RunTaskSequence\",\"sequence\":\"c0.json\"}");
    for (int i = 0; i < 80; i++) {
        strcat(deep, "]}");
    }
    cr_expect(strstr(why(deep), "100 deep"), "%s", why(deep));
}
