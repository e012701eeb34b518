/* catalog_internal.h - shared by catalog.c and rows.c. */
#ifndef TS_MIGRATE_CATALOG_INTERNAL_H
#define TS_MIGRATE_CATALOG_INTERNAL_H

#include "migrate/catalog.h"

struct mig_catalog {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *add, *span, *get, *range, *children;
};

#endif
