#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

char folder[200];
struct ts_host host;
struct ts_step_call call;
struct ts_node node;
struct ts_sequence sequence;
struct ts_arena arena;
struct ts_buf logged, events;
struct ts_err err;

static const struct ts_step_type type = {.name = "Trial"};

static void on_log(void *ctx, const struct ts_log_record *r)
{
    (void)ctx;
    ts_buf_fmt(&logged, "%d %.*s\n", (int)r->level, (int)r->text.n, r->text.p);
}

static void on_event(void *ctx, const struct ts_event *e)
{
    (void)ctx;
    ts_buf_str(&events, e->json);
    ts_buf_c(&events, '\n');
}

void fixture_make(void)
{
    snprintf(folder, sizeof folder, "/tmp/taskseq-steps-XXXXXX");
    cr_assert(mkdtemp(folder));
    umask(022);
    host = (struct ts_host){
        .log = ts_log_new(),
        .events = ts_events_new(),
        .vars = ts_vars_new(),
        .seq = &sequence,
        .run = "run-1",
        .lock = ts_mutex_new(),
    };
    sequence.folder = at("seq");
    put_dir("seq");
    ts_log_sink(host.log, on_log, NULL);
    ts_events_run(host.events, "run-1", 1);
    ts_events_sink(host.events, on_event, NULL);
    ts_vars_engine(host.vars, "_SMSTSNextInstructionPointer", "7");
    node = (struct ts_node){.id = "trial-1", .name = "A trial", .type = "Trial"};
    call = (struct ts_step_call){
        .host = &host, .node = &node, .type = &type, .arena = &arena, .attempt = 1};
    ts_mutex_lock(host.lock); /* as the engine does */
}

void fixture_remove(void)
{
    char *command = ts_format("/bin/rm -rf '%s'", folder);

    ts_cancel_set(false);
    ts_drives_clear();
    cr_assert_eq(ts_host_settle(&call, &err), TS_OK, "%s", err.text);
    ts_host_output_end(&call);
    ts_buf_free(&call.tail);
    ts_mutex_unlock(host.lock);
    ts_mutex_free(host.lock);
    ts_events_free(host.events);
    ts_log_free(host.log);
    ts_vars_free(host.vars);
    ts_host_fini(&host);
    ts_buf_free(&logged);
    ts_buf_free(&events);
    if (system(command) != 0) {
        fprintf(stderr, "%s is left behind\n", folder);
    }
    ts_free(command);
    ts_arena_fini(&arena);
}

char *at(const char *rel)
{
    return ts_arena_format(&arena, "%s/%s", folder, rel);
}

void put_dir(const char *rel)
{
    cr_assert(ts_fs_mkdirs(at(rel), 0755, &err) == TS_OK, "%s", err.text);
}

void put(const char *rel, const char *text)
{
    const char *slash = strrchr(rel, '/');

    if (slash) {
        put_dir(ts_arena_format(&arena, "%.*s", (int)(slash - rel), rel));
    }
    FILE *f = fopen(at(rel), "wb");
    cr_assert(f, "%s", rel);
    fputs(text, f);
    fclose(f);
}

void put_link(const char *rel, const char *target)
{
    cr_assert(symlink(target, at(rel)) == 0);
}

bool there(const char *rel)
{
    return ts_fs_exists(at(rel));
}

bool is_link(const char *rel)
{
    struct stat st;

    return lstat(at(rel), &st) == 0 && S_ISLNK(st.st_mode);
}

const char *content(const char *rel)
{
    struct ts_buf b = {0};
    const char *text = "";

    if (ts_file_read(at(rel), 1 << 20, &b, NULL) == TS_OK) {
        text = ts_arena_strz(&arena, ts_buf_text(&b));
    }
    ts_buf_free(&b);
    return text;
}

unsigned mode_of(const char *rel)
{
    struct stat st;

    return lstat(at(rel), &st) == 0 ? st.st_mode & 07777 : 0;
}

unsigned long long inode_of(const char *rel)
{
    struct stat st;

    return lstat(at(rel), &st) == 0 ? st.st_ino : 0;
}

int shell(const char *command)
{
    char *line = ts_format("cd '%s' && %s", folder, command);
    int status = system(line);

    ts_free(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void map_drive(char letter, const char *rel)
{
    put_dir(rel);
    cr_assert(ts_drives_map(letter, at(rel), "volume", true, &err) == TS_OK, "%s",
              err.text);
}

size_t count(const char *text, const char *part)
{
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, part)) != NULL; p += strlen(part)) {
        n++;
    }
    return n;
}

const struct ts_value *json(const char *text)
{
    struct ts_value *v = NULL;

    cr_assert(ts_json_parse(&v, &arena, ts_str_of(text), "test", &err) == TS_OK, "%s",
              err.text);
    return v;
}
