/* hardware_disk.c - disks and what is on them, from sysfs and udev's notes. */
#include "hw.h"

#include <stdio.h>
#include <string.h>

/* Lines "E:NAME=VALUE" that udev keeps about a device; NULL text: none. */
static const char *udev(struct hw *x, const char *text, const char *name)
{
    ts_str rest = ts_str_of(text), line;
    size_t n = strlen(name);

    while (ts_str_cut(&rest, '\n', &line)) {
        if (line.n > n + 3 && ts_str_starts(line, TS_S("E:")) &&
            strncmp(line.p + 2, name, n) == 0 && line.p[2 + n] == '=') {
            return ts_arena_str(&x->h->arena, (ts_str){line.p + n + 3, line.n - n - 3});
        }
    }
    return NULL;
}

static const char *udev_of(struct hw *x, const char *folder)
{
    const char *dev = hw_text(x, "%s/dev", folder);

    return dev ? hw_text(x, "run/udev/data/b%s", dev) : NULL;
}

static const char *first(const char *a, const char *b)
{
    return a && *a ? a : b;
}

static const char *bus_of(struct hw *x, const char *disk, const char *notes)
{
    const char *told = udev(x, notes, "ID_BUS");
    const char *subsystem = hw_link_name(x, "sys/block/%s/device/subsystem", disk);

    if (strncmp(disk, "nvme", 4) == 0) {
        return "nvme";
    }
    if (strncmp(disk, "mmcblk", 6) == 0) {
        return "mmc";
    }
    if (told) {
        return told;
    }
    return first(subsystem, strncmp(disk, "vd", 2) == 0 ? "virtio" : "scsi");
}

static void read_parts(struct hw *x, struct ts_hw_disk *d, const char *style)
{
    char folder[512];
    size_t n;

    snprintf(folder, sizeof folder, "sys/block/%s", d->name);
    const char **names = hw_names(x, folder, &n);
    d->parts = ts_arena_alloc(&x->h->arena, (n + 1) * sizeof *d->parts);
    for (size_t i = 0; i < n; i++) {
        int number = (int)hw_int(x, 0, "sys/block/%s/%s/partition", d->name, names[i]);
        if (number <= 0) {
            continue;
        }
        snprintf(folder, sizeof folder, "sys/block/%s/%s", d->name, names[i]);
        const char *notes = udev_of(x, folder);
        d->parts[d->part_count++] = (struct ts_hw_part){
            .number = number,
            .start = (uint64_t)hw_int(x, 0, "%s/start", folder) * 512,
            .size = (uint64_t)hw_int(x, 0, "%s/size", folder) * 512,
            .type = udev(x, notes, "ID_PART_ENTRY_TYPE"),
            .style = first(udev(x, notes, "ID_PART_ENTRY_SCHEME"), style),
            .fs = udev(x, notes, "ID_FS_TYPE"),
            .label = udev(x, notes, "ID_FS_LABEL"),
        };
    }
}

/* Loop devices, RAM disks and what is made of other disks are no disks of the machine. */
static bool is_disk(struct hw *x, const char *name)
{
    return hw_there(x, "sys/block/%s/device", name) && strncmp(name, "sr", 2) != 0 &&
           strncmp(name, "fd", 2) != 0 && hw_int(x, 0, "sys/block/%s/size", name) > 0;
}

void hw_disks(struct hw *x)
{
    struct ts_hardware *h = x->h;
    size_t n;
    const char **names = hw_names(x, "sys/block", &n);

    h->disks = ts_arena_alloc(&h->arena, (n + 1) * sizeof *h->disks);
    for (size_t i = 0; i < n; i++) {
        char folder[512];
        if (!is_disk(x, names[i])) {
            continue;
        }
        snprintf(folder, sizeof folder, "sys/block/%s", names[i]);
        const char *notes = udev_of(x, folder);
        struct ts_hw_disk *d = &h->disks[h->disk_count++];
        *d = (struct ts_hw_disk){
            .name = names[i],
            .model = hw_text(x, "%s/device/model", folder),
            .vendor = hw_text(x, "%s/device/vendor", folder),
            .serial = first(hw_text(x, "%s/device/serial", folder),
                            first(hw_text(x, "%s/serial", folder),
                                  udev(x, notes, "ID_SERIAL_SHORT"))),
            .firmware = first(hw_text(x, "%s/device/firmware_rev", folder),
                              hw_text(x, "%s/device/rev", folder)),
            .bus = bus_of(x, names[i], notes),
            .size = (uint64_t)hw_int(x, 0, "%s/size", folder) * 512,
            .sector = (int)hw_int(x, 512, "%s/queue/logical_block_size", folder),
            .removable = hw_int(x, 0, "%s/removable", folder) == 1,
            .rotational = hw_int(x, 0, "%s/queue/rotational", folder) == 1,
        };
        read_parts(x, d, udev(x, notes, "ID_PART_TABLE_TYPE"));
    }
}
