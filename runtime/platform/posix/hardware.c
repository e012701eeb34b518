/* hardware.c - firmware tables, processors, memory, power. */
#include "hw.h"

#include "platform/fs.h"

#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- reading -------------------------------------------------------------------------
 */

static char *path_of(struct hw *x, const char *fmt, va_list ap)
{
    struct ts_buf b = {0};
    char text[512];

    vsnprintf(text, sizeof text, fmt, ap);
    ts_buf_fmt(&b, "%s/%s", x->root, text);
    return ts_buf_take(&b);
}

static bool read_file(const char *path, size_t max, struct ts_buf *out)
{
    /* Files of sysfs tell a size that is not theirs: read until the end. */
    FILE *f = fopen(path, "re");
    char block[4096];
    size_t n;

    if (!f) {
        return false;
    }
    while (out->n < max && (n = fread(block, 1, sizeof block, f)) > 0) {
        ts_buf_add(out, block, n);
    }
    bool ok = !ferror(f);
    fclose(f);
    return ok;
}

const char *hw_text(struct hw *x, const char *fmt, ...)
{
    struct ts_buf b = {0};
    const char *out = NULL;
    va_list ap;

    va_start(ap, fmt);
    char *path = path_of(x, fmt, ap);
    va_end(ap);
    if (read_file(path, 1 << 20, &b)) {
        ts_str s = ts_buf_view(&b);
        const char *nul = s.n ? memchr(s.p, 0, s.n) : NULL; /* device tree texts */
        s = ts_str_trim((ts_str){s.p, nul ? (size_t)(nul - s.p) : s.n});
        out = s.n ? ts_arena_str(&x->h->arena, s) : NULL;
    }
    ts_buf_free(&b);
    ts_free(path);
    return out;
}

int64_t hw_int(struct hw *x, int64_t fallback, const char *fmt, ...)
{
    struct ts_buf b = {0};
    int64_t value;
    va_list ap;

    va_start(ap, fmt);
    char *path = path_of(x, fmt, ap);
    va_end(ap);
    if (!read_file(path, 64, &b) || !ts_str_int(ts_str_trim(ts_buf_view(&b)), &value)) {
        value = fallback;
    }
    ts_buf_free(&b);
    ts_free(path);
    return value;
}

bool hw_there(struct hw *x, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *path = path_of(x, fmt, ap);
    va_end(ap);
    bool there = access(path, F_OK) == 0;
    ts_free(path);
    return there;
}

const char *hw_link_name(struct hw *x, const char *fmt, ...)
{
    char target[1024];
    va_list ap;

    va_start(ap, fmt);
    char *path = path_of(x, fmt, ap);
    va_end(ap);
    ssize_t n = readlink(path, target, sizeof target - 1);
    ts_free(path);
    if (n <= 0) {
        return NULL;
    }
    target[n] = '\0';
    const char *slash = strrchr(target, '/');
    return ts_arena_strz(&x->h->arena, slash ? slash + 1 : target);
}

/* By name, numbers in it by their value. */
static int by_name(const void *a, const void *b)
{
    return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

const char **hw_names(struct hw *x, const char *folder, size_t *n)
{
    const char **names = ts_arena_alloc(&x->h->arena, (HW_LIST_MAX + 1) * sizeof *names);
    char *path = ts_format("%s/%s", x->root, folder);
    DIR *d = opendir(path);
    struct dirent *e;

    *n = 0;
    while (d && *n < HW_LIST_MAX && (e = readdir(d)) != NULL) {
        if (e->d_name[0] != '.') {
            names[(*n)++] = ts_arena_strz(&x->h->arena, e->d_name);
        }
    }
    if (d) {
        closedir(d);
    }
    ts_free(path);
    qsort(names, *n, sizeof *names, by_name);
    return names;
}

/* ---- firmware ------------------------------------------------------------------------
 */

static void read_dmi(struct hw *x)
{
    struct ts_hw_dmi *d = &x->h->dmi;
    const struct {
        const char **to;
        const char *file;
    } texts[] = {
        {&d->bios_vendor, "bios_vendor"},
        {&d->bios_version, "bios_version"},
        {&d->bios_date, "bios_date"},
        {&d->vendor, "sys_vendor"},
        {&d->product, "product_name"},
        {&d->version, "product_version"},
        {&d->serial, "product_serial"},
        {&d->uuid, "product_uuid"},
        {&d->sku, "product_sku"},
        {&d->family, "product_family"},
        {&d->board_vendor, "board_vendor"},
        {&d->board_product, "board_name"},
        {&d->board_version, "board_version"},
        {&d->board_serial, "board_serial"},
        {&d->chassis_vendor, "chassis_vendor"},
        {&d->chassis_version, "chassis_version"},
        {&d->chassis_serial, "chassis_serial"},
        {&d->chassis_asset, "chassis_asset_tag"},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i].to = hw_text(x, "sys/class/dmi/id/%s", texts[i].file);
    }
    d->chassis_type = (int)hw_int(x, 0, "sys/class/dmi/id/chassis_type");
    if (!d->product) { /* boards without SMBIOS */
        d->product = hw_text(x, "proc/device-tree/model");
    }
    if (!d->serial) {
        d->serial = hw_text(x, "proc/device-tree/serial-number");
    }
    char *path = ts_format("%s/sys/firmware/dmi/tables/DMI", x->root);
    if (!read_file(path, 256 << 10, &x->h->smbios)) {
        ts_buf_free(&x->h->smbios);
    }
    ts_free(path);
}

static void read_firmware(const char *root, bool *efi, int *secure_boot)
{
    static const char name[] =
        "%s/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    char *folder = ts_format("%s/sys/firmware/efi", root);
    char *path = ts_format(name, root);
    struct ts_buf b = {0};

    *efi = access(folder, F_OK) == 0;
    /* four bytes of attributes, then the value */
    bool told = *efi && read_file(path, 64, &b) && b.n == 5;
    *secure_boot = told ? b.p[4] == 1 : -1;
    ts_buf_free(&b);
    ts_free(path);
    ts_free(folder);
}

void ts_hardware_firmware(bool *efi, int *secure_boot)
{
    read_firmware("", efi, secure_boot);
}

static void read_tpm(struct hw *x)
{
    size_t n;
    const char **names = hw_names(x, "sys/class/tpm", &n);

    if (n == 0) {
        return;
    }
    int64_t major = hw_int(x, 0, "sys/class/tpm/%s/tpm_version_major", names[0]);
    x->h->tpm = major == 2 ? "2.0" : "1.2";
}

/* ---- processors and memory -----------------------------------------------------------
 */

/* "model name\t: AMD EPYC" -> name and value; false for a line without a colon. */
static bool split_line(ts_str line, ts_str *name, ts_str *value)
{
    const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;

    if (!colon) {
        return false;
    }
    *name = ts_str_trim((ts_str){line.p, (size_t)(colon - line.p)});
    *value = ts_str_trim((ts_str){colon + 1, line.n - (size_t)(colon + 1 - line.p)});
    return true;
}

static bool has_flag(ts_str flags, const char *flag)
{
    ts_str word;

    while (ts_str_cut(&flags, ' ', &word)) {
        if (ts_str_eq(word, ts_str_of(flag))) {
            return true;
        }
    }
    return false;
}

static void cpu_flags(struct ts_hw_cpu *c, ts_str flags)
{
    c->wide = c->wide || has_flag(flags, "lm");
    c->nx = has_flag(flags, "nx");
    c->vt = has_flag(flags, "vmx") || has_flag(flags, "svm");
    c->slat = has_flag(flags, "ept") || has_flag(flags, "npt");
    c->hypervisor = has_flag(flags, "hypervisor");
}

static void read_cpu(struct hw *x)
{
    struct ts_hw_cpu *c = &x->h->cpu;
    const char *text = hw_text(x, "proc/cpuinfo");
    ts_str rest = ts_str_of(text), line, name, value;
    bool first = true;
    int64_t n, socket = 0, cores = 0, highest = -1;
    double mhz = 0;

    c->wide = sizeof(void *) == 8;
    while (ts_str_cut(&rest, '\n', &line)) {
        if (!split_line(line, &name, &value)) {
            first = first && c->logical == 0;
            continue;
        }
        if (ts_str_eq(name, TS_S("processor"))) {
            c->logical++;
        } else if (ts_str_eq(name, TS_S("physical id")) && ts_str_int(value, &socket)) {
            highest = socket > highest ? socket : highest;
        } else if (ts_str_eq(name, TS_S("cpu MHz"))) {
            double this_one = strtod(ts_arena_str(&x->h->arena, value), NULL);
            mhz = this_one > mhz ? this_one : mhz;
        } else if (!first) {
            continue;
        } else if (ts_str_eq(name, TS_S("model name"))) {
            c->name = ts_arena_str(&x->h->arena, value);
        } else if (ts_str_eq(name, TS_S("vendor_id"))) {
            c->vendor = ts_arena_str(&x->h->arena, value);
        } else if (ts_str_eq(name, TS_S("cpu cores")) && ts_str_int(value, &n)) {
            cores = n;
        } else if (ts_str_eq(name, TS_S("flags"))) {
            cpu_flags(c, value);
        }
    }
    c->sockets = highest >= 0 ? (int)highest + 1 : 1;
    c->logical = c->logical ? c->logical : 1;
    c->cores = cores > 0 ? (int)cores * c->sockets : c->logical;
    n = hw_int(x, 0, "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
    c->mhz = n > 0 ? (int)(n / 1000) : (int)mhz;
}

static void read_memory(struct hw *x)
{
    ts_str rest = ts_str_of(hw_text(x, "proc/meminfo")), line, name, value;
    int64_t kb;

    while (ts_str_cut(&rest, '\n', &line)) {
        if (split_line(line, &name, &value) && ts_str_eq(name, TS_S("MemTotal"))) {
            (void)ts_str_cut(&value, ' ', &name);
            x->h->memory = ts_str_int(name, &kb) && kb > 0 ? (uint64_t)kb * 1024 : 0;
            return;
        }
    }
}

/* ---- power, system -------------------------------------------------------------------
 */

static void read_power(struct hw *x)
{
    size_t n;
    const char **names = hw_names(x, "sys/class/power_supply", &n);
    struct ts_hardware *h = x->h;

    h->on_ac = -1;
    h->batteries = ts_arena_alloc(&h->arena, (n + 1) * sizeof *h->batteries);
    for (size_t i = 0; i < n; i++) {
        const char *type = hw_text(x, "sys/class/power_supply/%s/type", names[i]);
        const char *scope = hw_text(x, "sys/class/power_supply/%s/scope", names[i]);
        if (!type || (scope && strcmp(scope, "Device") == 0)) {
            continue; /* the battery of a mouse */
        }
        if (strcmp(type, "Battery") == 0) {
            h->batteries[h->battery_count++] = (struct ts_hw_battery){
                .name = names[i],
                .model = hw_text(x, "sys/class/power_supply/%s/model_name", names[i]),
                .status = hw_text(x, "sys/class/power_supply/%s/status", names[i]),
                .percent =
                    (int)hw_int(x, -1, "sys/class/power_supply/%s/capacity", names[i]),
            };
        } else {
            int64_t online = hw_int(x, -1, "sys/class/power_supply/%s/online", names[i]);
            if (online == 1 || (online == 0 && h->on_ac < 0)) {
                h->on_ac = (int)online;
            }
        }
    }
    if (h->on_ac < 0 && h->battery_count == 0) {
        h->on_ac = 1; /* nothing else it could run on */
    }
}

static void read_system(struct hw *x)
{
    struct ts_hardware *h = x->h;
    ts_str rest = ts_str_of(hw_text(x, "etc/os-release")), line;
    size_t n = 0;

    while (ts_str_cut(&rest, '\n', &line)) {
        if (ts_str_starts(line, TS_S("PRETTY_NAME="))) {
            ts_str name = ts_str_trim((ts_str){line.p + 12, line.n - 12});
            if (name.n > 1 && (name.p[0] == '"' || name.p[0] == '\'')) {
                name = (ts_str){name.p + 1, name.n - 2};
            }
            h->os_name = ts_arena_str(&h->arena, name);
        }
    }
    h->dns = ts_arena_alloc(&h->arena, 9 * sizeof *h->dns);
    rest = ts_str_of(hw_text(x, "etc/resolv.conf"));
    while (n < 8 && ts_str_cut(&rest, '\n', &line)) {
        if (ts_str_starts(line, TS_S("nameserver "))) {
            h->dns[n++] =
                ts_arena_str(&h->arena, ts_str_trim((ts_str){line.p + 11, line.n - 11}));
        }
    }
}

void ts_hardware_read(struct ts_hardware *h, const char *root)
{
    struct hw x = {h, root ? root : ""};

    *h = (struct ts_hardware){0};
    read_dmi(&x);
    read_firmware(x.root, &h->efi, &h->secure_boot);
    read_tpm(&x);
    read_cpu(&x);
    read_memory(&x);
    read_power(&x);
    read_system(&x);
    hw_disks(&x);
    hw_nics(&x);
}

void ts_hardware_fini(struct ts_hardware *h)
{
    ts_buf_free(&h->smbios);
    ts_arena_fini(&h->arena);
    *h = (struct ts_hardware){0};
}
