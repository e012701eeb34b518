/* host_output.c - the output of programs, line by line, into log, event and tail. */
#include "steps/host_internal.h"

#include "platform/clock.h"

#include <string.h>

enum {
    LINE_MOST = 8 * 1024,
    /* A line without an end is kept up to here, so that a secret that crosses the place
     * where a piece is cut off is seen whole. */
    LINE_KEPT = 2 * LINE_MOST,
    TAIL_SLACK = 16 * 1024,
    IDLE_MS = 1000
};

/* ---- the tail ------------------------------------------------------------------------
 */

static void trim_tail(struct ts_buf *tail, size_t most)
{
    if (tail->n <= most) {
        return;
    }
    size_t from = tail->n - TS_TAIL_MAX;
    const char *end = memchr(tail->p + from, '\n', tail->n - from);
    if (end && (size_t)(end - tail->p) + 1 < tail->n) {
        from = (size_t)(end - tail->p) + 1; /* begin with a whole line */
    }
    memmove(tail->p, tail->p + from, tail->n - from);
    tail->n -= from;
    tail->p[tail->n] = '\0';
}

static void add_to_tail(struct ts_step_call *c, enum ts_stream stream, ts_str text,
                        bool ended)
{
    struct ts_line_state *s = &c->lines;

    if (s->tail_open && s->tail_stream != (int)stream) {
        ts_buf_c(&c->tail, '\n');
    }
    ts_buf_str(&c->tail, text);
    if (ended) {
        ts_buf_c(&c->tail, '\n');
    }
    s->tail_open = !ended;
    s->tail_stream = (int)stream;
    trim_tail(&c->tail, TS_TAIL_MAX + TAIL_SLACK);
}

/* ---- one line ------------------------------------------------------------------------
 */

/* What people see: bytes that are no text replaced. */
static void add_valid(struct ts_buf *out, ts_str s)
{
    size_t pos = 0;

    while (pos < s.n) {
        size_t from = pos;
        uint32_t ch = ts_utf8_next(s, &pos);
        if (ch == 0xFFFD && pos - from == 1) {
            ts_buf_z(out, "\xEF\xBF\xBD");
        } else {
            ts_buf_add(out, s.p + from, pos - from);
        }
    }
}

static void emit(struct ts_step_call *c, enum ts_stream stream, ts_str raw, bool ended)
{
    struct ts_host *h = c->host;
    struct ts_buf masked = {0}, valid = {0};

    if (h->vars) {
        ts_vars_mask(h->vars, &masked, raw);
    } else {
        ts_buf_str(&masked, raw);
    }
    ts_str text = {ts_buf_text(&masked), masked.n};
    add_to_tail(c, stream, text, ended);
    if (!ts_utf8_valid(text)) {
        add_valid(&valid, text);
        text = ts_buf_view(&valid);
    }
    ts_log_text(h->log, TS_LOG_INFO, c->type ? c->type->name : NULL, text);
    if (h->events && ts_events_active(h->events)) {
        ts_event_begin(h->events, "step.output");
        ts_event_add_step(c);
        ts_event_add(h->events, "stream", stream == TS_STDERR ? "stderr" : "stdout");
        ts_event_add_str(h->events, "text", text);
        ts_event_end(h->events);
    }
    ts_buf_free(&masked);
    ts_buf_free(&valid);
}

/* ---- cutting -------------------------------------------------------------------------
 */

/* Would both halves, masked one by one, hide what the whole hides? */
static bool cut_is_safe(const struct ts_vars *v, ts_str line, size_t at)
{
    struct ts_buf whole = {0}, halves = {0};

    ts_vars_mask(v, &whole, line);
    ts_vars_mask(v, &halves, (ts_str){line.p, at});
    ts_vars_mask(v, &halves, (ts_str){line.p + at, line.n - at});
    bool same = ts_str_eq(ts_buf_view(&whole), ts_buf_view(&halves));
    ts_buf_free(&whole);
    ts_buf_free(&halves);
    return same;
}

/* Where to cut a line that is too long: not inside a character, not inside a secret. */
static size_t cut_place(const struct ts_step_call *c, ts_str line)
{
    const struct ts_vars *v = c->host->vars;
    size_t at = LINE_MOST;

    for (int i = 0; i < 3 && ((unsigned char)line.p[at] & 0xC0) == 0x80; i++) {
        at--;
    }
    if (!v || !ts_vars_has_secrets(v)) {
        return at;
    }
    for (size_t back = 0; back < at; back += 1 + back / 8) {
        if (cut_is_safe(v, line, at - back)) {
            return at - back;
        }
    }
    return at;
}

static void cut_long(struct ts_step_call *c, enum ts_stream stream, size_t most)
{
    struct ts_buf *part = &c->lines.part[stream];

    while (part->n > most) {
        size_t at = cut_place(c, ts_buf_view(part));
        emit(c, stream, (ts_str){part->p, at}, false);
        memmove(part->p, part->p + at, part->n - at);
        part->n -= at;
        part->p[part->n] = '\0';
    }
}

static void end_line(struct ts_step_call *c, enum ts_stream stream, bool ended)
{
    struct ts_buf *part = &c->lines.part[stream];

    cut_long(c, stream, LINE_MOST);
    emit(c, stream, (ts_str){ts_buf_text(part), part->n}, ended);
    ts_buf_clear(part);
}

void ts_host_output(struct ts_step_call *c, enum ts_stream stream, ts_str bytes)
{
    struct ts_line_state *s = &c->lines;
    struct ts_buf *part = &s->part[stream];
    size_t i = 0;

    while (i < bytes.n) {
        if (s->after_cr[stream] && bytes.p[i] == '\n') {
            s->after_cr[stream] = false;
            i++;
            continue;
        }
        s->after_cr[stream] = false;
        size_t from = i;
        while (i < bytes.n && bytes.p[i] != '\n' && bytes.p[i] != '\r' &&
               i - from < LINE_MOST) {
            i++;
        }
        ts_buf_add(part, bytes.p + from, i - from);
        cut_long(c, stream, LINE_KEPT);
        if (i == bytes.n || (bytes.p[i] != '\n' && bytes.p[i] != '\r')) {
            continue;
        }
        s->after_cr[stream] = bytes.p[i] == '\r';
        i++;
        /* A program that redraws its line with CR leaves nothing between some of them. */
        if (part->n || !s->after_cr[stream]) {
            end_line(c, stream, true);
        }
    }
    s->since_ns[stream] = ts_mono_ns();
}

void ts_host_output_idle(struct ts_step_call *c)
{
    int64_t now = ts_mono_ns();

    for (int i = TS_STDOUT; i <= TS_STDERR; i++) {
        if (c->lines.part[i].n && now - c->lines.since_ns[i] >= IDLE_MS * 1000000LL) {
            end_line(c, (enum ts_stream)i, false);
        }
    }
}

void ts_host_output_end(struct ts_step_call *c)
{
    for (int i = TS_STDOUT; i <= TS_STDERR; i++) {
        if (c->lines.part[i].n) {
            end_line(c, (enum ts_stream)i, true);
        }
        ts_buf_free(&c->lines.part[i]);
        c->lines.after_cr[i] = false;
    }
    if (c->lines.tail_open) {
        ts_buf_c(&c->tail, '\n');
        c->lines.tail_open = false;
    }
    trim_tail(&c->tail, TS_TAIL_MAX);
}
