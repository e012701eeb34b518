/* people.c - profiles full of real kinds of files, the same ones for the same seed. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "lab/lab_internal.h"

#define SMALL_MAX 8000
#define FIRST_DAY_NS 1577836800000000000LL /* 2020-01-01 UTC */

struct maker {
    struct ts_dir *root;
    uint64_t rng;
    char data[SMALL_MAX];
};

static uint64_t next_random(struct maker *m)
{
    uint64_t z = (m->rng += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t below(struct maker *m, uint64_t n)
{
    return n ? next_random(m) % n : 0;
}

static const char *const folders[] = {
    "Desktop",
    "Documents",
    "Documents/Projects/2025/Budget & Plans",
    "Documents/Vorträge und Übungen",
    "Downloads",
    "Pictures/Été à la plage",
    "Pictures/写真",
    "Music/Ünïcödé",
    "Videos",
    "Favorites/Links",
    "AppData/Local/Microsoft/Outlook",
    "AppData/Local/Temp",
    "AppData/LocalLow",
    "AppData/Roaming/Microsoft/Windows/Recent",
    "AppData/Roaming/Mozilla/Firefox/Profiles/ab12cd34.default",
    "AppData/Roaming/.hidden settings"};
#define FOLDERS (sizeof folders / sizeof *folders)

static const char *const endings[] = {".docx", ".xlsx", ".txt", ".jpg", ".pdf",
                                      ".lnk",  ".url",  ".dat", ".ini", ""};

static void fill(struct maker *m, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        uint64_t r = next_random(m);

        memcpy(m->data + i, &r, n - i < 8 ? n - i : 8);
    }
}

static void file_name(struct maker *m, char *out, size_t n, int i)
{
    static const char *const words[] = {"Letter to ", "notes ", "résumé ", "IMG_",
                                        "scan-",      "合同 ",  "Отчёт ",  "plan🙂 ",
                                        "e-mail ",    "Q3 "};

    snprintf(out, n, "%s%04d%s", words[below(m, 10)], i, endings[below(m, 10)]);
}

/* Times within five years, to the nanosecond. */
static enum ts_code age(struct maker *m, struct ts_dir *d, const char *name,
                        struct ts_err *err)
{
    struct ts_stat st = {0};

    st.mtime_ns = FIRST_DAY_NS + (int64_t)below(m, 1825ull * 86400 * 1000000000);
    st.atime_ns = st.mtime_ns;
    return ts_set_meta_at(d, name, &st, TS_META_TIMES, err);
}

static enum ts_code small_files(struct maker *m, const struct ts_person *p,
                                struct ts_err *err)
{
    enum ts_code rc = TS_OK;

    for (int f = 0; f < p->folders && rc == TS_OK; f++) {
        char rel[200], name[80];
        struct ts_dir *d = NULL;
        int n = p->files / p->folders + (f < p->files % p->folders);

        if ((size_t)f < FOLDERS)
            snprintf(rel, sizeof rel, "%s", folders[f]);
        else
            snprintf(rel, sizeof rel, "%s/Archive %02d/Box %04d", folders[f % FOLDERS],
                     f / 100 % 100, f);
        rc = ts_tree_dir(m->root, rel, &d, err);
        for (int i = 0; i < n && rc == TS_OK; i++) {
            size_t size = (size_t)(below(m, 20) ? 200 + below(m, SMALL_MAX - 200) : 0);

            file_name(m, name, sizeof name, i);
            fill(m, size);
            rc = ts_tree_file(d, name, m->data, size, err);
            if (rc == TS_OK)
                rc = age(m, d, name, err);
        }
        ts_dir_close(d);
    }
    return rc;
}

static enum ts_code large_files(struct maker *m, const struct ts_person *p,
                                struct ts_err *err)
{
    static const char *const names[] = {"AppData/Local/Microsoft/Outlook/archive.pst",
                                        "Videos/holiday.mp4"};
    enum ts_code rc = TS_OK;

    for (int i = 0; i < 2 && rc == TS_OK; i++) {
        uint64_t size = p->largest / (1u << i);
        const char *slash = strrchr(names[i], '/');
        char *folder = ts_str_dup((ts_str){names[i], (size_t)(slash - names[i])});
        struct ts_dir *d = NULL;
        struct ts_file *f = NULL;

        rc = ts_tree_dir(m->root, folder, &d, err);
        if (rc == TS_OK)
            rc = ts_file_open_at(&f, d, slash + 1, TS_O_CREATE | TS_O_TRUNC | TS_O_APPEND,
                                 0644, err);
        while (rc == TS_OK && size) {
            size_t n = size < SMALL_MAX ? (size_t)size : SMALL_MAX;

            fill(m, n);
            rc = ts_file_write(f, m->data, n, err);
            size -= n;
        }
        ts_file_close(f);
        ts_dir_close(d);
        ts_free(folder);
    }
    return rc;
}

/* Names of 250 bytes, a path longer than 1,000, a line break, a quote, a trailing dot. */
static enum ts_code odd_names(struct maker *m, struct ts_err *err)
{
    char name[300], deep[1400] = "Documents/deep";
    enum ts_code rc;

    memset(name, 'n', 245);
    memcpy(name + 245, ".text", 6);
    for (int i = 0; i < 30; i++)
        strncat(deep, "/a folder in a folder in a folder",
                sizeof deep - strlen(deep) - 20);
    strncat(deep, "/bottom.txt", 12);
    fill(m, 500);
    if ((rc = ts_tree_file(m->root, name, m->data, 500, err)) != TS_OK ||
        (rc = ts_tree_file(m->root, deep, m->data, 400, err)) != TS_OK ||
        (rc = ts_tree_file(m->root, "Desktop/two\nlines.txt", m->data, 9, err)) !=
            TS_OK ||
        (rc = ts_tree_file(m->root, "Desktop/it's \"quoted\" %PATH%.txt", m->data, 8,
                           err)) != TS_OK ||
        (rc = ts_tree_file(m->root, "Desktop/ends with a dot.", m->data, 7, err)) !=
            TS_OK)
        return rc;
    return ts_tree_file(m->root, "Desktop/not UTF-8 \xE9\xFF.txt", m->data, 6, err);
}

/* A second name for a file, links in and out of the profile, one to nothing. */
static enum ts_code links(struct maker *m, struct ts_err *err)
{
    struct ts_dir *docs = NULL, *desk = NULL;
    enum ts_code rc = ts_tree_dir(m->root, "Documents", &docs, err);

    if (rc == TS_OK)
        rc = ts_tree_dir(m->root, "Desktop", &desk, err);
    if (rc == TS_OK)
        rc = ts_tree_file(docs, "two names.txt", "one file, two names\n", 20, err);
    if (rc == TS_OK)
        rc = ts_link_at(docs, "two names.txt", desk, "two names too.txt", err);
    if (rc == TS_OK)
        rc = ts_symlink_at(docs, "My Pictures", "../Pictures", err);
    if (rc == TS_OK)
        rc = ts_symlink_at(docs, "way out", "/etc", err);
    if (rc == TS_OK)
        rc = ts_symlink_at(desk, "nowhere", "gone/away", err);
    ts_dir_close(docs);
    ts_dir_close(desk);
    return rc;
}

/* A sparse file and a read-only folder with a read-only file. */
static enum ts_code odd_kinds(struct maker *m, struct ts_err *err)
{
    struct ts_dir *docs = NULL;
    struct ts_file *f = NULL;
    struct ts_stat ro_file = {.mode = 0444}, ro_dir = {.mode = 0555};
    enum ts_code rc = ts_tree_dir(m->root, "Documents", &docs, err);

    if (rc == TS_OK)
        rc = ts_file_open_at(&f, docs, "sparse.vhd",
                             TS_O_CREATE | TS_O_TRUNC | TS_O_APPEND, 0644, err);
    if (rc == TS_OK && (rc = ts_file_write(f, "head", 4, err)) == TS_OK)
        rc = ts_file_truncate(f, 64u << 20, err);
    if (rc == TS_OK)
        rc = ts_tree_file(docs, "signed/contract.pdf", "%PDF-1.4 signed\n", 16, err);
    if (rc == TS_OK) {
        struct ts_dir *sign = NULL;

        rc = ts_dir_open_at(&sign, docs, "signed", err);
        if (rc == TS_OK)
            rc = ts_set_meta_at(sign, "contract.pdf", &ro_file, TS_META_MODE, err);
        ts_dir_close(sign);
    }
    if (rc == TS_OK)
        rc = ts_set_meta_at(docs, "signed", &ro_dir, TS_META_MODE, err);
    ts_file_close(f);
    ts_dir_close(docs);
    return rc;
}

enum ts_code ts_person_make(struct ts_dir *profile, const struct ts_person *p,
                            uint64_t seed, struct ts_err *err)
{
    struct maker *m = ts_alloc(sizeof *m);
    enum ts_code rc;

    m->root = profile;
    m->rng = seed;
    for (const char *c = p->name; *c; c++)
        m->rng = m->rng * 31 + (unsigned char)*c;
    fill(m, 4096);
    rc = ts_tree_file(profile, "NTUSER.DAT", m->data, 4096, err);
    if (rc == TS_OK)
        rc = small_files(m, p, err);
    if (rc == TS_OK)
        rc = large_files(m, p, err);
    if (rc == TS_OK)
        rc = odd_names(m, err);
    if (rc == TS_OK)
        rc = links(m, err);
    if (rc == TS_OK)
        rc = odd_kinds(m, err);
    ts_free(m);
    return rc;
}
