/* operations.h - what a store goes through, each ready to be cut off and called again. */
#ifndef TESTS_MIGRATE_OPERATIONS_H
#define TESTS_MIGRATE_OPERATIONS_H

#include "lab.h"

struct operation {
    const char *name;
    void (*before)(struct lab *l); /* brings a fresh lab to where it starts */
    enum ts_code (*run)(struct lab *l, struct ts_err *err);
    void (*after)(struct lab *l,
                  unsigned n);   /* the end that must come; n: for messages */
    const char *const *contents; /* of users' files; NULL-terminated */
};
extern const struct operation operations[];
extern const size_t operation_count;

/* A content that is in no regular file of the machine; NULL: all are there. */
const char *missing_content(struct lab *l, const struct operation *op);

#endif
