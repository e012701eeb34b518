/* document.h - building a facts document.  Private to facts/. */
#ifndef TS_FACTS_DOCUMENT_H
#define TS_FACTS_DOCUMENT_H

#include "facts/facts.h"
#include "platform/hardware.h"

struct ts_facts_doc { /* being built; both are objects in the arena */
    struct ts_arena *arena;
    struct ts_value *variables, *classes;
};

/* A class without rows, if it is not there. */
struct ts_value *ts_doc_class(struct ts_facts_doc *d, const char *name);
/* A new row at the end of a class. */
struct ts_value *ts_doc_row(struct ts_facts_doc *d, const char *class_name);
/* Members of a row; what is NULL or negative is left out. */
void ts_doc_text(struct ts_facts_doc *d, struct ts_value *row, const char *key,
                 const char *text);
void ts_doc_int(struct ts_facts_doc *d, struct ts_value *row, const char *key, int64_t n);
void ts_doc_bool(struct ts_facts_doc *d, struct ts_value *row, const char *key, bool b);
void ts_doc_list(struct ts_facts_doc *d, struct ts_value *row, const char *key,
                 const char *const *texts);
/* Set a variable if it has no value yet; an empty or NULL text is none. */
void ts_doc_variable(struct ts_facts_doc *d, const char *name, const char *text);

/* gather.c: everything this machine tells.  Hardware and drives are given for tests. */
void ts_doc_hardware(struct ts_facts_doc *d, const struct ts_hardware *h);
void ts_doc_system(struct ts_facts_doc *d, const struct ts_hardware *h);
/* gather_disk.c */
void ts_doc_disks(struct ts_facts_doc *d, const struct ts_hardware *h);
void ts_doc_drives(struct ts_facts_doc *d);
/* gather_net.c */
void ts_doc_network(struct ts_facts_doc *d, const struct ts_hardware *h);
/* derive.c: variables from classes. */
void ts_doc_derive(struct ts_facts_doc *d);

/* smbios.c: the firmware's structure table.  Texts in the arena; what the table does not
 * say stays as it was.  A damaged table is read as far as it makes sense. */
struct ts_smbios_memory {
    const char *locator, *vendor, *serial, *part;
    uint64_t bytes;
    int mhz;
};
struct ts_smbios {
    struct ts_hw_dmi dmi;
    int cpu_mhz;
    const char *cpu_name;
    struct ts_smbios_memory memory[64];
    size_t memory_count;
};
void ts_smbios_parse(struct ts_smbios *out, struct ts_arena *a, ts_str table);

#endif
