/* scenarios.c - all scenarios of one call. */
#include "scenario/scenario_internal.h"

#include "platform/fs.h"

struct ts_scenarios *ts_scenarios_new(const char *stdlib_dir, const char *const *steps)
{
    struct ts_scenarios *s = ts_alloc(sizeof *s);

    s->stdlib_dir = stdlib_dir;
    s->steps = steps;
    s->sequences_end = &s->sequences;
    return s;
}

static void scenario_fini(struct scn *s)
{
    scn_result_free(s->result);
    ts_free(s->on);
}

void ts_scenarios_free(struct ts_scenarios *s)
{
    if (!s) {
        return;
    }
    if (s->temp) {
        (void)!ts_fs_remove_tree(s->temp, NULL);
        ts_free(s->temp);
    }
    for (size_t i = 0; i < s->n; i++) {
        scenario_fini(&s->v[i]);
    }
    ts_free(s->v);
    while (s->sequences) {
        struct scn_sequence *next = s->sequences->next;
        scn_sequence_free(s->sequences);
        s->sequences = next;
    }
    ts_arena_fini(&s->arena);
    ts_free(s);
}

void ts_scenarios_filter(struct ts_scenarios *s, const char *pattern)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n; i++) {
        if (ts_str_like(ts_str_of(s->v[i].name), ts_str_of(pattern))) {
            s->v[kept++] = s->v[i];
        } else {
            scenario_fini(&s->v[i]);
        }
    }
    s->n = kept;
}

size_t ts_scenarios_count(const struct ts_scenarios *s)
{
    return s->n;
}

enum ts_code ts_scenarios_play(struct ts_scenarios *s, size_t i, struct ts_err *err)
{
    enum ts_code rc = scn_play(s, &s->v[i], err);

    return rc == TS_OK || rc == TS_ECANCELLED
               ? rc
               : ts_err_context(err, "scenario \"%s\"", s->v[i].name);
}

bool ts_scenarios_passed(const struct ts_scenarios *s, size_t i)
{
    return s->v[i].result && s->v[i].result->passed;
}

size_t ts_scenarios_failed(const struct ts_scenarios *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++) {
        n += !ts_scenarios_passed(s, i);
    }
    return n;
}
