/* Counters of all links of one network namespace in one dump: two system calls for a hundred links.
 * RTM_GETSTATS with IFLA_STATS_LINK_64 (Linux 4.7); a kernel without it is asked RTM_GETLINK, which costs 15 times as
 * much.  Only the tick thread uses a dump. */
#ifndef PCF_SOURCE_NET_NETLINK_H
#define PCF_SOURCE_NET_NETLINK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pcf_link_count {
	int32_t ifindex;
	uint32_t stamp; /* of the dump it belongs to */
	uint64_t rx_bytes, rx_packets, tx_bytes, tx_packets;
};

/* Open addressing; entries of an earlier stamp count as empty, so nothing is ever cleared. */
struct pcf_link_table {
	struct pcf_link_count *entries;
	uint32_t capacity; /* a power of two */
	uint32_t count, stamp;
};

#define PCF_LINKS_APPEARED 64

struct pcf_link_dump {
	int socket;
	uint16_t request; /* RTM_GETSTATS, or RTM_GETLINK on kernels without it */
	uint32_t sequence;
	char *buffer;
	size_t buffer_bytes;
	struct pcf_link_table tables[2]; /* this dump's and the one before */
	int current;
	bool is_interrupted;                  /* links changed meanwhile: one may be missing */
	bool wants_growth;                    /* something did not fit: pcf_link_dump_grow, outside the tick */
	int32_t appeared[PCF_LINKS_APPEARED]; /* not in the dump before */
	uint32_t appeared_count;              /* may be more than the array holds */
};

/* Takes over the socket (a NETLINK_ROUTE socket in the namespace to be read).  -ENOMEM: the socket is closed. */
int pcf_link_dump_open(struct pcf_link_dump *dump, int socket);
void pcf_link_dump_close(struct pcf_link_dump *dump);
/* A new dump; 0, or -errno and the tables hold nothing new. Allocates nothing and does not block. */
int pcf_link_dump_run(struct pcf_link_dump *dump);
const struct pcf_link_count *pcf_link_dump_find(const struct pcf_link_dump *dump,
						int32_t ifindex); /* NULL: no such link */
int pcf_link_dump_grow(struct pcf_link_dump *dump);
void pcf_link_dump_forget(struct pcf_link_dump *dump); /* to the next dump every link is new */
/* One datagram of the kernel's answer.  1: more to come, 0: done, negative: failed. */
int pcf_link_dump_parse(struct pcf_link_dump *dump, const char *data, size_t size);
#endif
