/* xml_dom_test.c - XML as a tree: places, bounds, and text inside text. */
#include "parse/xml_dom.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct ts_arena arena;
static struct ts_err err;

static void fini(void)
{
    ts_arena_fini(&arena);
}
TestSuite(xml_dom, .fini = fini);

static struct xml_element *parse(const char *text)
{
    struct xml_element *root;

    cr_assert_eq(xml_parse(&root, &arena, ts_str_of(text), "t", NULL, &err), TS_OK,
                 "%s\n%s", err.text, text);
    return root;
}

static const char *why(const char *text)
{
    struct xml_element *root;

    err.text[0] = '\0';
    cr_assert_eq(xml_parse(&root, &arena, ts_str_of(text), "t", NULL, &err), TS_EINPUT,
                 "%s", text);
    return err.text;
}

static const struct xml_element *find(const struct xml_element *e, const char *name)
{
    const struct xml_element *found = xml_is(e, name) ? e : NULL;

    for (const struct xml_element *c = e->first; c && !found; c = c->next) {
        found = find(c, name);
    }
    return found;
}

/* The document in the text of <in>. */
static struct xml_element *inside(const struct xml_element *outer, const char *name)
{
    const struct xml_element *e = find(outer, name);
    struct xml_element *root;

    cr_assert(e);
    cr_assert_gt(e->origin.n, 0);
    cr_assert_eq(xml_parse(&root, &arena, e->text, "t", &e->origin, &err), TS_OK, "%s",
                 err.text);
    return root;
}

static void expect_place(const struct xml_element *e, int line, int col)
{
    cr_expect(e->line == line && e->col == col, "<%s> is at %d:%d, not %d:%d", e->name,
              e->line, e->col, line, col);
}

Test(xml_dom, elements_attributes_and_texts_are_kept)
{
    const struct xml_element *r =
        parse("<?xml version=\"1.0\"?><a X='1' y=\"a&amp;b\"><!-- no --><b> t&lt;1 </b>"
              "<c/></a>");

    cr_expect_str_eq(r->name, "a");
    cr_expect_str_eq(xml_attr(r, "x"), "1");
    cr_expect_str_eq(xml_attr(r, "Y"), "a&b");
    cr_expect_null(xml_attr(r, "z"));
    cr_expect_str_eq(xml_child(r, "B")->text.p, " t<1 ");
    cr_expect_str_eq(xml_child(r, "c")->text.p, "");
    cr_expect_null(xml_child(r, "d"));
    cr_expect_eq(r->text.n, 0);
}

Test(xml_dom, a_prefix_is_no_part_of_the_name)
{
    cr_expect_str_eq(parse("<n:a xmlns:n='u'/>")->name, "a");
}

Test(xml_dom, places_count_characters_from_one)
{
    const struct xml_element *r = parse("<a>\r\n  <b/>\r\n\xC3\xA4\xC3\xB6<c/>\n</a>");

    expect_place(r, 1, 1);
    expect_place(find(r, "b"), 2, 3);
    expect_place(find(r, "c"), 3, 3);
}

Test(xml_dom, places_inside_cdata_are_those_of_the_file)
{
    const struct xml_element *r =
        parse("<a>\n <in><![CDATA[<x><y/>\r\n  <z/></x>]]></in></a>");
    const struct xml_element *x = inside(r, "in");

    expect_place(x, 2, 15);
    expect_place(find(x, "y"), 2, 18);
    expect_place(find(x, "z"), 3, 3);
}

Test(xml_dom, places_inside_escaped_text_are_those_of_the_file)
{
    const struct xml_element *r = parse(
        "<a><in>&lt;x q=\"&amp;amp;\"&gt;&lt;y/&gt;\n &lt;z/&gt;&lt;/x&gt;</in></a>");
    const struct xml_element *x = inside(r, "in");

    cr_expect_str_eq(xml_attr(x, "q"), "&");
    expect_place(x, 1, 8);
    expect_place(find(x, "y"), 1, 31);
    expect_place(find(x, "z"), 2, 2);
}

Test(xml_dom, a_text_of_escapes_alone_needs_no_root)
{
    const struct xml_element *r = parse("&lt;x&gt;\n&lt;y/&gt;&lt;/x&gt;\n");
    const struct xml_element *x = inside(r, "text");

    expect_place(x, 1, 1);
    expect_place(find(x, "y"), 2, 1);
}

Test(xml_dom, places_two_documents_deep_are_those_of_the_file)
{
    const struct xml_element *r = parse(
        "<a><in><![CDATA[<x>\n<v>&lt;p&gt; &lt;q/&gt;\n&lt;r/&gt;&lt;/p&gt;</v></x>]]>"
        "</in></a>");
    const struct xml_element *p = inside(inside(r, "in"), "v");

    expect_place(p, 2, 4);
    expect_place(find(p, "q"), 2, 14);
    expect_place(find(p, "r"), 3, 1);

    r = parse("<in>&lt;v&gt;&amp;lt;p&amp;gt;&amp;lt;q/&amp;gt;&amp;lt;/p&amp;gt;&lt;/"
              "v&gt;</in>");
    p = inside(inside(r, "in"), "v");
    expect_place(p, 1, 14);
    expect_place(find(p, "q"), 1, 31);
}

Test(xml_dom, a_mistake_inside_has_the_place_in_the_file)
{
    struct xml_element *root;
    const struct xml_element *in =
        parse("<a>\n<in><![CDATA[<x>\n  <y>]]></in></a>")->first;

    cr_expect_eq(xml_parse(&root, &arena, in->text, "t", &in->origin, &err), TS_EINPUT);
    cr_expect(strncmp(err.text, "t:3:", 4) == 0, "%s", err.text);
}

Test(xml_dom, ten_thousand_places_on_one_line_cost_no_more_than_on_many, .timeout = 10)
{
    struct ts_buf b = {0};

    ts_buf_z(&b, "<a><in><![CDATA[<x>");
    for (int i = 0; i < 100000; i++) {
        ts_buf_z(&b, "<y/>");
    }
    ts_buf_z(&b, "</x>]]></in></a>");
    const struct xml_element *x = inside(parse(ts_buf_text(&b)), "in");
    expect_place(x->last, 1, 17 + 3 + 99999 * 4);
    ts_buf_free(&b);
}

Test(xml_dom, what_was_written_is_read_as_the_same)
{
    static const char *const texts[] = {
        "<a/>", "<a b=\"1&quot;&lt;&#xA;\">x &amp; y &lt; \"z\"</a>",
        "<a><b>1</b><c d=\"e\"/></a>", "<a>line\nline&#xD;</a>"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ts_buf once = {0}, twice = {0};
        xml_write(&once, parse(texts[i]));
        xml_write(&twice, parse(ts_buf_text(&once)));
        cr_expect_str_eq(once.p, texts[i]);
        cr_expect_str_eq(twice.p, once.p);
        ts_buf_free(&once);
        ts_buf_free(&twice);
    }
}

Test(xml_dom, what_is_not_well_formed_is_refused_with_its_place)
{
    static const struct {
        const char *text, *says;
    } table[] = {
        {"", "t:1:1: this is not well-formed XML"},
        {"<a>", "t:1:4: this is not well-formed XML"},
        {"<a>\n  <b></a>", "t:2:"},
        {"<a>\n  <b x=1/></a>", "t:2:8:"},
        {"<a>&nbsp;</a>", "undefined entity"},
        {"<a>\x01</a>", "invalid token"},
        {"<a>&#0;</a>", "t:1:4"},
        {"<a/><b/>", "t:1:5"},
        {"<a b='1' b='2'/>", "duplicate attribute"},
        {"no xml", "t:1:1"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        cr_expect(strstr(why(table[i].text), table[i].says), "%s: %s", table[i].text,
                  err.text);
    }
}

Test(xml_dom, entities_of_a_document_are_never_defined, .timeout = 5)
{
    cr_expect(strstr(why("<!DOCTYPE a [<!ENTITY x \"aaaa\"><!ENTITY y \"&x;&x;&x;\">]>\n"
                         "<a>&y;</a>"),
                     "t:1:13: a document type declaration is not read"),
              "%s", err.text);
    cr_expect(strstr(why("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"),
                     "document type declaration"),
              "%s", err.text);
}

static char *nested(int depth)
{
    struct ts_buf b = {0};

    for (int i = 0; i < depth; i++) {
        ts_buf_z(&b, "<a>");
    }
    for (int i = 0; i < depth; i++) {
        ts_buf_z(&b, "</a>");
    }
    return ts_buf_take(&b);
}

Test(xml_dom, depth_is_bounded, .timeout = 5)
{
    char *fits = nested(XML_MOST_DEPTH), *deep = nested(10000);

    parse(fits);
    cr_expect(strstr(why(deep), "t:1:901: elements nest too deep"), "%s", err.text);
    ts_free(fits);
    ts_free(deep);
}

Test(xml_dom, the_number_of_elements_is_bounded, .timeout = 20)
{
    struct ts_buf b = {0};

    ts_buf_z(&b, "<a>");
    for (int i = 0; i < XML_MOST_ELEMENTS; i++) {
        ts_buf_z(&b, "<b/>");
    }
    ts_buf_z(&b, "</a>");
    cr_expect(strstr(why(ts_buf_text(&b)), "too many elements"), "%s", err.text);
    ts_buf_free(&b);
}

/* ---- encodings -----------------------------------------------------------------------
 */

struct bytes {
    const char *p;
    size_t n;
    const char *utf8, *says;
};
#define B(s) s, sizeof(s) - 1

Test(xml_dom, every_encoding_becomes_utf8)
{
    static const struct bytes table[] = {
        {B("<a>\xC3\xA4</a>"), "<a>\xC3\xA4</a>", NULL},
        {B("\xEF\xBB\xBF<a/>"), "<a/>", NULL},
        {B("\xFF\xFE<\0a\0/\0>\0"), "<a/>", NULL},
        {B("\xFE\xFF\0<\0a\0/\0>"), "<a/>", NULL},
        {B("<\0a\0/\0>\0"), "<a/>", NULL},
        {B("\0<\0a\0/\0>"), "<a/>", NULL},
        {B("\xFF\xFE\xE4\0\xAC\x20\x3D\xD8\x00\xDE"),
         "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", NULL},
        {B("<?xml version='1.0' encoding='utf-16'?><a/>"),
         "<?xml version='1.0' encoding='utf-16'?><a/>", NULL},
        {B("<?xml version='1.0' encoding=\"ISO-8859-1\"?><a>\xE4</a>"),
         "<?xml version='1.0' encoding=\"ISO-8859-1\"?><a>\xC3\xA4</a>", NULL},
        {B("<?xml version='1.0' encoding='Windows-1252'?><a>\x80\xE4</a>"),
         "<?xml version='1.0' encoding='Windows-1252'?><a>\xE2\x82\xAC\xC3\xA4</a>",
         NULL},
        {B("<a>\xE4</a>"), NULL, "t:1:4: byte 0xE4 is not UTF-8"},
        {B("<a>\n\xC3\xA4\xFF</a>"), NULL, "t:2:2: byte 0xFF"},
        {B("\xEF\xBB\xBF<a>\xE4</a>"), NULL, "t:1:4: byte 0xE4"},
        {B("\xFF\xFE<\0a\0/"), NULL, "t:1:3: this UTF-16 text ends in the middle"},
        {B("\xFF\xFE<\0\x3D\xD8<\0"), NULL, "t:1:2: half of a character"},
        {B("\xFF\xFE<\0\x00\xDE"), NULL, "t:1:2: half of a character"},
        {B("\xFF\xFE\0\0<\0\0\0"), NULL, "UTF-32"},
        {B("<?xml version='1.0' encoding='koi8-r'?><a/>"), NULL,
         "t:1:1: the encoding \"koi8-r\" is not known"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ts_buf out = {0};
        enum ts_code rc = xml_to_utf8(&out, (ts_str){table[i].p, table[i].n}, "t", &err);
        if (table[i].utf8) {
            cr_expect_eq(rc, TS_OK, "row %zu: %s", i, err.text);
            cr_expect_str_eq(ts_buf_text(&out), table[i].utf8);
        } else {
            cr_expect_eq(rc, TS_EINPUT, "row %zu", i);
            cr_expect(strstr(err.text, table[i].says), "row %zu: %s", i, err.text);
        }
        ts_buf_free(&out);
    }
}
