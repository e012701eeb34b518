/* From the files of a system to classes: a made /sys and /proc, and the firmware's table.
 */
#include "facts/document.h"
#include "pe_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static char *root;

static void put(const char *rel, const char *text)
{
    ts_free(write_file(root, rel, text, strlen(text)));
}

static void link_to(const char *rel, const char *target)
{
    char *path = ts_format("%s/%s", root, rel);

    cr_assert_eq(symlink(target, path), 0, "%s", path);
    ts_free(path);
}

static void laptop(void)
{
    root = new_folder();
    put("sys/class/dmi/id/sys_vendor", "Dell Inc.\n");
    put("sys/class/dmi/id/product_name", "Latitude E7270  \n");
    put("sys/class/dmi/id/product_serial", "ABC1234\n");
    put("sys/class/dmi/id/product_uuid", "4c4c4544-0050-3510-8054-b7c04f4d4e32\n");
    put("sys/class/dmi/id/bios_version", "1.36.3\n");
    put("sys/class/dmi/id/bios_date", "09/12/2023\n");
    put("sys/class/dmi/id/board_name", "0T0V7J\n");
    put("sys/class/dmi/id/chassis_type", "9\n");
    put("sys/class/dmi/id/chassis_asset_tag", "A-77\n");
    put("proc/meminfo", "MemTotal:       16310180 kB\nMemFree: 1 kB\n");
    put("proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Core\n"
                        "physical id\t: 0\ncpu cores\t: 2\ncpu MHz\t\t: 800.1\n"
                        "flags\t\t: lm nx vmx ept\n\n"
                        "processor\t: 1\nphysical id\t: 0\ncpu MHz\t\t: 2394.5\n\n");
    put("sys/class/power_supply/AC/type", "Mains\n");
    put("sys/class/power_supply/AC/online", "0\n");
    put("sys/class/power_supply/BAT0/type", "Battery\n");
    put("sys/class/power_supply/BAT0/status", "Discharging\n");
    put("sys/class/power_supply/BAT0/capacity", "71\n");
    put("sys/class/power_supply/hid-1/type", "Battery\n");
    put("sys/class/power_supply/hid-1/scope", "Device\n");
    put("sys/class/tpm/tpm0/tpm_version_major", "2\n");
    put("sys/firmware/efi/x", "");
    ts_free(write_file(root,
                       "sys/firmware/efi/efivars/"
                       "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
                       "\6\0\0\0\1", 5));
    put("etc/os-release", "NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n");
    put("etc/resolv.conf", "# x\nnameserver 10.0.0.1\n");
    put("sys/class/net/eth10/address", "02:00:00:00:00:0b\n");
    put("sys/class/net/eth10/type", "1\n");
    put("sys/class/net/eth10/device/x", "");
    put("sys/class/net/eth2/address", "02:00:00:00:00:0a\n");
    put("sys/class/net/eth2/type", "1\n");
    put("sys/class/net/eth2/operstate", "up\n");
    put("sys/class/net/eth2/speed", "1000\n");
    put("sys/class/net/eth2/device/x", "");
    put("sys/class/net/lo/address", "00:00:00:00:00:00\n");
    put("sys/class/net/lo/type", "772\n");
    put("proc/net/route", "Iface\tDestination\tGateway\n"
                          "eth2\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\n");
    put("sys/block/nvme0n1/size", "500118192\n");
    put("sys/block/nvme0n1/removable", "0\n");
    put("sys/block/nvme0n1/dev", "259:0\n");
    put("sys/block/nvme0n1/device/model", "PC711 NVMe\n");
    put("sys/block/nvme0n1/device/serial", "S1\n");
    put("sys/block/nvme0n1/nvme0n1p1/partition", "1\n");
    put("sys/block/nvme0n1/nvme0n1p1/size", "1048576\n");
    put("sys/block/nvme0n1/nvme0n1p1/start", "2048\n");
    put("sys/block/nvme0n1/nvme0n1p1/dev", "259:1\n");
    put("run/udev/data/b259:0", "E:ID_PART_TABLE_TYPE=gpt\n");
    put("run/udev/data/b259:1",
        "S:disk\nE:ID_PART_ENTRY_TYPE=c12a7328-f81f-11d2-ba4b-00a0c93ec93b\n"
        "E:ID_PART_ENTRY_SCHEME=gpt\nE:ID_FS_TYPE=vfat\n");
    put("sys/block/loop0/size", "8\n");
    put("sys/block/sr0/size", "8\n");
    put("sys/block/sr0/device/x", "");
    put("sys/block/sda/size", "1000\n");
    put("sys/block/sda/removable", "1\n");
    put("sys/block/sda/device/model", "Stick\n");
    link_to("sys/block/sda/device/subsystem", "../../bus/usb");
}

static void gone(void)
{
    remove_folder(root);
}

static struct ts_hardware h;
static struct ts_arena arena;
static struct ts_facts_doc doc;

static void look(void)
{
    ts_hardware_read(&h, root);
    doc.arena = &arena;
    doc.variables = ts_value_new(&arena, TS_OBJECT);
    doc.classes = ts_value_new(&arena, TS_OBJECT);
    ts_doc_hardware(&doc, &h);
    ts_doc_system(&doc, &h);
    ts_doc_disks(&doc, &h);
    ts_doc_network(&doc, &h);
    ts_doc_derive(&doc);
}

static void done(void)
{
    ts_hardware_fini(&h);
    ts_arena_fini(&arena);
}

/* "Class[i].Property" as JSON is this. */
static void says(const char *class_name, size_t i, const char *property, const char *want)
{
    const struct ts_value *rows = ts_value_get(doc.classes, class_name);
    struct ts_buf b = {0};

    cr_assert_not_null(rows, "no class %s", class_name);
    const struct ts_value *row = rows->first;
    for (; row && i > 0; i--) {
        row = row->next;
    }
    cr_assert_not_null(row, "%s has too few objects", class_name);
    const struct ts_value *v = ts_value_get(row, property);
    if (v) {
        ts_json_write(&b, v, 0);
    }
    cr_expect_str_eq(ts_buf_text(&b), want, "%s.%s", class_name, property);
    ts_buf_free(&b);
}

static void is(const char *name, const char *want)
{
    const char *text = ts_value_text(doc.variables, name);

    cr_expect_str_eq(text ? text : "", want, "%s", name);
}

Test(hardware, a_laptop_tells_what_it_is, .init = laptop, .fini = gone)
{
    look();
    says("Win32_ComputerSystem", 0, "Manufacturer", "\"Dell Inc.\"");
    says("Win32_ComputerSystem", 0, "Model", "\"Latitude E7270\"");
    says("Win32_ComputerSystem", 0, "PCSystemType", "2");
    says("Win32_ComputerSystem", 0, "TotalPhysicalMemory", "16701624320");
    says("Win32_ComputerSystemProduct", 0, "UUID",
         "\"4C4C4544-0050-3510-8054-B7C04F4D4E32\"");
    says("Win32_BIOS", 0, "ReleaseDate", "\"20230912000000.000000+000\"");
    says("Win32_SystemEnclosure", 0, "ChassisTypes", "[9]");
    says("Win32_Processor", 0, "MaxClockSpeed", "2394");
    says("Win32_Processor", 0, "NumberOfCores", "2");
    says("Win32_Processor", 0, "NumberOfLogicalProcessors", "2");
    says("Win32_OperatingSystem", 0, "Caption", "\"Debian GNU/Linux 12\"");
    says("Win32_Battery", 0, "EstimatedChargeRemaining", "71");
    says("Win32_Battery", 0, "BatteryStatus", "1");
    cr_expect_eq(ts_value_get(doc.classes, "Win32_Battery")->count, 1);
    says("root\\cimv2\\Security\\MicrosoftTpm:Win32_Tpm", 0, "SpecVersion", "\"2.0\"");
    is("IsLaptop", "True");
    is("IsUEFI", "True");
    is("SecureBoot", "Enabled");
    is("IsOnBattery", "True");
    is("SerialNumber", "ABC1234");
    is("AssetTag", "A-77");
    is("Product", "0T0V7J");
    is("SupportsVT", "True");
    is("Memory", "15927");
    is("IsVM", "False");
    done();
}

Test(hardware, disks_and_network_cards, .init = laptop, .fini = gone)
{
    look();
    cr_assert_eq(h.disk_count, 2);
    says("Win32_DiskDrive", 0, "Model", "\"PC711 NVMe\"");
    says("Win32_DiskDrive", 0, "Size", "256060514304");
    says("Win32_DiskDrive", 0, "InterfaceType", "\"SCSI\"");
    says("Win32_DiskDrive", 0, "Partitions", "1");
    says("Win32_DiskDrive", 1, "InterfaceType", "\"USB\"");
    says("Win32_DiskDrive", 1, "MediaType", "\"Removable Media\"");
    says("Win32_DiskPartition", 0, "Type", "\"GPT: System\"");
    says("Win32_DiskPartition", 0, "Size", "536870912");
    says("Win32_DiskPartition", 0, "StartingOffset", "1048576");
    cr_assert_eq(h.nic_count, 2);
    says("Win32_NetworkAdapter", 0, "Name", "\"eth2\""); /* before eth10 */
    says("Win32_NetworkAdapter", 0, "Speed", "1000000000");
    says("Win32_NetworkAdapterConfiguration", 0, "DefaultIPGateway", "[\"10.0.0.1\"]");
    says("Win32_NetworkAdapterConfiguration", 1, "MACAddress", "\"02:00:00:00:00:0B\"");
    done();
}

Test(hardware, a_machine_that_tells_nothing)
{
    root = new_folder();
    look();
    says("Win32_ComputerSystem", 0, "Manufacturer", "");
    is("IsUEFI", "False");
    is("SecureBoot", "NA");
    is("IsOnBattery", "False");
    is("Make", "");
    cr_expect_eq(ts_value_get(doc.classes, "Win32_DiskDrive")->count, 0);
    done();
    remove_folder(root);
}

/* ---- the firmware's table --------------------------------------------------------- */

static void record(struct ts_buf *b, int type, const void *fields, size_t n,
                   const char *texts, size_t texts_n)
{
    ts_buf_c(b, (char)type);
    ts_buf_c(b, (char)(n + 4));
    ts_buf_add(b, "\1\0", 2);
    ts_buf_add(b, fields, n);
    ts_buf_add(b, texts, texts_n);
    ts_buf_add(b, "\0", texts_n ? 1 : 2);
}
#define RECORD(b, type, fields, texts)                \
    record(b, type, fields, sizeof fields - 1, texts, \
           sizeof texts - (sizeof texts > 1 ? 0 : 1))

static void table(struct ts_buf *b)
{
    RECORD(b, 0, "\1\2\0\0\3", "Maker\0001.2\00009/12/2023");
    RECORD(b, 1,
           "\1\2\3\4\x44\x45\x4C\x4C\x50\0\x10\x35\x80\x54\xB7\xC0\x4F\x4D\x4E\x32\6\5\6",
           "HP\0EliteBook 840\0v1\0CZC123 \0SKU9\0Elite");
    RECORD(b, 3, "\1\x8A\0\2\3", "HP\0C1\0TAG");
    RECORD(b, 4, "\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\xAC\x0D", "Core i7");
    RECORD(b, 17, "\0\0\0\0\0\0\0\0\0\x20\0\0\1\0\0\0\0\x80\x0C\2\3\0\4",
           "DIMM A\0Samsung\0"
           "S77\0M471");
    RECORD(b, 127, "", "");
    RECORD(b, 2, "\1\1", "Behind the end");
}

Test(hardware, the_table_of_the_firmware)
{
    struct ts_buf b = {0};
    struct ts_arena a = {0};
    struct ts_smbios s = {0};

    table(&b);
    ts_smbios_parse(&s, &a, ts_buf_view(&b));
    cr_expect_str_eq(s.dmi.bios_vendor, "Maker");
    cr_expect_str_eq(s.dmi.bios_version, "1.2");
    cr_expect_str_eq(s.dmi.bios_date, "09/12/2023");
    cr_expect_str_eq(s.dmi.vendor, "HP");
    cr_expect_str_eq(s.dmi.product, "EliteBook 840");
    cr_expect_str_eq(s.dmi.serial, "CZC123");
    cr_expect_str_eq(s.dmi.uuid, "4C4C4544-0050-3510-8054-B7C04F4D4E32");
    cr_expect_str_eq(s.dmi.sku, "SKU9");
    cr_expect_str_eq(s.dmi.family, "Elite");
    cr_expect_null(s.dmi.board_vendor); /* stands behind the end */
    cr_expect_eq(s.dmi.chassis_type, 10); /* without the lock bit */
    cr_expect_str_eq(s.dmi.chassis_asset, "TAG");
    cr_expect_str_eq(s.cpu_name, "Core i7");
    cr_expect_eq(s.cpu_mhz, 3500);
    cr_assert_eq(s.memory_count, 1);
    cr_expect_eq(s.memory[0].bytes, 8192ull << 20);
    cr_expect_eq(s.memory[0].mhz, 3200);
    cr_expect_str_eq(s.memory[0].part, "M471");
    ts_arena_fini(&a);
    ts_buf_free(&b);
}

Test(hardware, a_damaged_table_does_no_harm, .timeout = 60)
{
    struct ts_buf good = {0};

    table(&good);
    srand(7);
    for (int i = 0; i < 20000; i++) {
        struct ts_arena a = {0};
        struct ts_smbios s = {0};
        size_t n = (size_t)rand() % (good.n + 1);
        char *copy = ts_alloc(n + 1); /* its own block: reading behind it is seen */
        memcpy(copy, good.p, n);
        for (int k = rand() % 4; k > 0 && n; k--) {
            copy[(size_t)rand() % n] = (char)rand();
        }
        char *exact = malloc(n ? n : 1);
        memcpy(exact, copy, n);
        ts_smbios_parse(&s, &a, (ts_str){exact, n});
        cr_assert_leq(s.memory_count, 64);
        free(exact);
        ts_free(copy);
        ts_arena_fini(&a);
    }
    ts_buf_free(&good);
}
