/* build.h - from plain values to the model; the same for every format. */
#ifndef TS_PARSE_BUILD_H
#define TS_PARSE_BUILD_H

#include "base/map.h"
#include "model/model.h"
#include "parse/options.h"
#include "parse/parse.h"
#include "parse/place.h"

enum {
    MOST_GROUPS_DEEP = 100,
    MOST_NODES = 200000,
    MOST_NAME = 200,
    MOST_ID = 100,
    MOST_XML_DEEP = 64
};

struct loader;

struct build {
    struct ts_sequence *seq;
    struct ts_arena *arena;
    const struct ts_registry *steps;
    const struct source *source;
    bool restored; /* from the state: "@" says where things stood */
    unsigned depth;
    struct ts_map ids; /* id -> struct ts_node, those given in the files */
    /* What the header has, by name: the source that said it first. */
    struct ts_map variables, inputs, packages;
    struct ts_input *input_list; /* become the sequence's at the end */
    struct ts_package *package_list;
    size_t input_cap, package_cap;
    struct loader *loader; /* for include; NULL: there is none */
    struct ts_err *err;
};

#define BUILD_FAIL(b, at, ...) place_fail((at), (b)->source, (b)->err, __VA_ARGS__)
#define BUILD_FAIL_PLAIN(b, at, ...) \
    place_fail_plain((at), (b)->source, (b)->err, __VA_ARGS__)

/* ---- build.c --------------------------------------------------------------------------
 */

/* Make *out from the document `v` (in a's arena, which moves into the sequence; *a is
 * empty afterwards in either case). */
TS_NODISCARD enum ts_code build_sequence(struct ts_sequence **out, struct ts_arena *a,
                                         struct ts_value *v, const struct source *s,
                                         const struct ts_registry *steps,
                                         struct loader *loader, bool restored,
                                         struct ts_err *err);

/* ---- build_header.c -------------------------------------------------------------------
 */

/* What stands beside `steps`.  Of an included file: what no file before it said. */
TS_NODISCARD enum ts_code build_header(struct build *b, const struct place *at,
                                       bool included);

/* ---- build_node.c ---------------------------------------------------------------------
 */

/* A list of steps and groups, appended below `parent`; the include elements among them
 * are replaced by what they name. */
TS_NODISCARD enum ts_code build_nodes(struct build *b, const struct place *at,
                                      struct ts_node *parent, bool in_finally,
                                      struct ts_node ***end);
/* The name, or what it is otherwise. */
TS_NODISCARD enum ts_code node_name(struct build *b, const struct place *at,
                                    const char *otherwise, const char **out);
/* Options into the node, the properties of its type into *params (a group: both NULL). */
TS_NODISCARD enum ts_code node_members(struct build *b, const struct place *at,
                                       const struct ts_step_type *type, struct ts_node *n,
                                       struct ts_value *params);
/* The `steps` of a document. */
TS_NODISCARD enum ts_code build_document(struct build *b, const struct place *at,
                                         struct ts_node *parent, bool in_finally,
                                         struct ts_node ***end);

/* ---- build_include.c ------------------------------------------------------------------
 */

/* include: the other file's steps stand in its place. */
bool build_is_include(const struct ts_value *v);
TS_NODISCARD enum ts_code build_include(struct build *b, const struct place *at,
                                        struct ts_node *parent, bool in_finally,
                                        struct ts_node ***end);
/* RunTaskSequence: a group with the other file's steps stands in its place. */
bool build_is_child(const struct ts_value *v);
TS_NODISCARD enum ts_code build_child(struct build *b, const struct place *at,
                                      struct ts_node *parent, bool in_finally,
                                      struct ts_node ***end);

/* ---- build_value.c: one value each; messages say what was expected -------------------
 */

struct ts_value *value_member(const struct ts_value *object, const char *key);
enum ts_code value_text(struct build *b, const struct place *at, const char **out);
enum ts_code value_name(struct build *b, const struct place *at, const char **out);
enum ts_code value_bool(struct build *b, const struct place *at, bool *out);
enum ts_code value_duration(struct build *b, const struct place *at, int64_t *ms);
enum ts_code value_codes(struct build *b, const struct place *at, struct ts_codes *out);
enum ts_code value_retry(struct build *b, const struct place *at, struct ts_retry *out);
enum ts_code value_condition(struct build *b, const struct place *at,
                             const struct ts_expr **out);
/* Text, or a number or truth value as it would be written: replaced by its text. */
enum ts_code value_scalar(struct build *b, const struct place *at);
enum ts_code value_object(struct build *b, const struct place *at);
enum ts_code value_list(struct build *b, const struct place *at);
/* An object of scalars, made one of strings. */
enum ts_code value_texts(struct build *b, const struct place *at);
/* What the importer notes for itself: an object; `defaults` in it is one of strings. */
enum ts_code value_xml(struct build *b, const struct place *at,
                       const struct ts_value **out);
/* "unknown property, did you mean": `type` (may be NULL) adds its parameters. */
enum ts_code value_unknown(struct build *b, const struct place *at, int where,
                           const struct ts_step_type *type);
/* Every required option of this place that `v` lacks, in one message. */
enum ts_code value_missing(struct build *b, const struct place *at, int where);

/* ---- ids.c ----------------------------------------------------------------------------
 */

enum ts_code id_claim(struct build *b, const struct place *at, struct ts_node *n,
                      const char *id);
/* Give every node without an id one made from its name. */
void id_make_all(struct build *b);
/* The ids (of *s, to its nodes) that a file has to give, because they would come out
 * otherwise when made from the names.  The caller frees the map. */
void ids_given(const struct ts_sequence *s, struct ts_map *given);

/* ---- load.c ---------------------------------------------------------------------------
 */

/* Read the file `path` names for the file being built: its document and the source it is
 * now from (in the loader; valid as long as that). */
TS_NODISCARD enum ts_code load_include(struct build *b, const struct place *at,
                                       const char *path, const struct source **source,
                                       struct ts_value **out);

#endif
