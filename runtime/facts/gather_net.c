/* gather_net.c - the classes of network cards. */
#include "facts/document.h"

#include <string.h>

static bool is_card(const struct ts_hw_nic *n)
{
    return n->physical || n->addresses[0];
}

static void adapter(struct ts_facts_doc *d, const struct ts_hw_nic *n, int index)
{
    struct ts_value *row = ts_doc_row(d, "Win32_NetworkAdapter");

    ts_doc_text(d, row, "DeviceID", ts_arena_format(d->arena, "%d", index));
    ts_doc_int(d, row, "Index", index);
    ts_doc_text(d, row, "Name", n->name);
    ts_doc_text(d, row, "NetConnectionID", n->name);
    ts_doc_text(d, row, "MACAddress", n->mac);
    ts_doc_text(d, row, "ServiceName", n->driver);
    ts_doc_bool(d, row, "PhysicalAdapter", n->physical);
    ts_doc_bool(d, row, "NetEnabled", n->up);
    ts_doc_int(d, row, "NetConnectionStatus", n->up ? 2 : 7);
    ts_doc_int(d, row, "AdapterTypeID", n->wireless ? 9 : 0);
    ts_doc_text(d, row, "AdapterType", n->wireless ? "Wireless" : "Ethernet 802.3");
    ts_doc_int(d, row, "Speed", n->speed > 0 ? n->speed : -1);
}

static void configuration(struct ts_facts_doc *d, const struct ts_hw_nic *n, int index,
                          const char *const *dns)
{
    struct ts_value *row = ts_doc_row(d, "Win32_NetworkAdapterConfiguration");
    bool configured = n->addresses[0] != NULL;

    ts_doc_int(d, row, "Index", index);
    ts_doc_text(d, row, "Description", n->name);
    ts_doc_text(d, row, "MACAddress", n->mac);
    ts_doc_text(d, row, "ServiceName", n->driver);
    ts_doc_bool(d, row, "IPEnabled", configured);
    ts_doc_list(d, row, "IPAddress", n->addresses);
    ts_doc_list(d, row, "IPSubnet", n->masks);
    ts_doc_list(d, row, "DefaultIPGateway", n->gateways);
    ts_doc_list(d, row, "DNSServerSearchOrder", configured ? dns : NULL);
}

void ts_doc_network(struct ts_facts_doc *d, const struct ts_hardware *h)
{
    int index = 0;

    ts_doc_class(d, "Win32_NetworkAdapter");
    ts_doc_class(d, "Win32_NetworkAdapterConfiguration");
    for (size_t i = 0; i < h->nic_count; i++) {
        if (is_card(&h->nics[i])) {
            adapter(d, &h->nics[i], index);
            configuration(d, &h->nics[i], index, h->dns);
            index++;
        }
    }
}
