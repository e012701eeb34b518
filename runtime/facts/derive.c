/* derive.c - variables as MDT names them, from the classes. */
#include "facts/document.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- reading classes -----------------------------------------------------------------
 */

static const struct ts_value *rows_of(const struct ts_facts_doc *d, const char *name)
{
    for (const struct ts_value *c = d->classes->first; c; c = c->next) {
        if (ts_str_caseeq(c->key, ts_str_of(name))) {
            return c;
        }
    }
    return NULL;
}

static const struct ts_value *member(const struct ts_value *row, const char *key)
{
    for (const struct ts_value *m = row ? row->first : NULL; m; m = m->next) {
        if (ts_str_caseeq(m->key, ts_str_of(key))) {
            return m;
        }
    }
    return NULL;
}

static const struct ts_value *first_row(const struct ts_facts_doc *d, const char *name)
{
    const struct ts_value *rows = rows_of(d, name);

    return rows ? rows->first : NULL;
}

/* The property of the class's first row as text; NULL if it has none. */
static const char *text_of(const struct ts_facts_doc *d, const char *name,
                           const char *key)
{
    const struct ts_value *v = member(first_row(d, name), key);

    if (v && v->kind == TS_STRING) {
        ts_str s = ts_str_trim(v->str);
        return s.n ? ts_arena_str(d->arena, s) : NULL;
    }
    return v && v->kind == TS_INT ? ts_arena_format(d->arena, "%" PRId64, v->integer)
                                  : NULL;
}

/* -1: not told.  Windows writes 64-bit numbers as text. */
static int64_t int_of(const struct ts_facts_doc *d, const char *name, const char *key)
{
    const struct ts_value *v = member(first_row(d, name), key);
    int64_t n;

    if (v && v->kind == TS_STRING && ts_str_int(v->str, &n)) {
        return n;
    }
    return v && v->kind == TS_INT ? v->integer : -1;
}

static bool is_true(const struct ts_value *v)
{
    return v && ((v->kind == TS_BOOL && v->boolean) ||
                 (v->kind == TS_STRING && ts_str_caseeq(v->str, TS_S("true"))));
}

static void yes_no(struct ts_facts_doc *d, const char *name, bool yes)
{
    ts_doc_variable(d, name, yes ? "True" : "False");
}

/* ---- what kind of machine ------------------------------------------------------------
 */

enum body { BODY_UNKNOWN, BODY_DESKTOP, BODY_LAPTOP, BODY_SERVER };

static enum body body_of_type(int64_t chassis)
{
    static const unsigned char laptops[] = {8, 9, 10, 11, 12, 14, 18, 21, 30, 31, 32};
    static const unsigned char desktops[] = {3, 4, 5, 6, 7, 13, 15, 16, 24, 34, 35, 36};
    static const unsigned char servers[] = {17, 23, 25, 28, 29};

    for (size_t i = 0; i < sizeof laptops; i++) {
        if (chassis == laptops[i]) {
            return BODY_LAPTOP;
        }
    }
    for (size_t i = 0; i < sizeof desktops; i++) {
        if (chassis == desktops[i]) {
            return BODY_DESKTOP;
        }
    }
    for (size_t i = 0; i < sizeof servers; i++) {
        if (chassis == servers[i]) {
            return BODY_SERVER;
        }
    }
    return BODY_UNKNOWN;
}

/* A docked laptop shows two enclosures: the first one that says something counts. */
static enum body body(const struct ts_facts_doc *d)
{
    const struct ts_value *rows = rows_of(d, "Win32_SystemEnclosure");

    for (const struct ts_value *r = rows ? rows->first : NULL; r; r = r->next) {
        const struct ts_value *types = member(r, "ChassisTypes");
        const struct ts_value *t =
            types && types->kind == TS_ARRAY ? types->first : types;
        for (; t; t = t == types ? NULL : t->next) {
            enum body found = t->kind == TS_INT ? body_of_type(t->integer) : BODY_UNKNOWN;
            if (found != BODY_UNKNOWN) {
                return found;
            }
        }
    }
    const struct ts_value *batteries = rows_of(d, "Win32_Battery");
    return batteries && batteries->first ? BODY_LAPTOP : BODY_DESKTOP;
}

static void kind_of_machine(struct ts_facts_doc *d)
{
    if (!rows_of(d, "Win32_SystemEnclosure") && !rows_of(d, "Win32_Battery")) {
        return; /* nothing was said about it */
    }
    enum body b = body(d);
    yes_no(d, "IsLaptop", b == BODY_LAPTOP);
    yes_no(d, "IsDesktop", b == BODY_DESKTOP);
    yes_no(d, "IsServer", b == BODY_SERVER);
}

static void virtual_machine(struct ts_facts_doc *d)
{
    static const struct {
        const char *make, *model, *platform;
    } known[] = {
        {"Microsoft*", "Virtual Machine*", "Hyper-V"},
        {"VMware*", "*", "VMware"},
        {"*", "VMware*", "VMware"},
        {"innotek*", "*", "VirtualBox"},
        {"*", "VirtualBox*", "VirtualBox"},
        {"Xen*", "*", "Xen"},
        {"*", "HVM domU*", "Xen"},
        {"Parallels*", "*", "Parallels"},
        {"QEMU*", "*", "KVM"},
        {"*", "KVM*", "KVM"},
        {"*", "Standard PC (*", "KVM"},
        {"Red Hat*", "*", "KVM"},
        {"oVirt*", "*", "KVM"},
        {"Nutanix*", "AHV*", "KVM"},
        {"Google*", "Google Compute Engine*", "KVM"},
        {"Amazon EC2*", "?*.*", "KVM"},
        {"Bochs*", "*", "Bochs"},
        {"Apple*", "*Virtual*", "Apple"},
    };
    const char *make = text_of(d, "Win32_ComputerSystem", "Manufacturer");
    const char *model = text_of(d, "Win32_ComputerSystem", "Model");
    const struct ts_value *row = first_row(d, "Win32_ComputerSystem");
    const struct ts_value *hypervisor = member(row, "HypervisorPresent");

    if (!row) {
        return;
    }
    if (hypervisor) {
        yes_no(d, "IsHypervisorRunning", is_true(hypervisor));
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (ts_str_like(ts_str_of(make), ts_str_of(known[i].make)) &&
            ts_str_like(ts_str_of(model), ts_str_of(known[i].model))) {
            yes_no(d, "IsVM", true);
            ts_doc_variable(d, "VMPlatform", known[i].platform);
            return;
        }
    }
    /* A real machine may run under its own hypervisor, but then its firmware says who
     * made it. */
    yes_no(d, "IsVM", is_true(hypervisor) && !make && !model);
}

/* ---- processor, memory, system -------------------------------------------------------
 */

static void processor(struct ts_facts_doc *d)
{
    const struct ts_value *row = first_row(d, "Win32_Processor");
    int64_t kind = int_of(d, "Win32_Processor", "Architecture");
    int64_t width = int_of(d, "Win32_Processor", "AddressWidth");
    int64_t mhz = int_of(d, "Win32_Processor", "MaxClockSpeed");

    if (!row) {
        return;
    }
    if (mhz > 0) {
        ts_doc_variable(d, "ProcessorSpeed", ts_arena_format(d->arena, "%" PRId64, mhz));
    }
    if (kind == 12) {
        ts_doc_variable(d, "Architecture", "ARM64");
        ts_doc_variable(d, "CapableArchitecture", "ARM64");
    } else if (kind == 9 || kind == 0) {
        ts_doc_variable(d, "Architecture", width == 32 ? "X86" : kind ? "X64" : "X86");
        ts_doc_variable(d, "CapableArchitecture", kind ? "AMD64 X64 X86" : "X86");
    }
}

static void memory(struct ts_facts_doc *d)
{
    int64_t kb = int_of(d, "Win32_OperatingSystem", "TotalVisibleMemorySize");
    int64_t bytes = int_of(d, "Win32_ComputerSystem", "TotalPhysicalMemory");
    int64_t mb = kb > 0 ? kb / 1024 : bytes / (1024 * 1024);

    if (mb > 0) {
        ts_doc_variable(d, "Memory", ts_arena_format(d->arena, "%" PRId64, mb));
    }
}

static void operating_system(struct ts_facts_doc *d)
{
    static const char name[] = "Win32_OperatingSystem";
    int64_t product = int_of(d, name, "ProductType");

    ts_doc_variable(d, "OSCurrentVersion", text_of(d, name, "Version"));
    ts_doc_variable(d, "OSCurrentBuild", text_of(d, name, "BuildNumber"));
    ts_doc_variable(d, "OSSKU", text_of(d, name, "OperatingSystemSKU"));
    if (product > 0) {
        yes_no(d, "IsServerOS", product != 1);
    }
}

/* ---- network -------------------------------------------------------------------------
 */

static void numbered(struct ts_facts_doc *d, const char *list, const struct ts_value *v)
{
    char name[64];

    if (!v || v->kind != TS_STRING || v->str.n == 0) {
        return;
    }
    for (int i = 1; i <= 99; i++) {
        snprintf(name, sizeof name, "%s%03d", list, i);
        const struct ts_value *there = member(d->variables, name);
        if (!there) {
            ts_doc_variable(d, name, v->str.p);
            return;
        }
        if (there->kind == TS_STRING && ts_str_caseeq(there->str, v->str)) {
            return;
        }
    }
}

/* A list that the document's own variables give is complete. */
static bool is_given(const struct ts_facts_doc *d, const char *list)
{
    char name[64];

    snprintf(name, sizeof name, "%s001", list);
    return member(d->variables, name) != NULL;
}

static void network(struct ts_facts_doc *d)
{
    static const struct {
        const char *list, *property;
    } lists[] = {{"MacAddress", "MACAddress"},
                 {"IPAddress", "IPAddress"},
                 {"DefaultGateway", "DefaultIPGateway"}};
    const struct ts_value *rows = rows_of(d, "Win32_NetworkAdapterConfiguration");

    for (size_t i = 0; rows && i < sizeof lists / sizeof lists[0]; i++) {
        if (is_given(d, lists[i].list)) {
            continue;
        }
        for (const struct ts_value *r = rows->first; r; r = r->next) {
            const struct ts_value *v = member(r, lists[i].property);
            if (!is_true(member(r, "IPEnabled"))) {
                continue;
            }
            if (v && v->kind == TS_ARRAY) {
                for (const struct ts_value *x = v->first; x; x = x->next) {
                    numbered(d, lists[i].list, x);
                }
            } else {
                numbered(d, lists[i].list, v);
            }
        }
    }
}

void ts_doc_derive(struct ts_facts_doc *d)
{
    static const struct {
        const char *variable, *class_name, *property;
    } texts[] = {
        {"Make", "Win32_ComputerSystem", "Manufacturer"},
        {"Model", "Win32_ComputerSystem", "Model"},
        {"HostName", "Win32_ComputerSystem", "Name"},
        {"Product", "Win32_BaseBoard", "Product"},
        {"SerialNumber", "Win32_BIOS", "SerialNumber"},
        {"AssetTag", "Win32_SystemEnclosure", "SMBIOSAssetTag"},
        {"UUID", "Win32_ComputerSystemProduct", "UUID"},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ts_doc_variable(d, texts[i].variable,
                        text_of(d, texts[i].class_name, texts[i].property));
    }
    kind_of_machine(d);
    virtual_machine(d);
    processor(d);
    memory(d);
    operating_system(d);
    network(d);
}
