/* new.c - a new machine: disk table, an operating system, its users, the image of the
 * next operating system. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "lab/lab_internal.h"
#include "platform/clock.h"

#define IMAGE "Images/NewWindows"

/* The head of a PE file for x64: enough for what asks a system file for its machine. */
static enum ts_code pe_file(struct ts_dir *d, const char *rel, const char *text,
                            struct ts_err *err)
{
    unsigned char pe[512] = {'M', 'Z'};

    pe[0x3C] = 0x80;
    memcpy(pe + 0x80, "PE\0\0", 4);
    pe[0x84] = 0x64, pe[0x85] = 0x86; /* IMAGE_FILE_MACHINE_AMD64 */
    snprintf((char *)pe + 0x100, 200, "%s", text);
    return ts_tree_file(d, rel, pe, sizeof pe, err);
}

/* What looks like Windows where the runtime looks, and differs between `edition`s. */
static enum ts_code operating_system(struct ts_dir *d, const char *edition,
                                     struct ts_err *err)
{
    char line[200];
    enum ts_code rc;

    snprintf(line, sizeof line, "%s\r\n", edition);
    if ((rc = pe_file(d, "Windows/System32/ntdll.dll", edition, err)) != TS_OK ||
        (rc = pe_file(d, "Windows/System32/ntoskrnl.exe", edition, err)) != TS_OK ||
        (rc = pe_file(d, "Windows/explorer.exe", edition, err)) != TS_OK ||
        (rc = ts_tree_file(d, "Windows/edition.txt", line, strlen(line), err)) != TS_OK ||
        (rc = ts_tree_file(d, "Windows/System32/config/SYSTEM", "regf", 4, err)) !=
            TS_OK ||
        (rc = ts_tree_file(d, "Users/Default/NTUSER.DAT", line, strlen(line), err)) !=
            TS_OK ||
        (rc = ts_tree_file(d, "Users/Public/Desktop/desktop.ini", line, strlen(line),
                           err)) != TS_OK)
        return rc;
    return ts_tree_file(d, "Program Files/Common Files/readme.txt", line, strlen(line),
                        err);
}

/* ---- users ---------------------------------------------------------------------------
 */

static const struct ts_person small_people[] = {{"Ann", 300, 20, 3u << 20},
                                                {"José Müller", 200, 16, 2u << 20},
                                                {"tester.CONTOSO", 120, 12, 1u << 20}};
static const struct ts_person large_people[] = {{"Ann", 40000, 4000, 200u << 20},
                                                {"José Müller", 30000, 3000, 100u << 20},
                                                {"tester.CONTOSO", 20000, 2000, 0},
                                                {"李雷", 10000, 1000, 50u << 20},
                                                {"Old Colleague", 5000, 500, 10u << 20}};

static enum ts_code make_person(struct ts_dir *users, const struct ts_person *p,
                                uint64_t seed, struct ts_err *err)
{
    struct ts_dir *profile = NULL;
    enum ts_code rc = ts_tree_dir(users, p->name, &profile, err);

    if (rc == TS_OK)
        rc = ts_person_make(profile, p, seed, err);
    ts_dir_close(profile);
    return rc == TS_OK ? TS_OK : ts_err_context(err, "user %s", p->name);
}

static int int_member(const struct ts_value *o, const char *key, int def, int max)
{
    const struct ts_value *v = ts_value_get(o, key);

    return v && v->kind == TS_INT && v->integer >= 0 && v->integer <= max
               ? (int)v->integer
               : def;
}

/* {"users": [{"name", "files", "folders", "largest"}]} */
static enum ts_code people_from_file(struct ts_dir *users, const char *file,
                                     uint64_t seed, struct ts_err *err)
{
    struct ts_buf text = {0};
    struct ts_arena a = {0};
    struct ts_value *v = NULL;
    const struct ts_value *list = NULL;
    enum ts_code rc = ts_file_read(file, 1 << 20, &text, err);

    if (rc == TS_ENOTFOUND)
        rc = ts_fail(err, TS_EINPUT,
                     "--profile is small, large or a JSON file; there is no file %s",
                     file);
    if (rc == TS_OK)
        rc = ts_json_parse(&v, &a, ts_buf_view(&text), file, err);
    if (rc == TS_OK && (!(list = ts_value_get(v, "users")) || list->kind != TS_ARRAY))
        rc = ts_fail(err, TS_EINPUT, "%s: \"users\" must be a list", file);
    for (const struct ts_value *u = list ? list->first : NULL; u && rc == TS_OK;
         u = u->next) {
        struct ts_person p = {ts_value_text(u, "name"),
                              int_member(u, "files", 100, 10000000),
                              int_member(u, "folders", 10, 1000000), 0};

        p.largest = (uint64_t)int_member(u, "largest", 0, 1 << 30);
        if (!p.name || !*p.name || p.name[0] == '.' || strpbrk(p.name, "/\\") ||
            p.folders < 1)
            rc = ts_fail(
                err, TS_EINPUT,
                "%s: a user needs a \"name\" without slashes, and \"folders\" of 1 "
                "or more",
                file);
        else
            rc = make_person(users, &p, seed, err);
    }
    ts_arena_fini(&a);
    ts_buf_free(&text);
    return rc;
}

/* "USER=DIR": real files for a user. */
static enum ts_code real_files(struct ts_dir *users, const char *spec, struct ts_err *err)
{
    const char *eq = strchr(spec, '=');
    struct ts_dir *from = NULL, *profile = NULL, *to = NULL;
    char *name, *rel;
    enum ts_code rc;

    if (!eq || eq == spec || !eq[1] || spec[0] == '.' ||
        memchr(spec, '/', (size_t)(eq - spec)))
        return ts_fail(err, TS_EINPUT, "--from wants USER=DIR, not \"%s\"", spec);
    name = ts_str_dup((ts_str){spec, (size_t)(eq - spec)});
    rel = ts_format("%s/Documents/%s", name,
                    strrchr(eq + 1, '/') && strrchr(eq + 1, '/')[1]
                        ? strrchr(eq + 1, '/') + 1
                        : "files");
    rc = ts_dir_open(&from, eq + 1, false, err);
    if (rc == TS_OK)
        rc = ts_tree_dir(users, rel, &to, err);
    if (rc == TS_OK)
        rc = ts_tree_copy(from, to, err);
    if (rc == TS_OK)
        rc = ts_dir_open_at(&profile, users, name, err);
    if (rc == TS_OK)
        rc = ts_tree_file(profile, "NTUSER.DAT", "regf", 4, err);
    ts_dir_close(profile);
    ts_dir_close(from);
    ts_dir_close(to);
    ts_free(rel);
    ts_free(name);
    return rc == TS_OK ? TS_OK : ts_err_context(err, "--from %s", spec);
}

static enum ts_code people(struct ts_dir *system, const struct ts_lab_new *n,
                           struct ts_err *err)
{
    const struct ts_person *p = small_people;
    size_t count = sizeof small_people / sizeof *small_people;
    struct ts_dir *users = NULL;
    enum ts_code rc = ts_tree_dir(system, "Users", &users, err);

    if (strcmp(n->profile, "large") == 0) {
        p = large_people;
        count = sizeof large_people / sizeof *large_people;
    }
    if (rc == TS_OK && strcmp(n->profile, "small") && strcmp(n->profile, "large"))
        rc = people_from_file(users, n->profile, n->seed, err);
    else
        for (size_t i = 0; i < count && rc == TS_OK; i++)
            rc = make_person(users, &p[i], n->seed, err);
    for (size_t i = 0; n->from && n->from[i] && rc == TS_OK; i++)
        rc = real_files(users, n->from[i], err);
    /* A profile folder that no account belongs to any more, and what Windows links. */
    if (rc == TS_OK)
        rc = ts_tree_file(users, "left.company/Documents/still needed.txt", "keep me\n",
                          8, err);
    if (rc == TS_OK)
        rc = ts_symlink_at(users, "All Users", "../ProgramData", err);
    ts_dir_close(users);
    return rc;
}

/* ---- the machine ---------------------------------------------------------------------
 */

static enum ts_code volume(struct ts_dir *root, const char *name, struct ts_dir **out,
                           struct ts_err *err)
{
    enum ts_code rc = ts_mkdir_at(root, name, 0755, err);

    return rc == TS_OK ? ts_dir_open_at(out, root, name, err) : rc;
}

/* A business laptop; serial number, UUID and MAC address follow from the id. */
static void add_facts(struct ts_buf *b, const char lower[33])
{
    char id[33];

    for (int i = 0; i < 33; i++)
        id[i] = lower[i] >= 'a' ? (char)(lower[i] - 'a' + 'A') : lower[i];
    ts_buf_fmt(
        b,
        "  \"facts\": {\n    \"taskseqFacts\": 1,\n"
        "    \"variables\": {\"IsUEFI\": \"True\", \"SecureBoot\": \"Enabled\"},\n"
        "    \"classes\": {\n"
        "      \"Win32_ComputerSystem\": [{\"Name\": \"LAB-%.6s\", \"Manufacturer\": "
        "\"Dell Inc.\", \"Model\": \"Latitude 7420\", \"SystemType\": \"x64-based PC\", "
        "\"TotalPhysicalMemory\": 17179869184, \"NumberOfProcessors\": 1, "
        "\"NumberOfLogicalProcessors\": 8, \"PCSystemType\": 2, "
        "\"HypervisorPresent\": false}],\n"
        "      \"Win32_ComputerSystemProduct\": [{\"Vendor\": \"Dell Inc.\", \"Name\": "
        "\"Latitude 7420\", \"IdentifyingNumber\": \"%.7s\", \"UUID\": "
        "\"%.8s-%.4s-%.4s-%.4s-%.12s\"}],\n",
        id, id, id, id + 8, id + 12, id + 16, id + 20);
    ts_buf_fmt(
        b,
        "      \"Win32_BIOS\": [{\"Manufacturer\": \"Dell Inc.\", \"SMBIOSBIOSVersion\": "
        "\"1.30.1\", \"ReleaseDate\": \"20240131000000.000000+000\", "
        "\"SerialNumber\": \"%.7s\"}],\n"
        "      \"Win32_BaseBoard\": [{\"Manufacturer\": \"Dell Inc.\", \"Product\": "
        "\"07MHG4\"}],\n"
        "      \"Win32_SystemEnclosure\": [{\"Manufacturer\": \"Dell Inc.\", "
        "\"ChassisTypes\": [10], \"SMBIOSAssetTag\": \"LAB-%.4s\"}],\n"
        "      \"Win32_Battery\": [{\"DeviceID\": \"BAT0\", \"BatteryStatus\": 2, "
        "\"EstimatedChargeRemaining\": 96}],\n"
        "      \"Win32_Processor\": [{\"DeviceID\": \"CPU0\", \"Name\": \"11th Gen "
        "Intel(R) Core(TM) i5-1145G7 @ 2.60GHz\", \"MaxClockSpeed\": 2611, "
        "\"NumberOfCores\": 4, \"NumberOfLogicalProcessors\": 8, \"AddressWidth\": 64, "
        "\"Architecture\": 9}],\n",
        id, id);
    ts_buf_fmt(
        b,
        "      \"Win32_OperatingSystem\": [{\"Caption\": \"Microsoft Windows 10 "
        "Enterprise\", \"Version\": \"10.0.19045\", \"BuildNumber\": \"19045\", "
        "\"ProductType\": 1, \"OSArchitecture\": \"64-bit\", \"OSLanguage\": 1033, "
        "\"OperatingSystemSKU\": 4, \"TotalVisibleMemorySize\": 16580000}],\n"
        "      \"Win32_DiskDrive\": [{\"DeviceID\": \"\\\\\\\\.\\\\PHYSICALDRIVE0\", "
        "\"Index\": 0, \"Model\": \"NVMe lab disk\", \"InterfaceType\": \"SCSI\", "
        "\"MediaType\": \"Fixed hard disk media\", \"Size\": 256052966400}],\n"
        "      \"Win32_DiskPartition\": [{\"DiskIndex\": 0, \"Index\": 0, \"Type\": "
        "\"GPT: System\", \"BootPartition\": true}, {\"DiskIndex\": 0, \"Index\": 1, "
        "\"Type\": \"GPT: Basic Data\", \"BootPartition\": false}],\n"
        "      \"Win32_NetworkAdapterConfiguration\": [{\"Index\": 1, \"Description\": "
        "\"Intel(R) Ethernet Connection\", \"IPEnabled\": true, \"MACAddress\": "
        "\"02:00:00:%.2s:%.2s:%.2s\", \"IPAddress\": [\"192.168.10.50\"], "
        "\"IPSubnet\": [\"255.255.255.0\"], \"DefaultIPGateway\": "
        "[\"192.168.10.1\"]}],\n"
        "      \"root\\\\cimv2\\\\Security\\\\MicrosoftTpm:Win32_Tpm\": "
        "[{\"SpecVersion\": \"2.0\", \"IsEnabled_InitialValue\": true, "
        "\"IsActivated_InitialValue\": true}]\n    }\n  }\n",
        id, id + 2, id + 4);
}

static enum ts_code write_machine(const struct ts_lab_new *n, struct ts_dir *root,
                                  struct ts_err *err)
{
    struct ts_buf b = {0};
    char id[33];
    const char *c = n->swap_letters ? "D" : "C", *e = n->swap_letters ? "C" : "E";
    enum ts_code rc;

    ts_random_id(id);
    ts_buf_fmt(&b,
               "{\n  \"taskseqLab\": 1,\n  \"id\": \"%s\",\n  \"name\": \"LAB-%.6s\",\n"
               "  \"phase\": \"FullOS\",\n  \"nextBoot\": \"any\",\n  \"volumes\": [\n",
               id, id);
    ts_buf_fmt(
        &b,
        "    {\"id\": \"system\", \"folder\": \"C\", \"FullOS\": \"C\", \"WinPE\": "
        "\"%s\", \"fixed\": true, \"ram\": false},\n"
        "    {\"id\": \"media\", \"folder\": \"E\", \"FullOS\": \"E\", \"WinPE\": "
        "\"%s\", \"fixed\": false, \"ram\": false},\n"
        "    {\"id\": \"ram\", \"folder\": \"X\", \"WinPE\": \"X\", \"fixed\": false, "
        "\"ram\": true}\n  ],\n",
        c, e);
    ts_buf_z(&b, "  \"variables\": {\n    \"OSImage\": {\"volume\": \"media\", \"path\": "
                 "\"\\\\Images\\\\NewWindows\"}\n  },\n");
    add_facts(&b, id);
    ts_buf_z(&b, "}\n");
    rc = ts_tree_file(root, "machine.json", ts_buf_text(&b), b.n, err);
    ts_buf_free(&b);
    return rc;
}

static enum ts_code fresh_folder(const char *dir, struct ts_dir **out, struct ts_err *err)
{
    const char *name = NULL;
    enum ts_ftype type;
    enum ts_code rc = ts_fs_mkdirs(dir, 0755, err);

    if (rc == TS_OK)
        rc = ts_dir_open(out, dir, false, err);
    if (rc == TS_OK)
        rc = ts_dir_next(*out, &name, &type, err);
    if (rc == TS_OK && name)
        rc = ts_fail(
            err, TS_EINPUT,
            "%s is not empty; a new machine is only made in a new or empty folder", dir);
    return rc;
}

enum ts_code ts_lab_new(const struct ts_lab_new *n, struct ts_err *err)
{
    struct ts_dir *root = NULL, *c = NULL, *e = NULL, *x = NULL, *image = NULL;
    enum ts_code rc = fresh_folder(n->dir, &root, err);

    if (rc == TS_OK)
        rc = volume(root, "C", &c, err);
    if (rc == TS_OK)
        rc = volume(root, "E", &e, err);
    if (rc == TS_OK)
        rc = volume(root, "X", &x, err);
    if (rc == TS_OK)
        rc = operating_system(c, "Old Windows, build 1", err);
    if (rc == TS_OK)
        rc = people(c, n, err);
    if (rc == TS_OK)
        rc =
            ts_tree_file(c, "Program Files/Old Application/app.ini", "[old]\r\n", 7, err);
    if (rc == TS_OK)
        rc = ts_tree_dir(e, IMAGE, &image, err);
    if (rc == TS_OK)
        rc = operating_system(image, "New Windows, build 2", err);
    if (rc == TS_OK) /* last: a machine that was not finished is none */
        rc = write_machine(n, root, err);
    ts_dir_close(image);
    ts_dir_close(x);
    ts_dir_close(e);
    ts_dir_close(c);
    ts_dir_close(root);
    return rc == TS_OK ? TS_OK : ts_err_context(err, "cannot make a machine");
}
