/* xml_import.h - what the files of the XML importer share.
 *
 * The importer makes the values that a JSON text of the same sequence would give, each
 * with the place of its XML, and leaves judging them to the builder. */
#ifndef TS_PARSE_XML_IMPORT_H
#define TS_PARSE_XML_IMPORT_H

#include "parse/place.h"
#include "parse/xml_dom.h"
#include "parse/xml_keys.h"
#include "steps/step.h"

/* A sequence that was found: its element, what is around it, the file it stands in. */
struct xml_found {
    const struct xml_element *sequence;
    const char *container;               /* XML_CONTAINER */
    const char *file;                    /* for messages */
    const char *name, *description, *id; /* of the package; NULL if there is none */
    struct ts_value *package;            /* XML_PACKAGE, or NULL */
};

struct xml_import {
    struct ts_arena *arena;
    const struct ts_registry *steps;
    const char *file; /* of the values being made */
    bool mdt;
    bool pe_applied; /* MDT: the boot image was put in place since the last restart */
    int disabled;    /* groups around that are disabled */
    /* Other sequences of the same export, by package id; `busy` are those around. */
    struct xml_found *others;
    size_t other_count;
    struct xml_busy {
        struct xml_busy *up;
        const struct xml_found *found;
    } * busy;
    struct ts_value *variables;         /* of the sequence */
    size_t inlined;                     /* child sequences put in place */
    const struct xml_element *too_long; /* a list of variables that is refused, or NULL */
    struct ts_err *err;
};

/* ---- from_xml.c -----------------------------------------------------------------------
 */

/* The steps below `parent` (a sequence or group), appended to the list.  TS_EINPUT only
 * for bounds. */
TS_NODISCARD enum ts_code
xml_nodes(struct xml_import *x, const struct xml_element *parent, struct ts_value *list);
/* The document that a sequence becomes. */
TS_NODISCARD enum ts_code xml_build(struct xml_import *x, struct xml_found *f,
                                    struct ts_value **out);
/* Values with the place of an element. */
struct ts_value *xml_object(struct xml_import *x, const struct xml_element *e);
struct ts_value *xml_list(struct xml_import *x, const struct xml_element *e);
struct ts_value *xml_string(struct xml_import *x, const struct xml_element *e, ts_str s);
void xml_set(struct xml_import *x, struct ts_value *object, const char *key,
             struct ts_value *v);
/* Set a text unless it is NULL or empty. */
void xml_set_text(struct xml_import *x, struct ts_value *object, const char *key,
                  const struct xml_element *e, const char *text);
void xml_set_bool(struct xml_import *x, struct ts_value *object, const char *key,
                  const struct xml_element *e, bool b);
/* Set an object or list unless it is empty. */
void xml_set_some(struct xml_import *x, struct ts_value *object, const char *key,
                  struct ts_value *v);
bool xml_truth(const char *text); /* "true" "yes" "1", without regard to case */

/* ---- xml_vars.c -----------------------------------------------------------------------
 */

enum { XML_MOST_VARIABLES = 1000 }; /* of one list */

/* The variables of a list: visible ones, hidden ones, and what property each is of. */
struct xml_vars {
    struct ts_value *visible, *hidden, *properties;
};
void xml_vars_read(struct xml_import *x, const struct xml_element *list,
                   struct xml_vars *out);
/* A visible variable's value, or NULL: absent or empty. */
const char *xml_var(const struct xml_vars *v, const char *name);
const struct ts_value *xml_var_value(const struct xml_vars *v, const char *name);
/* The same, hidden or not. */
const char *xml_any_var(const struct xml_vars *v, const char *name);
/* A visible variable that a property holds now. */
void xml_var_used(struct xml_vars *v, const char *name);
/* A default that every step has and that changes nothing: it is not kept. */
bool xml_is_noise(ts_str name, ts_str value);

/* ---- xml_condition.c ------------------------------------------------------------------
 */

/* The condition of a step, group or rule.  *out NULL: none.  *raw: ours cannot give the
 * XML back.  *why (else NULL): it is malformed, and *out is NULL. */
void xml_condition(struct xml_import *x, const struct xml_element *holder,
                   struct ts_value **out, bool *raw, const char **why);
/* The condition element(s) of the holder as XML text. */
struct ts_value *xml_condition_text(struct xml_import *x,
                                    const struct xml_element *holder);
bool xml_is_operand(const struct xml_element *e);

/* ---- xml_step.c, xml_types.c ----------------------------------------------------------
 */

/* A step on its way to ours. */
struct xml_step {
    struct xml_import *x;
    const struct xml_element *e;
    const struct xml_element *at; /* the action, or the step when there is none */
    struct xml_vars vars;
    ts_str command;                 /* without smsswd.exe /run: */
    const char *package;            /* of smsswd.exe /run:, or NULL */
    ts_str arguments;               /* behind the program or script that was looked up */
    struct ts_value *node, *params; /* what is made: options, and the type's properties */
    const char *type;
    const char *partly; /* what is left out, or NULL */
};

/* Find what the action means: fills type, params and options of the node, or gives the
 * reason why there is nothing better than a command line (or not even that). */
const char *xml_map_action(struct xml_step *s);

/* The rules of SetDynamicVariables out of their XML text; NULL and *why if they cannot be
 * read. */
struct ts_value *xml_rules(struct xml_import *x, const struct xml_element *holder,
                           const char **why);

/* A script kept as base64 of UTF-16 (or UTF-8) as text; NULL if it is something else. */
char *xml_script_text(struct ts_arena *a, ts_str base64);

/* The step itself, appended to the list. */
TS_NODISCARD enum ts_code xml_add_step(struct xml_import *x, const struct xml_element *e,
                                       struct ts_value *list);
/* Options that groups and steps share, and what is kept of the rest; *why as above. */
void xml_common(struct xml_import *x, const struct xml_element *e, struct ts_value *node,
                struct ts_value *keep, const char **why);
void xml_unsupported(struct xml_import *x, struct ts_value *node,
                     const struct xml_element *e, const char *type, const char *reason);

/* ---- xml_usual.c ----------------------------------------------------------------------
 */

/* Take out of `keep` what follows from the step's type and properties. */
void xml_leave_out_usual(struct xml_step *s, struct ts_value *keep);

/* ---- xml_container.c, xml_zip.c -------------------------------------------------------
 */

/* The task sequence in a document.  *out all zero: there is none. */
TS_NODISCARD enum ts_code xml_find(struct xml_found *out, struct ts_arena *a,
                                   const struct xml_element *root, const char *file,
                                   struct ts_err *err);

/* A sequence inside an export. */
struct xml_member {
    char *path; /* in the archive */
    char *id;   /* of the folder it stands in */
    struct ts_buf text;
};
struct xml_archive {
    struct xml_member *members;
    size_t n, cap;
};
/* Read the sequences of an export; nothing is written anywhere.  TS_EINPUT for what is no
 * archive, is damaged, too large, or has names that climb out. */
TS_NODISCARD enum ts_code xml_archive_read(struct xml_archive *out, ts_str bytes,
                                           const char *name, struct ts_err *err);
void xml_archive_fini(struct xml_archive *a);

#endif
