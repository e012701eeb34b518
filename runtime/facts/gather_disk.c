/* gather_disk.c - the classes of disks, partitions and drives. */
#include "facts/document.h"

#include "platform/drives.h"

#include <stdio.h>
#include <string.h>

/* ---- disks ---------------------------------------------------------------------------
 */

static const char *interface_of(const struct ts_hw_disk *disk)
{
    static const struct {
        const char *bus, *name;
    } names[] = {{"usb", "USB"}, {"ata", "IDE"}, {"ide", "IDE"}, {"mmc", "SD"}};

    for (size_t i = 0; disk->bus && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(disk->bus, names[i].bus) == 0) {
            return names[i].name;
        }
    }
    return "SCSI"; /* so Windows calls NVMe and virtual disks too */
}

static const char *windows_fs(const char *fs)
{
    static const struct {
        const char *fs, *name;
    } names[] = {{"ntfs", "NTFS"},  {"ntfs3", "NTFS"},  {"fuseblk", "NTFS"},
                 {"vfat", "FAT32"}, {"msdos", "FAT"},   {"exfat", "exFAT"},
                 {"udf", "UDF"},    {"iso9660", "CDFS"}};

    for (size_t i = 0; fs && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(fs, names[i].fs) == 0) {
            return names[i].name;
        }
    }
    return fs && *fs ? fs : NULL;
}

/* What Windows calls the kinds of partitions. */
static const char *partition_type(const struct ts_hw_part *p)
{
    static const struct {
        const char *type, *name;
    } names[] = {
        {"c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "GPT: System"},
        {"ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", "GPT: Basic Data"},
        {"0x1", "12-bit FAT"},
        {"0x4", "16-bit FAT"},
        {"0x5", "Extended Partition"},
        {"0x6", "MS-DOS V4 Huge"},
        {"0x7", "Installable File System"},
        {"0xb", "Win95 w/Extended Int 13"},
        {"0xc", "Win95 w/Extended Int 13"},
        {"0xf", "Extended w/Extended Int 13"},
    };

    for (size_t i = 0; p->type && i < sizeof names / sizeof names[0]; i++) {
        if (ts_caseeq(p->type, names[i].type)) {
            return names[i].name;
        }
    }
    return p->style && strcmp(p->style, "gpt") == 0 ? "GPT: Unknown" : "Unknown";
}

static void partitions(struct ts_facts_doc *d, const struct ts_hw_disk *disk, int index)
{
    for (size_t i = 0; i < disk->part_count; i++) {
        const struct ts_hw_part *p = &disk->parts[i];
        const char *type = partition_type(p);
        struct ts_value *row = ts_doc_row(d, "Win32_DiskPartition");
        const char *id = ts_arena_format(d->arena, "Disk #%d, Partition #%zu", index, i);
        ts_doc_text(d, row, "DeviceID", id);
        ts_doc_text(d, row, "Name", id);
        ts_doc_int(d, row, "DiskIndex", index);
        ts_doc_int(d, row, "Index", (int64_t)i);
        ts_doc_int(d, row, "Size", (int64_t)p->size);
        ts_doc_int(d, row, "StartingOffset", (int64_t)p->start);
        ts_doc_text(d, row, "Type", type);
        ts_doc_bool(d, row, "BootPartition", strcmp(type, "GPT: System") == 0);
    }
}

void ts_doc_disks(struct ts_facts_doc *d, const struct ts_hardware *h)
{
    ts_doc_class(d, "Win32_DiskDrive");
    ts_doc_class(d, "Win32_DiskPartition");
    for (size_t i = 0; i < h->disk_count; i++) {
        const struct ts_hw_disk *disk = &h->disks[i];
        struct ts_value *row = ts_doc_row(d, "Win32_DiskDrive");
        ts_doc_text(d, row, "DeviceID",
                    ts_arena_format(d->arena, "\\\\.\\PHYSICALDRIVE%zu", i));
        ts_doc_int(d, row, "Index", (int64_t)i);
        ts_doc_text(d, row, "Name", disk->name);
        ts_doc_text(d, row, "Model", disk->model);
        ts_doc_text(d, row, "Caption", disk->model);
        ts_doc_text(d, row, "Manufacturer", disk->vendor);
        ts_doc_text(d, row, "SerialNumber", disk->serial);
        ts_doc_text(d, row, "FirmwareRevision", disk->firmware);
        ts_doc_text(d, row, "InterfaceType", interface_of(disk));
        ts_doc_text(d, row, "MediaType",
                    disk->removable ? "Removable Media" : "Fixed hard disk media");
        ts_doc_int(d, row, "Size", (int64_t)disk->size);
        ts_doc_int(d, row, "BytesPerSector", disk->sector);
        ts_doc_int(d, row, "Partitions", (int64_t)disk->part_count);
        partitions(d, disk, (int)i);
    }
}

/* ---- drives --------------------------------------------------------------------------
 */

void ts_doc_drives(struct ts_facts_doc *d)
{
    size_t n = 0;
    const struct ts_drive *list = ts_drives_list(&n);
    char letters[27] = "";
    bool fixed[26] = {false};

    ts_doc_class(d, "Win32_LogicalDisk");
    for (size_t i = 0; i < n && i < 26; i++) {
        letters[i] = list[i].letter;
        fixed[i] = list[i].fixed;
    }
    for (size_t i = 0; letters[i]; i++) {
        char root[] = {letters[i], ':', '\\', 0}, id[] = {letters[i], ':', 0};
        struct ts_dir *dir = NULL;
        struct ts_volume v;
        if (ts_path_open_dir(&dir, root, false, NULL) == TS_OK &&
            ts_volume_of(dir, &v, NULL) == TS_OK) {
            struct ts_value *row = ts_doc_row(d, "Win32_LogicalDisk");
            ts_doc_text(d, row, "DeviceID", id);
            ts_doc_text(d, row, "Name", id);
            /* Windows calls the RAM drive of WinPE a fixed one too */
            ts_doc_int(d, row, "DriveType", fixed[i] || letters[i] == 'X' ? 3 : 2);
            ts_doc_text(d, row, "FileSystem", windows_fs(v.fstype));
            ts_doc_int(d, row, "Size", (int64_t)v.total);
            ts_doc_int(d, row, "FreeSpace", (int64_t)v.free);
        }
        ts_dir_close(dir);
    }
}
