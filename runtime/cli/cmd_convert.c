/* cmd_convert.c - a sequence from one form into another. */
#include <string.h>

#include "base/mem.h"
#include "cli/session.h"
#include "parse/convert.h"
#include "platform/fs.h"

static const struct ts_opt options[] = {
    {"to", 0, "FORMAT", false, "lua, json or xml; by default as OUT is named"},
    {"force", 0, NULL, false, "Write over OUT if it exists"},
    TS_SESSION_OPTIONS,
    {NULL, 0, NULL, false, NULL}};

static const char *const formats[] = {"lua", "json", "xml"};
#define FORMAT_COUNT (sizeof formats / sizeof formats[0])

struct conversion {
    struct ts_session session;
    const char *in, *out, *format;
    struct ts_buf text;
};

static const char *known_format(ts_str name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (ts_str_caseeq(name, ts_str_of(formats[i])))
            return formats[i];
    return NULL;
}

/* By --to, else by the ending of OUT. */
static int choose_format(struct conversion *c, const struct ts_args *args)
{
    const char *to = ts_args_get(args, "to");
    const char *dot = strrchr(c->out, '.');

    c->format = known_format(ts_str_of(to ? to : dot ? dot + 1 : ""));
    if (c->format)
        return TS_EXIT_OK;
    if (to)
        return ts_cli_usage("--to is lua, json or xml, not \"%s\"", to);
    if (strcmp(c->out, "-") == 0)
        return ts_cli_usage("to standard output needs --to lua, json or xml");
    return ts_cli_usage("the ending of %s tells no format: name it .lua, .json or .xml, "
                        "or say --to FORMAT",
                        c->out);
}

static void lost(void *ctx, const struct ts_node *node, const char *what)
{
    const struct conversion *c = ctx;

    if (node && node->pos.file && node->pos.line > 0)
        ts_cli_say("warning: %s:%d: \"%s\": lost: %s", node->pos.file, node->pos.line,
                   node->name, what);
    else if (node)
        ts_cli_say("warning: %s: \"%s\": lost: %s", c->in, node->name, what);
    else
        ts_cli_say("warning: %s: lost: %s", c->in, what);
}

/* "refresh" of "/x/refresh.xml", "" for standard output. */
static char *base_name(const char *path)
{
    const char *base = path, *dot;

    for (const char *p = path; *p; p++)
        if (*p == '/' || *p == '\\')
            base = p + 1;
    dot = strrchr(base, '.');
    if (strcmp(path, "-") == 0)
        return ts_strdup("");
    return ts_str_dup(
        (ts_str){base, dot && dot > base ? (size_t)(dot - base) : strlen(base)});
}

static enum ts_code write_text(struct conversion *c, struct ts_err *err)
{
    const struct ts_losses losses = {c, lost};
    const struct ts_session *s = &c->session;

    if (strcmp(c->format, "xml") == 0) {
        char *base = base_name(c->out);
        enum ts_code rc =
            ts_sequence_write_xml(&c->text, s->seq, base, &s->steps, &losses, err);

        ts_free(base);
        return rc == TS_OK ? rc
                           : ts_err_context(err, "%s cannot be written as xml", c->in);
    }
    if (strcmp(c->format, "lua") == 0)
        ts_sequence_write_lua(&c->text, s->seq, &s->steps, &losses);
    else
        ts_sequence_write_json(&c->text, s->seq, &s->steps);
    return TS_OK;
}

/* Nothing is written that does not read back as the same sequence; what XML loses was
 * found by reading it again already. */
static enum ts_code read_back(struct conversion *c, struct ts_err *err)
{
    const struct ts_session *s = &c->session;
    struct ts_sequence *again = NULL;
    char before[65], after[65];

    if (strcmp(c->format, "xml") == 0)
        return TS_OK;
    if (ts_sequence_parse(&again, ts_buf_view(&c->text), c->format, c->out, NULL,
                          &s->steps, err) != TS_OK)
        return ts_err_context(err, "%s cannot be written as %s", c->in, c->format);
    ts_sequence_hash(before, s->seq);
    ts_sequence_hash(after, again);
    ts_sequence_free(again);
    if (strcmp(before, after) != 0)
        return ts_fail(err, TS_EINPUT,
                       "%s cannot be written as %s: read back it would be another "
                       "sequence",
                       c->in, c->format);
    return TS_OK;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder =
        slash ? ts_str_dup((ts_str){path, slash == path ? 1 : (size_t)(slash - path)})
              : ts_strdup(".");
    char *real = NULL;
    struct ts_err err;

    if (ts_fs_real(folder, &real, &err) != TS_OK)
        return folder;
    ts_free(folder);
    return real;
}

/* What is named relative to the sequence is looked for beside the new file. */
static void warn_moved(const struct conversion *c, const char *native)
{
    const struct ts_sequence *seq = c->session.seq;
    char *from, *to;

    if (!seq->folder)
        return;
    from = folder_of(c->in);
    to = folder_of(native);
    for (size_t i = 0; strcmp(from, to) != 0 && i < seq->package_count; i++)
        if (!ts_path_is_absolute(seq->packages[i].source))
            ts_cli_say("warning: the package %s will be looked for in %s/%s: what is "
                       "named relative to the sequence is beside the new file",
                       seq->packages[i].name, to, seq->packages[i].source);
    ts_free(from);
    ts_free(to);
}

static int write_out(struct conversion *c, bool force, struct ts_err *err)
{
    char *native = NULL;
    int rc;

    if (strcmp(c->out, "-") == 0)
        return ts_cli_out(&c->text);
    if (ts_path_native(&native, c->out, NULL, err) != TS_OK)
        return ts_cli_fail(err);
    if (!force && ts_fs_exists(native)) {
        rc = ts_cli_usage("%s exists already; --force writes over it", c->out);
    } else if (ts_cli_put(native, &c->text, err) != TS_OK) {
        rc = ts_cli_fail(err);
    } else {
        warn_moved(c, native);
        rc = TS_EXIT_OK;
    }
    ts_free(native);
    return rc;
}

static int convert(const struct ts_args *args)
{
    struct conversion c = {0};
    struct ts_err err = {0};
    int rc;

    if (args->word_count != 2)
        return ts_cli_usage("convert wants a sequence and the file to write");
    c.in = args->words[0];
    c.out = args->words[1];
    if ((rc = choose_format(&c, args)) != TS_EXIT_OK)
        return rc;
    if (ts_session_machine(&c.session, args, &err) != TS_OK ||
        ts_session_sequence(&c.session, c.in, &err) != TS_OK ||
        write_text(&c, &err) != TS_OK || read_back(&c, &err) != TS_OK)
        rc = ts_cli_fail(&err);
    else
        rc = write_out(&c, ts_args_has(args, "force"), &err);
    ts_buf_free(&c.text);
    ts_session_fini(&c.session);
    return rc;
}

const struct ts_command ts_cmd_convert = {
    "convert",
    "write a sequence in another form: Lua, JSON, XML of ConfigMgr and MDT",
    "convert IN OUT [--to FORMAT] [--force]",
    options,
    "OUT may be - for standard output.  What the new form cannot say is listed as a\n"
    "warning; the exit code is 0 all the same.  An existing OUT is left alone without\n"
    "--force.  2: bad usage, or IN cannot be read as a sequence: nothing was written.\n",
    convert};
