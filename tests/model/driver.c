/* model_driver CASES FOLDER - play every case of a JSON Lines file with the real engine;
 * one line of JSON per case on standard output (machine.h).  FOLDER is used and emptied.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>

static char *read_line(FILE *f, size_t *n)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t got = getline(&line, &room, f);

    if (got <= 0) {
        free(line);
        return NULL;
    }
    *n = (size_t)got;
    return line;
}

int main(int argc, char **argv)
{
    FILE *f = argc == 3 ? fopen(argv[1], "r") : NULL;
    char *line;
    size_t n = 0;

    if (!f) {
        fprintf(stderr, "usage: model_driver CASES.jsonl FOLDER\n");
        return 2;
    }
    while ((line = read_line(f, &n)) != NULL) {
        struct ts_arena arena = {0};
        struct ts_value *data = NULL;
        struct ts_buf out = {0};
        struct ts_err err;
        if (ts_json_parse(&data, &arena, (ts_str){line, n}, argv[1], &err) != TS_OK) {
            fprintf(stderr, "model_driver: %s\n", err.text);
            return 2;
        }
        machine_play(argv[2], data, &out);
        puts(ts_buf_text(&out));
        ts_buf_free(&out);
        ts_arena_fini(&arena);
        free(line);
    }
    fclose(f);
    machine_clean(argv[2]);
    return fflush(stdout) == 0 ? 0 : 3;
}
