/* fixture.h - a host and a step call over a fresh folder, for the tests of steps/. */
#ifndef TESTS_STEPS_FIXTURE_H
#define TESTS_STEPS_FIXTURE_H

#include <criterion/criterion.h>

#include "platform/clock.h"
#include "platform/drives.h"
#include "platform/thread.h"
#include "steps/host.h"

extern char folder[]; /* absolute, real */
extern struct ts_host host;
extern struct ts_step_call call;
extern struct ts_node node;
extern struct ts_sequence sequence;
extern struct ts_arena arena;
extern struct ts_buf logged; /* "level text\n" */
extern struct ts_buf events; /* JSON Lines */
extern struct ts_err err;

void fixture_make(void);
void fixture_remove(void);

char *at(const char *rel);                   /* folder/rel; lives until the end */
void put(const char *rel, const char *text); /* makes the folders on the way */
void put_dir(const char *rel);
void put_link(const char *rel, const char *target);
bool there(const char *rel); /* also a link that leads nowhere */
bool is_link(const char *rel);
const char *content(const char *rel); /* "" if it cannot be read */
unsigned mode_of(const char *rel);
unsigned long long inode_of(const char *rel);
int shell(const char *command);               /* runs in `folder` */
void map_drive(char letter, const char *rel); /* and makes its folder */
size_t count(const char *text, const char *part);
const struct ts_value *json(const char *text);

#define answers(code, call_)                                                    \
    do {                                                                        \
        enum ts_code got_ = (call_);                                            \
        cr_assert(got_ == (code), "%s answered \"%s\", not \"%s\": %s", #call_, \
                  ts_code_name(got_), ts_code_name(code), err.text);            \
    } while (0)
#define says(part) \
    cr_assert(strstr(err.text, (part)), "\"%s\" does not say \"%s\"", err.text, (part))
#define log_says(part)                                                                  \
    cr_assert(strstr(ts_buf_text(&logged), (part)), "the log does not say \"%s\":\n%s", \
              (part), ts_buf_text(&logged))

#endif
