/* hardware_net.c - network cards, their addresses and gateways. */
#include "hw.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PER_NIC 32 /* addresses or gateways of one card */

static const char **list_of(struct hw *x)
{
    return ts_arena_alloc(&x->h->arena, (PER_NIC + 1) * sizeof(const char *));
}

static void add(struct hw *x, const char **list, const char *text)
{
    size_t n = 0;

    while (list[n] && strcmp(list[n], text) != 0) {
        n++;
    }
    if (!list[n] && n < PER_NIC) {
        list[n] = ts_arena_strz(&x->h->arena, text);
    }
}

static struct ts_hw_nic *find(struct hw *x, const char *name)
{
    for (size_t i = 0; i < x->h->nic_count; i++) {
        if (strcmp(x->h->nics[i].name, name) == 0) {
            return &x->h->nics[i];
        }
    }
    return NULL;
}

/* Four-byte numbers of /proc/net/route are in the machine's byte order. */
static void gateways_v4(struct hw *x)
{
    ts_str rest = ts_str_of(hw_text(x, "proc/net/route")), line;

    while (ts_str_cut(&rest, '\n', &line)) {
        char text[256], name[64], shown[INET_ADDRSTRLEN];
        unsigned destination, gateway;
        snprintf(text, sizeof text, "%.*s", (int)line.n, line.p);
        if (sscanf(text, "%63s %8x %8x", name, &destination, &gateway) != 3 ||
            destination != 0 || gateway == 0) {
            continue;
        }
        struct ts_hw_nic *nic = find(x, name);
        struct in_addr a = {.s_addr = gateway};
        if (nic && inet_ntop(AF_INET, &a, shown, sizeof shown)) {
            add(x, nic->gateways, shown);
        }
    }
}

static bool hex_address(const char *hex, struct in6_addr *out)
{
    for (int i = 0; i < 16; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};
        if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1])) {
            return false;
        }
        out->s6_addr[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return true;
}

static void gateways_v6(struct hw *x)
{
    static const char any[] = "00000000000000000000000000000000";
    ts_str rest = ts_str_of(hw_text(x, "proc/net/ipv6_route")), line;

    while (ts_str_cut(&rest, '\n', &line)) {
        char text[256], to[40], from[40], via[40], name[64], shown[INET6_ADDRSTRLEN];
        struct in6_addr a;
        snprintf(text, sizeof text, "%.*s", (int)line.n, line.p);
        if (sscanf(text, "%32s %*2x %32s %*2x %32s %*8x %*8x %*8x %*8x %63s", to, from,
                   via, name) != 4 ||
            strcmp(to, any) != 0 || strcmp(via, any) == 0 || strlen(via) != 32) {
            continue;
        }
        struct ts_hw_nic *nic = find(x, name);
        if (nic && hex_address(via, &a) && inet_ntop(AF_INET6, &a, shown, sizeof shown)) {
            add(x, nic->gateways, shown);
        }
    }
}

static int bits_of(const struct sockaddr *mask)
{
    const unsigned char *p =
        ((const struct sockaddr_in6 *)(const void *)mask)->sin6_addr.s6_addr;
    int n = 0;

    while (n < 128 && (p[n / 8] & (0x80 >> n % 8))) {
        n++;
    }
    return n;
}

static void add_address(struct hw *x, struct ts_hw_nic *nic, const struct ifaddrs *i)
{
    bool v4 = i->ifa_addr->sa_family == AF_INET;
    const void *address =
        v4 ? (const void *)&((const struct sockaddr_in *)(const void *)i->ifa_addr)
                 ->sin_addr
           : (const void *)&((const struct sockaddr_in6 *)(const void *)i->ifa_addr)
                 ->sin6_addr;
    char shown[INET6_ADDRSTRLEN] = "", mask[INET6_ADDRSTRLEN] = "";
    size_t n = 0;

    while (nic->addresses[n]) {
        n++;
    }
    if (n == PER_NIC ||
        !inet_ntop(i->ifa_addr->sa_family, address, shown, sizeof shown)) {
        return;
    }
    if (v4 && i->ifa_netmask) {
        inet_ntop(AF_INET,
                  &((const struct sockaddr_in *)(const void *)i->ifa_netmask)->sin_addr,
                  mask, sizeof mask);
    } else if (i->ifa_netmask) {
        snprintf(mask, sizeof mask, "%d", bits_of(i->ifa_netmask));
    }
    nic->addresses[n] = ts_arena_strz(&x->h->arena, shown);
    nic->masks[n] = ts_arena_strz(&x->h->arena, mask);
}

/* IPv4 first, as Windows lists them. */
static void addresses(struct hw *x)
{
    struct ifaddrs *all = NULL;

    if (x->root[0] || getifaddrs(&all) != 0) {
        return;
    }
    for (int family = AF_INET;; family = AF_INET6) {
        for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
            struct ts_hw_nic *nic = find(x, i->ifa_name);
            if (nic && i->ifa_addr && i->ifa_addr->sa_family == family) {
                add_address(x, nic, i);
            }
        }
        if (family == AF_INET6) {
            break;
        }
    }
    freeifaddrs(all);
}

static const char *upper(struct hw *x, const char *text)
{
    char *copy = text ? ts_arena_strz(&x->h->arena, text) : NULL;

    for (char *p = copy; p && *p; p++) {
        *p = (char)toupper((unsigned char)*p);
    }
    return copy;
}

void hw_nics(struct hw *x)
{
    struct ts_hardware *h = x->h;
    size_t n;
    const char **names = hw_names(x, "sys/class/net", &n);

    h->nics = ts_arena_alloc(&h->arena, (n + 1) * sizeof *h->nics);
    for (size_t i = 0; i < n; i++) {
        const char *mac = hw_text(x, "sys/class/net/%s/address", names[i]);
        const char *state = hw_text(x, "sys/class/net/%s/operstate", names[i]);
        int64_t mbits = hw_int(x, 0, "sys/class/net/%s/speed", names[i]);
        if (hw_int(x, 0, "sys/class/net/%s/type", names[i]) != 1 || !mac ||
            strcmp(mac, "00:00:00:00:00:00") == 0) {
            continue; /* Ethernet and what looks like it */
        }
        h->nics[h->nic_count++] = (struct ts_hw_nic){
            .name = names[i],
            .mac = upper(x, mac),
            .driver = hw_link_name(x, "sys/class/net/%s/device/driver", names[i]),
            .up = state && strcmp(state, "up") == 0,
            .wireless = hw_there(x, "sys/class/net/%s/wireless", names[i]) ||
                        hw_there(x, "sys/class/net/%s/phy80211", names[i]),
            .physical = hw_there(x, "sys/class/net/%s/device", names[i]),
            .speed = mbits > 0 ? mbits * 1000000 : 0,
            .addresses = list_of(x),
            .masks = list_of(x),
            .gateways = list_of(x),
        };
    }
    gateways_v4(x);
    gateways_v6(x);
    addresses(x);
}
