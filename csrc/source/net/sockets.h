/* Where the network source counts sockets. */
#ifndef PCF_SOURCE_NET_SOCKETS_H
#define PCF_SOURCE_NET_SOCKETS_H
#include "source/ahead.h"
#include "source/net/resolver.h"
#include "source/sockets/sockets.h"

int pcf_net_sockets_open(struct pcf_net_source *source); /* before the resolver; 0 or -ENOMEM */
void pcf_net_sockets_close(struct pcf_net_source *source);
pcf_ahead *pcf_net_sockets_ahead(const struct pcf_net_source *source); /* NULL: sockets are not counted */
/* The resolver: counts what is due or asked for; returns when to come again. */
uint64_t pcf_net_sockets_work(struct pcf_net_resolver *resolver);
#endif
