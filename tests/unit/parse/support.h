/* support.h - a small library of step types for the tests of the readers. */
#ifndef TESTS_PARSE_SUPPORT_H
#define TESTS_PARSE_SUPPORT_H

#include "parse/parse.h"

/* SetVariable, RunCommandLine, RestartComputer, Sample (every kind of parameter), Fail. */
const struct ts_registry *test_registry(void);

/* Parse; NULL with the message in *err when it is refused. */
struct ts_sequence *parse_lua(const char *text, struct ts_err *err);
struct ts_sequence *parse_json(const char *text, struct ts_err *err);
/* Parse what must be accepted. */
struct ts_sequence *must_lua(const char *text);
struct ts_sequence *must_json(const char *text);
/* "" for an accepted text, else the message.  Static buffer. */
const char *why_lua(const char *text);
const char *why_json(const char *text);

/* A new folder below the temporary one, and a file in it. */
char *new_folder(void);
void put_file(const char *folder, const char *name, const char *text);
void remove_folder(char *folder); /* and frees */

#endif
