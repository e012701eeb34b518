/* import.h - what the tests of the importer share: the real step library. */
#ifndef TESTS_IMPORT_H
#define TESTS_IMPORT_H

#include "parse/parse.h"

const struct ts_registry *library(void);
/* Import from memory; NULL with the message in *err. */
struct ts_sequence *import_text(const char *xml, struct ts_err *err);
/* Import a sequence element whose content is given; it must be accepted. */
struct ts_sequence *import_steps(const char *content);
/* The first step or group, or the one with this name. */
const struct ts_node *node_of(const struct ts_sequence *s, const char *name);
/* A property of a step as text ("" when absent), an entry of xml.KEY likewise. */
const char *prop(const struct ts_node *n, const char *name);
const char *kept(const struct ts_node *n, const char *key);
const char *kept_in(const struct ts_node *n, const char *object, const char *key);
/* The condition as text.  Static buffer. */
const char *condition_of(const struct ts_node *n);

/* The files of a folder of the corpus, sorted; NULL when the corpus is not there. */
char **corpus_files(const char *folder, size_t *n);
void free_files(char **files, size_t n);

#endif
