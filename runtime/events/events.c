/* events.c - building one event and handing it to those who listen. */
#include "events/events_internal.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/sysinfo.h"
#include "platform/thread.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

struct sink {
    void (*fn)(void *ctx, const struct ts_event *);
    void *ctx;
};

/* Field texts live in `texts` one after the other while an event is built; since that
 * moves, a field holds its offset until the event ends. */
struct ts_events {
    struct ts_mutex *mutex;      /* held from begin to end */
    _Atomic unsigned long owner; /* thread between begin and end, 0: none */
    char *run;
    uint64_t next_seq;
    void (*mask)(void *ctx, struct ts_buf *out, ts_str text);
    void *mask_ctx;
    struct sink *sinks;
    size_t n_sinks;
    struct ts_eventfile *file;

    const char *type;
    struct ts_field *fields;
    size_t *offsets;
    size_t n, cap;
    struct ts_buf texts, json;
};

struct ts_events *ts_events_new(void)
{
    struct ts_events *ev = ts_alloc(sizeof *ev);
    ev->mutex = ts_mutex_new();
    ev->next_seq = 1;
    return ev;
}

void ts_events_free(struct ts_events *ev)
{
    if (!ev) {
        return;
    }
    ts_eventfile_close(ev->file);
    ts_mutex_free(ev->mutex);
    ts_free(ev->run);
    ts_free(ev->sinks);
    ts_free(ev->fields);
    ts_free(ev->offsets);
    ts_buf_free(&ev->texts);
    ts_buf_free(&ev->json);
    ts_free(ev);
}

void ts_events_run(struct ts_events *ev, const char *run, uint64_t next_seq)
{
    ts_free(ev->run);
    ev->run = ts_strdup(run);
    ev->next_seq = next_seq ? next_seq : 1;
}

uint64_t ts_events_next_seq(const struct ts_events *ev)
{
    return ev->next_seq;
}

void ts_events_mask(struct ts_events *ev,
                    void (*mask)(void *ctx, struct ts_buf *out, ts_str text), void *ctx)
{
    ev->mask = mask;
    ev->mask_ctx = ctx;
}

void ts_events_sink(struct ts_events *ev, void (*fn)(void *ctx, const struct ts_event *),
                    void *ctx)
{
    ev->sinks = ts_realloc_array(ev->sinks, ev->n_sinks + 1, sizeof *ev->sinks);
    ev->sinks[ev->n_sinks++] = (struct sink){fn, ctx};
}

bool ts_events_active(const struct ts_events *ev)
{
    return ev && (ev->n_sinks > 0 || ev->file);
}

enum ts_code ts_events_file(struct ts_events *ev, const char *path, struct ts_err *err)
{
    struct ts_eventfile *ef;
    uint64_t last = 0;
    enum ts_code rc = ts_eventfile_open(&ef, path, ev->run ? ev->run : "", &last, err);

    if (rc != TS_OK) {
        return rc;
    }
    ts_eventfile_close(ev->file);
    ev->file = ef;
    if (last >= ev->next_seq) {
        ev->next_seq = last + 1;
    }
    return TS_OK;
}

void ts_events_sync(struct ts_events *ev)
{
    if (!ev || !ev->file) {
        return;
    }
    ts_mutex_lock(ev->mutex);
    ts_eventfile_sync(ev->file);
    ts_mutex_unlock(ev->mutex);
}

/* ---- one event -----------------------------------------------------------------------
 */

void ts_event_begin(struct ts_events *ev, const char *type)
{
    if (!ts_events_active(ev)) {
        return;
    }
    /* The same thread would wait for itself: an event begun by a sink, or never ended. */
    assert(atomic_load(&ev->owner) != ts_thread_id());
    ts_mutex_lock(ev->mutex);
    atomic_store(&ev->owner, ts_thread_id());
    ev->type = type;
    ev->n = 0;
    ts_buf_clear(&ev->texts);
}

static bool building(struct ts_events *ev)
{
    return ts_events_active(ev) && ev->type != NULL;
}

static struct ts_field *field(struct ts_events *ev, const char *key,
                              enum ts_field_kind kind)
{
    if (ev->n == ev->cap) {
        ev->cap = ev->cap ? ev->cap * 2 : 16;
        ev->fields = ts_realloc_array(ev->fields, ev->cap, sizeof *ev->fields);
        ev->offsets = ts_realloc_array(ev->offsets, ev->cap, sizeof *ev->offsets);
    }
    ev->offsets[ev->n] = ev->texts.n;
    ev->fields[ev->n] = (struct ts_field){.key = key, .kind = kind};
    return &ev->fields[ev->n++];
}

void ts_event_add_str(struct ts_events *ev, const char *key, ts_str text)
{
    if (!building(ev)) {
        return;
    }
    struct ts_field *f = field(ev, key, TS_FIELD_TEXT);
    size_t start = ev->texts.n;
    if (ev->mask) {
        ev->mask(ev->mask_ctx, &ev->texts, text);
    } else {
        ts_buf_str(&ev->texts, text);
    }
    f->text.n = ev->texts.n - start;
    ts_buf_c(&ev->texts, '\0');
}

void ts_event_add(struct ts_events *ev, const char *key, const char *text)
{
    if (text) {
        ts_event_add_str(ev, key, ts_str_of(text));
    }
}

void ts_event_add_int(struct ts_events *ev, const char *key, int64_t number)
{
    if (building(ev)) {
        field(ev, key, TS_FIELD_INT)->number = number;
    }
}

void ts_event_add_bool(struct ts_events *ev, const char *key, bool b)
{
    if (building(ev)) {
        field(ev, key, TS_FIELD_BOOL)->number = b;
    }
}

void ts_event_add_raw(struct ts_events *ev, const char *key, ts_str json)
{
    if (!building(ev)) {
        return;
    }
    field(ev, key, TS_FIELD_RAW)->text.n = json.n;
    ts_buf_str(&ev->texts, json);
    ts_buf_c(&ev->texts, '\0');
}

static void write_text(struct ts_buf *b, ts_str s)
{
    ts_buf_c(b, '"');
    ts_buf_json(b, s);
    ts_buf_c(b, '"');
}

static void write_field(struct ts_buf *b, const struct ts_field *f)
{
    ts_buf_c(b, ',');
    write_text(b, ts_str_of(f->key));
    ts_buf_c(b, ':');
    switch (f->kind) {
    case TS_FIELD_TEXT:
        write_text(b, f->text);
        break;
    case TS_FIELD_INT:
        ts_buf_fmt(b, "%" PRId64, f->number);
        break;
    case TS_FIELD_BOOL:
        ts_buf_z(b, f->number ? "true" : "false");
        break;
    case TS_FIELD_RAW:
        ts_buf_str(b, f->text.n ? f->text : TS_S("null"));
        break;
    }
}

static void write_json(struct ts_events *ev, const struct ts_event *e)
{
    struct ts_buf *b = &ev->json;
    char time[32];

    ts_time_rfc3339(time, e->time_ms);
    ts_buf_clear(b);
    ts_buf_z(b, "{\"event\":");
    write_text(b, ts_str_of(e->type));
    ts_buf_fmt(b, ",\"time\":\"%s\",", time);
    ts_eventfile_mark(b, ev->run ? ev->run : "");
    ts_buf_fmt(b, "%" PRIu64, e->seq);
    for (size_t i = 0; i < e->n; i++) {
        write_field(b, &e->fields[i]);
    }
    ts_buf_c(b, '}');
}

void ts_event_end(struct ts_events *ev)
{
    if (!building(ev)) {
        return;
    }
    for (size_t i = 0; i < ev->n; i++) {
        struct ts_field *f = &ev->fields[i];
        f->text.p = f->kind == TS_FIELD_TEXT || f->kind == TS_FIELD_RAW
                        ? ev->texts.p + ev->offsets[i]
                        : "";
    }
    struct ts_event e = {.type = ev->type,
                         .time_ms = ts_now_ms(),
                         .seq = ev->next_seq++,
                         .fields = ev->fields,
                         .n = ev->n};
    write_json(ev, &e);
    e.json = ts_buf_view(&ev->json);
    if (ev->file) {
        ts_eventfile_write(ev->file, &ev->json);
        e.json = (ts_str){ev->json.p, e.json.n}; /* the end of line was put behind it */
    }
    for (size_t i = 0; i < ev->n_sinks; i++) {
        ev->sinks[i].fn(ev->sinks[i].ctx, &e);
    }
    ev->type = NULL;
    atomic_store(&ev->owner, 0);
    ts_mutex_unlock(ev->mutex);
}

const struct ts_field *ts_event_field(const struct ts_event *e, const char *key)
{
    for (size_t i = 0; i < e->n; i++) {
        if (strcmp(e->fields[i].key, key) == 0) {
            return &e->fields[i];
        }
    }
    return NULL;
}

const char *ts_event_text(const struct ts_event *e, const char *key)
{
    const struct ts_field *f = ts_event_field(e, key);
    return f && f->kind == TS_FIELD_TEXT ? f->text.p : "";
}
