/* xml_keys.h - the members of `xml`, what an imported node keeps of the XML.
 *
 * Everything that the format has a word for is not repeated there.  A member without
 * content is left out.  Of a step type, action, hidden and properties are also left out
 * when they are what a step of this type and with these properties usually has; where
 * there usually is something and here was nothing they are empty.  docs/import.md says
 * the same for people. */
#ifndef TS_PARSE_XML_KEYS_H
#define TS_PARSE_XML_KEYS_H

/* ---- of a node ------------------------------------------------------------------------
 */
#define XML_ELEMENT "element"       /* "subtasksequence" where it is no step or group */
#define XML_TYPE "type"             /* attribute type */
#define XML_ACTION "action"         /* text of the action, as written */
#define XML_NAME "name"             /* the name, where ours had to differ */
#define XML_ATTRIBUTES "attributes" /* object: attributes we have no word for */
/* Objects by name of a variable of the defaultVarList (of a sequence: globalVarList): */
#define XML_DEFAULTS                                                                \
    "defaults"              /* visible ones that no property of the step holds; not \
                               empty ones, nor those xml_is_noise() names */
#define XML_HIDDEN "hidden" /* hidden ones */
#define XML_PROPERTIES "properties" /* attribute property where it is not the name */
#define XML_CONDITION                                                                   \
    "condition"                 /* the condition as XML text, where ours cannot give it \
                                   back (OS groups, computers, make and model) */
#define XML_ELEMENTS "elements" /* list: unknown child elements as XML text */
#define XML_REASON                                                \
    "reason" /* why it is a command line, is unsupported, or does \
                less than there */

/* ---- of a sequence: also attributes, elements, hidden, properties ---------------------
 */
#define XML_CONTAINER "container"   /* "mdt" "sequence" "package" "object" */
#define XML_VERSION "version"       /* attribute version */
#define XML_REFERENCES "references" /* list of {package, program} or {application} */
#define XML_PACKAGE "package"       /* object: properties of the package around it */

#endif
