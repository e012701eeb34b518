/* volume.c - what a volume is and how it is known again. */
#include "platform/posix/posix.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The type by which /proc names it; statfs only has a number. */
static void find_type(dev_t dev, char *out, size_t n)
{
    struct ts_buf text = {0};
    char device[32];
    ts_str line;

    snprintf(device, sizeof device, " %u:%u ", major(dev), minor(dev));
    if (ts_file_read("/proc/self/mountinfo", 4 << 20, &text, NULL) == TS_OK) {
        ts_str rest = ts_buf_view(&text);
        while (ts_str_cut(&rest, '\n', &line)) {
            /* "36 35 98:0 /root /mount options - ext4 source" */
            char *z = (char *)line.p;
            z[line.n] = '\0'; /* the line feed, or the buffer's own NUL */
            const char *type = strstr(z, device) ? strstr(z, " - ") : NULL;
            if (type) {
                type += 3;
                snprintf(out, n, "%.*s", (int)strcspn(type, " "), type);
                break;
            }
        }
    }
    ts_buf_free(&text);
}

/* In a changed root /proc names only what is mounted inside; then the number has to do.
 */
static const char *type_of_number(long number)
{
    static const struct {
        long number;
        const char *name;
    } types[] = {
        {0xEF53, "ext4"},      {0x58465342, "xfs"},         {(long)0x9123683E, "btrfs"},
        {0x01021994, "tmpfs"}, {(long)0x858458F6, "ramfs"}, {0x794C7630, "overlay"},
        {0x65735546, "fuse"},  {0x5346544E, "ntfs"},        {0x4D44, "vfat"},
        {0x6969, "nfs"}};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (types[i].number == number) {
            return types[i].name;
        }
    }
    return "unknown";
}

/* The name of the link below /dev/disk/by-uuid that leads to the device. */
static bool find_uuid(dev_t dev, char *out, size_t n)
{
    static const char folder[] = "/dev/disk/by-uuid";
    DIR *d = opendir(folder);
    bool found = false;

    if (!d) {
        return false;
    }
    for (struct dirent *e; !found && (e = readdir(d));) {
        struct stat st;
        if (e->d_name[0] != '.' && fstatat(dirfd(d), e->d_name, &st, 0) == 0 &&
            S_ISBLK(st.st_mode) && st.st_rdev == dev && strlen(e->d_name) < n) {
            snprintf(out, n, "%s", e->d_name);
            found = true;
        }
    }
    closedir(d);
    return found;
}

/* In memory, so gone with the next start, whatever id they have meanwhile. */
static bool is_volatile(const char *fstype)
{
    static const char *const types[] = {"tmpfs", "ramfs", "devtmpfs", "proc", "sysfs"};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i], fstype) == 0) {
            return true;
        }
    }
    return false;
}

/* A mapped drive may have been given an id: the lab's volumes are folders of one. */
static void mapped_id(int fd, char *out, size_t n)
{
    char link[32], path[PATH_MAX];
    const char *rest;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0) {
        path[length] = '\0';
        const struct ts_drive *drive = px_drive_of(path, &rest);
        if (drive) {
            snprintf(out, n, "%s", drive->volume);
        }
    }
}

enum ts_code ts_volume_of(struct ts_dir *d, struct ts_volume *out, struct ts_err *err)
{
    struct stat st;
    struct statvfs vfs;
    struct statfs fs;
    uint32_t id[2];

    *out = (struct ts_volume){0};
    if (fstat(d->fd, &st) != 0 || fstatvfs(d->fd, &vfs) != 0 ||
        fstatfs(d->fd, &fs) != 0) {
        return ts_fail_os(err, errno, "cannot ask what volume a folder is on");
    }
    out->id = st.st_dev;
    out->total = (uint64_t)vfs.f_blocks * vfs.f_frsize;
    out->free = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    out->readonly = (vfs.f_flag & ST_RDONLY) != 0;
    find_type(st.st_dev, out->fstype, sizeof out->fstype);
    if (!out->fstype[0]) {
        snprintf(out->fstype, sizeof out->fstype, "%s", type_of_number((long)fs.f_type));
    }
    memcpy(id, &fs.f_fsid, sizeof id);
    mapped_id(d->fd, out->stable, sizeof out->stable);
    if (!out->stable[0] && !is_volatile(out->fstype) &&
        !find_uuid(st.st_dev, out->stable, sizeof out->stable) && (id[0] || id[1])) {
        snprintf(out->stable, sizeof out->stable, "%08x%08x", id[0], id[1]);
    }
    return TS_OK;
}
