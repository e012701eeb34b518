#include "cli/display.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "platform/clock.h"
#include "platform/console.h"
#include "platform/sysinfo.h"

struct ts_display {
    struct ts_sequence *const *seq; /* not loaded yet when the display is made */
    bool verbose, quiet, colour, live;
    bool progress_shown; /* the last line is a progress line without an end */
    int depth;
    int64_t step_started_ms, last_progress_ms;
};

struct ts_display *ts_display_new(struct ts_sequence *const *seq, bool verbose,
                                  bool quiet)
{
    struct ts_display *d = ts_alloc(sizeof *d);

    d->seq = seq;
    d->verbose = verbose;
    d->quiet = quiet;
    d->colour = ts_cli_colour(2);
    d->live = ts_is_terminal(2);
    return d;
}

void ts_display_free(struct ts_display *d)
{
    ts_free(d);
}

enum tint { PLAIN, GOOD, BAD, DIM, WARN };

static const char *tint_on(const struct ts_display *d, enum tint t)
{
    static const char *const on[] = {"", "\033[32m", "\033[1;31m", "\033[2m", "\033[33m"};

    return d->colour ? on[t] : "";
}

static const char *tint_off(const struct ts_display *d, enum tint t)
{
    return d->colour && t != PLAIN ? "\033[0m" : "";
}

static void end_progress(struct ts_display *d)
{
    if (d->progress_shown)
        fputs("\r\033[K", stderr);
    d->progress_shown = false;
}

/* Text of others on our terminal: control characters are shown as '?'. */
static void put_clean(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        fputc(*p < 0x20 || *p == 0x7F ? (*p == '\n' || *p == '\t' ? ' ' : '?') : *p,
              stderr);
}

static void line(struct ts_display *d, const struct ts_event *e, enum tint t,
                 const char *state, const char *more)
{
    const struct ts_field *index = ts_event_field(e, "index");
    const char *name = ts_event_text(e, "name");
    int pad = 44 - d->depth * 2 - (int)strlen(name);

    end_progress(d);
    fprintf(stderr, "%4d  %*s", index ? (int)index->number : 0, d->depth * 2, "");
    put_clean(name);
    fprintf(stderr, "%*s %s%s%s", pad > 0 ? pad : 1, "", tint_on(d, t), state,
            tint_off(d, t));
    if (more && *more) {
        fputs("  ", stderr);
        put_clean(more);
    }
    fputc('\n', stderr);
}

static void note_line(struct ts_display *d, enum tint t, const char *text)
{
    end_progress(d);
    fprintf(stderr, "%*s%s", 6 + d->depth * 2 + 2, "", tint_on(d, t));
    put_clean(text);
    fprintf(stderr, "%s\n", tint_off(d, t));
}

static void step_finished(struct ts_display *d, const struct ts_event *e)
{
    const struct ts_field *code = ts_event_field(e, "code");
    const struct ts_field *ok = ts_event_field(e, "succeeded");
    const struct ts_field *ignored = ts_event_field(e, "ignored");
    int64_t ms = e->time_ms - d->step_started_ms;
    char more[200] = "", number[160];

    if (ms >= 1000)
        snprintf(more, sizeof more, "%.1f s", (double)ms / 1000.0);
    if (ok && ok->number) {
        if (code && code->number != 0)
            snprintf(more + strlen(more), sizeof more - strlen(more), "%scode %lld",
                     *more ? ", " : "", (long long)code->number);
        if (!d->quiet)
            line(d, e, GOOD, "ok", more);
        return;
    }
    ts_wincode_format(number, sizeof number, code ? code->number : 0);
    line(d, e, ignored && ignored->number ? WARN : BAD,
         ignored && ignored->number ? "failed, ignored" : "FAILED", number);
    if (*ts_event_text(e, "message"))
        note_line(d, PLAIN, ts_event_text(e, "message"));
}

static void progress(struct ts_display *d, const struct ts_event *e)
{
    const struct ts_field *percent = ts_event_field(e, "percent");
    char head[40] = "";
    int room;

    if (d->quiet || (!d->live && e->time_ms - d->last_progress_ms < 10000))
        return;
    d->last_progress_ms = e->time_ms;
    if (percent && percent->number >= 0)
        snprintf(head, sizeof head, "%3d %%  ", (int)percent->number);
    if (!d->live) {
        char text[300];

        snprintf(text, sizeof text, "%s%s", head, ts_event_text(e, "text"));
        note_line(d, DIM, text);
        return;
    }
    room = ts_console_width() - 8 - d->depth * 2 - (int)strlen(head) - 1;
    fprintf(stderr, "\r\033[K%*s%s%.*s", 8 + d->depth * 2, "", head, room > 0 ? room : 0,
            ts_event_text(e, "text"));
    fflush(stderr);
    d->progress_shown = true;
}

static void run_line(struct ts_display *d, const struct ts_event *e, const char *verb)
{
    end_progress(d);
    fprintf(stderr, "%s \"", verb);
    put_clean(*d->seq && (*d->seq)->name ? (*d->seq)->name : "");
    fprintf(stderr, "\" in %s\n", ts_event_text(e, "phase"));
}

static void run_finished(struct ts_display *d, const struct ts_event *e)
{
    const char *result = ts_event_text(e, "result");
    bool good = strcmp(result, "succeeded") == 0;
    enum tint t = good ? GOOD : BAD;

    end_progress(d);
    fprintf(stderr, "%sThe sequence %s%s", tint_on(d, t),
            strcmp(result, "cancelled") == 0 ? "was cancelled" : result, tint_off(d, t));
    if (*ts_event_text(e, "error")) {
        fputs(": ", stderr);
        put_clean(ts_event_text(e, "error"));
    }
    fputc('\n', stderr);
}

/* The events that a person wants to see even with --quiet come first. */
static bool important(struct ts_display *d, const struct ts_event *e)
{
    if (strcmp(e->type, "run.finished") == 0)
        run_finished(d, e);
    else if (strcmp(e->type, "step.finished") == 0)
        step_finished(d, e);
    else
        return false;
    return true;
}

void ts_display_event(void *display, const struct ts_event *e)
{
    struct ts_display *d = display;

    if (strcmp(e->type, "step.started") == 0)
        d->step_started_ms = d->last_progress_ms = e->time_ms;
    if (strcmp(e->type, "step.progress") == 0)
        progress(d, e);
    if (important(d, e) || d->quiet)
        return;
    if (strcmp(e->type, "run.started") == 0)
        run_line(d, e, "Running");
    else if (strcmp(e->type, "run.resumed") == 0) {
        const struct ts_field *depth = ts_event_field(e, "depth");

        d->depth = depth ? (int)depth->number : 0;
        run_line(d, e, "Going on with");
    } else if (strcmp(e->type, "group.started") == 0) {
        line(d, e, PLAIN, "", NULL);
        d->depth++;
    } else if (strcmp(e->type, "group.finished") == 0) {
        d->depth -= d->depth > 0;
    } else if (strcmp(e->type, "group.skipped") == 0 ||
               strcmp(e->type, "step.skipped") == 0) {
        const char *why = ts_event_text(e, "why");

        line(d, e, DIM, "skipped", *why ? why : ts_event_text(e, "reason"));
    } else if (strcmp(e->type, "restart.requested") == 0) {
        end_progress(d);
        fprintf(stderr, "      Restarting into %s\n", ts_event_text(e, "target"));
    } else if (strcmp(e->type, "step.output") == 0 && d->verbose)
        note_line(d, DIM, ts_event_text(e, "text"));
}

/* Warnings of steps and of ours.  The engine's own ("TSManager") say what events show. */
void ts_display_log(void *display, const struct ts_log_record *r)
{
    struct ts_display *d = display;
    char *text;

    if (d->quiet || r->level != TS_LOG_WARNING || strcmp(r->component, "TSManager") == 0)
        return;
    text = ts_str_dup(r->text);
    note_line(d, WARN, text);
    ts_free(text);
}
