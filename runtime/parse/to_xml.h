/* to_xml.h - what the files of the XML writer share.
 *
 * A step is written from what the import kept of it (`xml`), and read again.  When that
 * gives another step - somebody has changed it since - it is written anew from its type
 * and properties.  What still differs then is what XML cannot say. */
#ifndef TS_PARSE_TO_XML_H
#define TS_PARSE_TO_XML_H

#include "base/map.h"
#include "parse/convert.h"
#include "parse/xml_keys.h"

/* What is written anew although something was kept. */
enum { ANEW_STEP = 1, ANEW_CONDITION = 2 };

struct xml_out {
    struct ts_buf *b;
    int level;
    bool flat;      /* all on one line */
    bool mdt;       /* MDT's way of writing, else ConfigMgr's */
    bool configmgr; /* the sequence has its semantics already */
    bool current;   /* version 3.10: attributes that the older one has not */
    const struct ts_registry *steps;
    struct ts_arena *arena;
    struct ts_map anew; /* id -> ANEW_... of nodes */
};

/* ---- to_xml.c -------------------------------------------------------------------------
 */

void xml_out_line(struct xml_out *w);
/* Text with what XML 1.0 cannot hold replaced by U+FFFD. */
void xml_out_text(struct ts_buf *b, const char *text, bool in_attribute);
void xml_out_attr(struct xml_out *w, const char *name, const char *value);
/* <variable name=... property=... hidden="true">value</variable> on a line of its own;
 * property may be NULL. */
void xml_out_variable(struct xml_out *w, const char *name, const char *property,
                      bool hidden, const char *value);
/* Was the node changed since its import, so that what was kept is not to be used? */
bool xml_out_anew(const struct xml_out *w, const struct ts_node *n, int what);

/* ---- to_xml_condition.c ---------------------------------------------------------------
 */

/* <condition>...</condition>; nothing for NULL and for what is always true. */
void xml_out_condition(struct xml_out *w, const struct ts_expr *x);

/* ---- to_xml_step.c --------------------------------------------------------------------
 */

void xml_out_step(struct xml_out *w, const struct ts_node *n);

/* ---- to_xml_vars.c --------------------------------------------------------------------
 */

/* The variable in which a step of ConfigMgr (or MDT) with this action has the property,
 * or NULL: the action says it, or nothing does. */
const char *xml_out_var_of(const struct xml_out *w, const struct ts_step_type *t,
                           const struct ts_value *kept, const char *action,
                           const char *param);
/* What the editor calls it. */
const char *xml_out_property_of(const char *variable);
/* A property's value as the text of a variable. */
const char *xml_out_value(struct xml_out *w, const char *param, const struct ts_value *v);

/* ---- to_xml_made.c --------------------------------------------------------------------
 */

/* A step as ConfigMgr or MDT would write it, from its type and properties alone. */
struct xml_made {
    const char *type;           /* attribute, or NULL */
    const char *action;         /* never NULL */
    struct ts_value *variables; /* object: visible ones no property holds */
    struct ts_value *hidden;    /* object: what only the editor reads */
};
void xml_out_make(struct xml_out *w, const struct ts_node *n, struct xml_made *out);
extern const char xml_out_no_counterpart[]; /* the action of what there is nothing for */
/* "0 3010": the results that count as success for a node, whatever implies them. */
const char *xml_out_codes(struct xml_out *w, const struct ts_node *n);

/* ---- to_xml_compare.c -----------------------------------------------------------------
 */

/* Compare what was written with what it was written from.  losses NULL: the nodes to
 * write anew go into w->anew, and *count says how many; else differences are losses. */
void xml_out_compare(struct xml_out *w, const struct ts_sequence *s,
                     const struct ts_sequence *again, const struct ts_losses *losses,
                     size_t *count);

#endif
