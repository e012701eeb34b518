/* hardware.h - what the machine is made of, as its firmware and its kernel tell it.
 *
 * Everything is read without starting a program and without rights; what only the
 * administrator may read (serial numbers) is missing for others.  A text that is not told
 * is NULL, a number 0. */
#ifndef TS_PLATFORM_HARDWARE_H
#define TS_PLATFORM_HARDWARE_H

#include "base/buf.h"
#include "base/mem.h"

struct ts_hw_dmi { /* texts of the firmware's tables */
    const char *bios_vendor, *bios_version, *bios_date; /* date: "01/31/2024" */
    const char *vendor, *product, *version, *serial, *uuid, *sku, *family;
    const char *board_vendor, *board_product, *board_version, *board_serial;
    const char *chassis_vendor, *chassis_version, *chassis_serial, *chassis_asset;
    int chassis_type; /* 3 desktop, 10 notebook ... as SMBIOS numbers them */
};

struct ts_hw_cpu {
    const char *name, *vendor;
    int sockets, cores, logical; /* of the machine */
    int mhz;                     /* highest known speed */
    bool wide;                   /* 64 bits */
    bool nx, vt, slat;
    bool hypervisor; /* it runs under one */
};

struct ts_hw_part {
    int number; /* 1, 2, ... */
    uint64_t start, size;
    const char *type;  /* GUID, or "0x07" on an MBR disk */
    const char *style; /* "gpt" "dos" */
    const char *fs, *label;
};

struct ts_hw_disk {
    const char *name; /* "nvme0n1" */
    const char *model, *vendor, *serial, *firmware;
    const char *bus; /* "nvme" "usb" "ata" "scsi" "virtio" "mmc" */
    uint64_t size;
    int sector; /* bytes */
    bool removable, rotational;
    struct ts_hw_part *parts;
    size_t part_count;
};

struct ts_hw_nic {
    const char *name, *mac, *driver; /* mac: "00:11:22:AA:BB:CC" */
    bool up, wireless, physical;
    int64_t speed; /* bits per second, 0 unknown */
    /* NULL-terminated; masks stand beside addresses: "255.255.255.0", "64" */
    const char **addresses, **masks, **gateways;
};

struct ts_hw_battery {
    const char *name, *model, *status; /* "Charging" "Discharging" "Full" ... */
    int percent;                       /* -1 unknown */
};

struct ts_hardware {
    struct ts_arena arena;
    struct ts_hw_dmi dmi;
    struct ts_buf smbios; /* the structure table itself, empty if it cannot be read */
    struct ts_hw_cpu cpu;
    uint64_t memory; /* bytes */
    bool efi;
    int secure_boot;     /* 1 on, 0 off, -1 not known or no EFI */
    const char *tpm;     /* "2.0", "1.2"; NULL: none */
    int on_ac;           /* 1, 0, -1 not known */
    const char *os_name; /* "Debian GNU/Linux 12 (bookworm)" */
    const char **dns;    /* NULL-terminated name servers, NULL if none */
    struct ts_hw_disk *disks;
    size_t disk_count;
    struct ts_hw_nic *nics;
    size_t nic_count;
    struct ts_hw_battery *batteries;
    size_t battery_count;
};

/* Look.  root: folder that holds proc, sys, run and etc of the machine (tests), NULL or
 * "": this one.  Never fails: what cannot be read is missing. */
void ts_hardware_read(struct ts_hardware *h, const char *root);
void ts_hardware_fini(struct ts_hardware *h);
/* Only the firmware: quick.  secure_boot as above. */
void ts_hardware_firmware(bool *efi, int *secure_boot);

#endif
