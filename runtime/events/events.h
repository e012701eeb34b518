/* events.h - the event stream of a run: what happened, for programs.
 *
 * Each event is one JSON object on one line: "event", "time", "run", "seq", then the
 * fields in the order they were added (docs/events.md, `taskseq schema --events`).
 *
 * Events may come from any thread: begin waits until an event begun on another thread has
 * ended.  Sinks are called inside ts_event_end, one event at a time, and must not begin
 * events themselves.  Run, mask and sinks are set before the first event. */
#ifndef TS_EVENTS_EVENTS_H
#define TS_EVENTS_EVENTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum ts_field_kind { TS_FIELD_TEXT, TS_FIELD_INT, TS_FIELD_BOOL, TS_FIELD_RAW };

struct ts_field {
    const char *key;
    enum ts_field_kind kind;
    ts_str text; /* TEXT, or JSON for RAW; NUL-terminated as well */
    int64_t number;
};

struct ts_event {
    const char *type; /* "step.started" */
    int64_t time_ms;
    uint64_t seq;
    const struct ts_field *fields;
    size_t n;
    ts_str json; /* the line, without end of line */
};
/* A field by key, or NULL. */
const struct ts_field *ts_event_field(const struct ts_event *e, const char *key);
const char *ts_event_text(const struct ts_event *e, const char *key); /* "" if absent */

struct ts_events;
struct ts_events *ts_events_new(void);
void ts_events_free(struct ts_events *ev);
/* The run's id and the number the next event gets. */
void ts_events_run(struct ts_events *ev, const char *run, uint64_t next_seq);
uint64_t ts_events_next_seq(const struct ts_events *ev);
/* Texts pass this before any sink; raw JSON does not. */
void ts_events_mask(struct ts_events *ev,
                    void (*mask)(void *ctx, struct ts_buf *out, ts_str text), void *ctx);
void ts_events_sink(struct ts_events *ev, void (*fn)(void *ctx, const struct ts_event *),
                    void *ctx);
/* False: nobody listens, building an event can be left out. */
bool ts_events_active(const struct ts_events *ev);

/* Build one event at a time: begin, fields, end.  ev NULL: nothing happens.  Keys are
 * literals. */
void ts_event_begin(struct ts_events *ev, const char *type);
void ts_event_add(struct ts_events *ev, const char *key,
                  const char *text); /* NULL: left out */
void ts_event_add_str(struct ts_events *ev, const char *key, ts_str text);
void ts_event_add_int(struct ts_events *ev, const char *key, int64_t number);
void ts_event_add_bool(struct ts_events *ev, const char *key, bool b);
void ts_event_add_raw(struct ts_events *ev, const char *key, ts_str json);
void ts_event_end(struct ts_events *ev);

/* Append events to a file as JSON Lines ("-": standard output).  The highest "seq" found
 * in an existing file for this run (so call ts_events_run first) raises the next number;
 * a torn last line is cut off.  A line that cannot be written whole, the disk being full,
 * is left out.  A second call replaces the first. */
TS_NODISCARD enum ts_code ts_events_file(struct ts_events *ev, const char *path,
                                         struct ts_err *err);
void ts_events_sync(struct ts_events *ev);

/* The catalogue of events: what docs/events.md and `taskseq schema --events` say. */
struct ts_event_field_doc {
    const char *key;
    const char *kind;   /* "text", "integer", "boolean", "any" */
    bool optional;      /* left out where there is nothing to say */
    const char *values; /* "succeeded|failed|cancelled", "" if any */
    const char *meaning;
};
struct ts_event_doc {
    const char *type;
    const char *meaning;
    const struct ts_event_field_doc *fields;
    size_t n;
};
const struct ts_event_doc *ts_events_catalogue(size_t *n);
/* The fields every event has. */
const struct ts_event_field_doc *ts_events_common(size_t *n);

#endif
