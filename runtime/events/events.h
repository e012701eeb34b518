/* events.h - the event stream of a run: what happened, for programs.
 *
 * Each event is one JSON object on one line: "event", "time", "run", "seq", then the
 * fields in the order they were added (docs/events.md, `taskseq schema --events`). */
#ifndef TS_EVENTS_EVENTS_H
#define TS_EVENTS_EVENTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum ts_field_kind { TS_FIELD_TEXT, TS_FIELD_INT, TS_FIELD_BOOL, TS_FIELD_RAW };

struct ts_field {
    const char *key;
    enum ts_field_kind kind;
    ts_str text; /* TEXT, or JSON for RAW */
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
/* Texts pass this before any sink. */
void ts_events_mask(struct ts_events *ev,
                    void (*mask)(void *ctx, struct ts_buf *out, ts_str text), void *ctx);
void ts_events_sink(struct ts_events *ev, void (*fn)(void *ctx, const struct ts_event *),
                    void *ctx);
/* False: nobody listens, building an event can be left out. */
bool ts_events_active(const struct ts_events *ev);

/* Build one event at a time: begin, fields, end.  ev NULL: nothing happens.  Keys are
 * literals. */
void ts_event_begin(struct ts_events *ev, const char *type);
void ts_event_add(struct ts_events *ev, const char *key, const char *text); /* NULL: left out */
void ts_event_add_str(struct ts_events *ev, const char *key, ts_str text);
void ts_event_add_int(struct ts_events *ev, const char *key, int64_t number);
void ts_event_add_bool(struct ts_events *ev, const char *key, bool b);
void ts_event_add_raw(struct ts_events *ev, const char *key, ts_str json);
void ts_event_end(struct ts_events *ev);

/* Append events to a file as JSON Lines ("-": standard output).  The highest "seq" found
 * in an existing file for this run raises the next number; a torn last line is cut off. */
TS_NODISCARD enum ts_code ts_events_file(struct ts_events *ev, const char *path,
                                         struct ts_err *err);
void ts_events_sync(struct ts_events *ev);

#endif
