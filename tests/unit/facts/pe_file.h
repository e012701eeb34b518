/* pe_file.h - build small PE files to look at. */
#ifndef TESTS_FACTS_PE_FILE_H
#define TESTS_FACTS_PE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PE_FILE_SIZE 1024

/* A program for `machine` with one section of resources that holds one version resource
 * with FILEVERSION v[0].v[1].v[2].v[3]; wide: the 64 bit header. */
void pe_file_build(uint8_t out[PE_FILE_SIZE], unsigned machine, bool wide,
                   const unsigned v[4]);

/* A new temporary folder; the caller's to remove with remove_folder. */
char *new_folder(void);
void remove_folder(char *dir);
/* Write bytes to dir/rel, making the folders on the way.  Returns the path; free it. */
char *write_file(const char *dir, const char *rel, const void *p, size_t n);

#endif
