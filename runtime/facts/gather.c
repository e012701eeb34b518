/* gather.c - the classes that come from firmware, processors and the running system. */
#include "facts/document.h"

#include "platform/sysinfo.h"

#include <stdio.h>
#include <string.h>

/* ---- building ------------------------------------------------------------------------
 */

struct ts_value *ts_doc_class(struct ts_facts_doc *d, const char *name)
{
    for (struct ts_value *c = d->classes->first; c; c = c->next) {
        if (ts_str_caseeq(c->key, ts_str_of(name))) {
            return c;
        }
    }
    struct ts_value *rows = ts_value_new(d->arena, TS_ARRAY);
    ts_value_set(d->arena, d->classes, ts_str_of(name), rows);
    return rows;
}

struct ts_value *ts_doc_row(struct ts_facts_doc *d, const char *class_name)
{
    struct ts_value *row = ts_value_new(d->arena, TS_OBJECT);

    ts_value_push(ts_doc_class(d, class_name), row);
    return row;
}

void ts_doc_text(struct ts_facts_doc *d, struct ts_value *row, const char *key,
                 const char *text)
{
    if (text) {
        ts_value_set(d->arena, row, ts_str_of(key),
                     ts_value_string(d->arena, ts_str_of(text)));
    }
}

void ts_doc_int(struct ts_facts_doc *d, struct ts_value *row, const char *key, int64_t n)
{
    if (n >= 0) {
        ts_value_set(d->arena, row, ts_str_of(key), ts_value_int(d->arena, n));
    }
}

void ts_doc_bool(struct ts_facts_doc *d, struct ts_value *row, const char *key, bool b)
{
    ts_value_set(d->arena, row, ts_str_of(key), ts_value_bool(d->arena, b));
}

void ts_doc_list(struct ts_facts_doc *d, struct ts_value *row, const char *key,
                 const char *const *texts)
{
    struct ts_value *list = ts_value_new(d->arena, TS_ARRAY);

    for (; texts && *texts; texts++) {
        ts_value_push(list, ts_value_string(d->arena, ts_str_of(*texts)));
    }
    if (list->count) {
        ts_value_set(d->arena, row, ts_str_of(key), list);
    }
}

void ts_doc_variable(struct ts_facts_doc *d, const char *name, const char *text)
{
    if (!text || !*text) {
        return;
    }
    for (const struct ts_value *v = d->variables->first; v; v = v->next) {
        if (ts_str_caseeq(v->key, ts_str_of(name))) {
            return;
        }
    }
    ts_doc_text(d, d->variables, name, text);
}

/* ---- firmware ------------------------------------------------------------------------
 */

static const char *upper(struct ts_arena *a, const char *text)
{
    char *copy = ts_arena_strz(a, text);

    for (char *p = copy; p && *p; p++) {
        if (*p >= 'a' && *p <= 'z') {
            *p = (char)(*p - 'a' + 'A');
        }
    }
    return copy;
}

/* "01/31/2024" as CIM says it: "20240131000000.000000+000". */
static const char *cim_date(struct ts_arena *a, const char *date)
{
    unsigned month, day, year;

    if (!date || sscanf(date, "%2u/%2u/%4u", &month, &day, &year) != 3 || month > 12 ||
        day > 31) {
        return NULL;
    }
    year += year < 100 ? 1900u : 0;
    return ts_arena_format(a, "%04u%02u%02u000000.000000+000", year, month, day);
}

static void enclosure(struct ts_facts_doc *d, const struct ts_hw_dmi *m)
{
    struct ts_value *row = ts_doc_row(d, "Win32_SystemEnclosure");

    ts_doc_text(d, row, "Manufacturer", m->chassis_vendor);
    if (m->chassis_type > 0) {
        struct ts_value *types = ts_value_new(d->arena, TS_ARRAY);
        ts_value_push(types, ts_value_int(d->arena, m->chassis_type));
        ts_value_set(d->arena, row, TS_S("ChassisTypes"), types);
    }
    ts_doc_text(d, row, "Version", m->chassis_version);
    ts_doc_text(d, row, "SerialNumber", m->chassis_serial);
    ts_doc_text(d, row, "SMBIOSAssetTag", m->chassis_asset);
}

static void firmware(struct ts_facts_doc *d, const struct ts_hw_dmi *m)
{
    struct ts_value *row = ts_doc_row(d, "Win32_BIOS");

    ts_doc_text(d, row, "Manufacturer", m->bios_vendor);
    ts_doc_text(d, row, "Name", m->bios_version);
    ts_doc_text(d, row, "SMBIOSBIOSVersion", m->bios_version);
    ts_doc_text(d, row, "ReleaseDate", cim_date(d->arena, m->bios_date));
    ts_doc_text(d, row, "SerialNumber", m->serial);

    row = ts_doc_row(d, "Win32_ComputerSystemProduct");
    ts_doc_text(d, row, "Vendor", m->vendor);
    ts_doc_text(d, row, "Name", m->product);
    ts_doc_text(d, row, "Version", m->version);
    ts_doc_text(d, row, "IdentifyingNumber", m->serial);
    ts_doc_text(d, row, "UUID", m->uuid ? upper(d->arena, m->uuid) : NULL);
    ts_doc_text(d, row, "SKUNumber", m->sku);

    row = ts_doc_row(d, "Win32_BaseBoard");
    ts_doc_text(d, row, "Manufacturer", m->board_vendor);
    ts_doc_text(d, row, "Product", m->board_product);
    ts_doc_text(d, row, "Version", m->board_version);
    ts_doc_text(d, row, "SerialNumber", m->board_serial);
    enclosure(d, m);
}

static void memory_modules(struct ts_facts_doc *d, const struct ts_smbios *s)
{
    ts_doc_class(d, "Win32_PhysicalMemory");
    for (size_t i = 0; i < s->memory_count; i++) {
        const struct ts_smbios_memory *m = &s->memory[i];
        struct ts_value *row = ts_doc_row(d, "Win32_PhysicalMemory");
        ts_doc_text(d, row, "Tag", ts_arena_format(d->arena, "Physical Memory %zu", i));
        ts_doc_text(d, row, "DeviceLocator", m->locator);
        ts_doc_text(d, row, "Manufacturer", m->vendor);
        ts_doc_text(d, row, "PartNumber", m->part);
        ts_doc_text(d, row, "SerialNumber", m->serial);
        ts_doc_int(d, row, "Capacity", (int64_t)m->bytes);
        ts_doc_int(d, row, "Speed", m->mhz ? m->mhz : -1);
    }
}

/* ---- the computer --------------------------------------------------------------------
 */

static bool is_arm(void)
{
    return strcmp(ts_platform_arch(), "aarch64") == 0;
}

static void computer(struct ts_facts_doc *d, const struct ts_hardware *h,
                     const struct ts_hw_dmi *m)
{
    struct ts_value *row = ts_doc_row(d, "Win32_ComputerSystem");
    char name[256];

    ts_host_name(name);
    ts_doc_text(d, row, "Name", name);
    ts_doc_text(d, row, "Manufacturer", m->vendor);
    ts_doc_text(d, row, "Model", m->product);
    ts_doc_text(d, row, "SystemFamily", m->family);
    ts_doc_text(d, row, "SystemSKUNumber", m->sku);
    ts_doc_text(d, row, "SystemType",
                is_arm()      ? "ARM64-based PC"
                : h->cpu.wide ? "x64-based PC"
                              : "X86-based PC");
    ts_doc_int(d, row, "TotalPhysicalMemory", h->memory ? (int64_t)h->memory : -1);
    ts_doc_int(d, row, "NumberOfProcessors", h->cpu.sockets);
    ts_doc_int(d, row, "NumberOfLogicalProcessors", h->cpu.logical);
    ts_doc_int(d, row, "PCSystemType", h->battery_count ? 2 : 1);
    ts_doc_bool(d, row, "HypervisorPresent", h->cpu.hypervisor);
}

static void processors(struct ts_facts_doc *d, const struct ts_hardware *h,
                       const struct ts_smbios *s)
{
    const struct ts_hw_cpu *c = &h->cpu;
    int sockets = c->sockets > 0 ? c->sockets : 1;
    int mhz = s->cpu_mhz > c->mhz ? s->cpu_mhz : c->mhz;

    for (int i = 0; i < sockets && i < 64; i++) {
        struct ts_value *row = ts_doc_row(d, "Win32_Processor");
        ts_doc_text(d, row, "DeviceID", ts_arena_format(d->arena, "CPU%d", i));
        ts_doc_text(d, row, "Name", c->name ? c->name : s->cpu_name);
        ts_doc_text(d, row, "Manufacturer", c->vendor);
        ts_doc_int(d, row, "MaxClockSpeed", mhz ? mhz : -1);
        ts_doc_int(d, row, "NumberOfCores", c->cores / sockets);
        ts_doc_int(d, row, "NumberOfLogicalProcessors", c->logical / sockets);
        ts_doc_int(d, row, "AddressWidth", sizeof(void *) * 8);
        ts_doc_int(d, row, "DataWidth", c->wide ? 64 : 32);
        ts_doc_int(d, row, "Architecture", is_arm() ? 12 : c->wide ? 9 : 0);
        ts_doc_bool(d, row, "VMMonitorModeExtensions", c->vt);
        ts_doc_bool(d, row, "SecondLevelAddressTranslationExtensions", c->slat);
    }
}

void ts_doc_system(struct ts_facts_doc *d, const struct ts_hardware *h)
{
    struct ts_value *row = ts_doc_row(d, "Win32_OperatingSystem");
    char version[64], name[256];

    ts_os_version(version);
    version[strspn(version, "0123456789.")] = '\0';
    ts_host_name(name);
    ts_doc_text(d, row, "Caption", h->os_name);
    ts_doc_text(d, row, "Version", version);
    ts_doc_text(d, row, "CSName", name);
    ts_doc_text(d, row, "OSArchitecture", sizeof(void *) == 8 ? "64-bit" : "32-bit");
    ts_doc_int(d, row, "OSType", 36); /* LINUX */
    ts_doc_int(d, row, "TotalVisibleMemorySize",
               h->memory ? (int64_t)(h->memory / 1024) : -1);
}

static void power(struct ts_facts_doc *d, const struct ts_hardware *h)
{
    ts_doc_class(d, "Win32_Battery");
    for (size_t i = 0; i < h->battery_count; i++) {
        const struct ts_hw_battery *b = &h->batteries[i];
        struct ts_value *row = ts_doc_row(d, "Win32_Battery");
        bool drains = b->status && strcmp(b->status, "Discharging") == 0;
        ts_doc_text(d, row, "DeviceID", b->name);
        ts_doc_text(d, row, "Name", b->model);
        ts_doc_int(d, row, "BatteryStatus", drains ? 1 : 2);
        ts_doc_int(d, row, "EstimatedChargeRemaining", b->percent);
    }
    ts_doc_variable(d, "IsOnBattery", h->on_ac == 0 ? "True" : "False");
}

static void tpm(struct ts_facts_doc *d, const struct ts_hardware *h)
{
    static const char name[] = "root\\cimv2\\Security\\MicrosoftTpm:Win32_Tpm";

    ts_doc_class(d, name);
    if (h->tpm) {
        struct ts_value *row = ts_doc_row(d, name);
        ts_doc_text(d, row, "SpecVersion", h->tpm);
        /* a TPM that the firmware switched off is not shown to the kernel */
        ts_doc_bool(d, row, "IsEnabled_InitialValue", true);
        ts_doc_bool(d, row, "IsActivated_InitialValue", true);
    }
}

void ts_doc_hardware(struct ts_facts_doc *d, const struct ts_hardware *h)
{
    struct ts_smbios s = {0};
    const struct ts_hw_dmi *m = &h->dmi;

    if (h->smbios.n) {
        ts_smbios_parse(&s, d->arena, ts_buf_view(&h->smbios));
        m = &s.dmi;
    }
    computer(d, h, m);
    firmware(d, m);
    processors(d, h, &s);
    memory_modules(d, &s);
    power(d, h);
    tpm(d, h);
    ts_doc_variable(d, "IsUEFI", h->efi ? "True" : "False");
    ts_doc_variable(d, "SecureBoot",
                    h->secure_boot < 0 ? "NA"
                    : h->secure_boot   ? "Enabled"
                                       : "Disabled");
    ts_doc_variable(d, "SupportsNX", h->cpu.nx ? "True" : "False");
    ts_doc_variable(d, "SupportsVT", h->cpu.vt ? "True" : "False");
    ts_doc_variable(d, "Supports64Bit", h->cpu.wide ? "True" : "False");
}
