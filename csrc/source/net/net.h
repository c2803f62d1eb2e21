/* The network source: rows of groups network and network_errors, by interface as seen inside the container; and rows
 * of sockets (sockets.h).
 *
 *	tick thread                           resolver thread
 *	nodes[slot]    who is followed  ──▶   tenants: which namespace, retried until known
 *	readers[slot]  what to read     ◀──   spaces: links of a namespace, its one owner
 *
 * They share a box of lists and nothing else; a reader belongs to the tick thread between being applied and retired,
 * except for its door. */
#ifndef PCF_SOURCE_NET_NET_H
#define PCF_SOURCE_NET_NET_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "parse/parse.h"
#include "schema/enums.h"
#include "source/net/netlink.h"
#include "source/source.h"

#define PCF_NET_GROUPS  2 /* places of group network and group network_errors in arrays below */
#define PCF_NET_NO_ROW  0xffffffffu
#define PCF_NET_REFUSED 0xfffffffeu /* the ring was full */

/* A container: made by prepare, lent to the resolver from adopt until the resolver has seen it gone. */
struct pcf_net_node {
	uint32_t slot, generation;
	uint64_t rank;   /* inode of its cgroup: a smaller one was made earlier */
	bool is_root;    /* "/", the machine itself */
	bool is_refresh; /* of a container that is followed already */
	struct pcf_net_node *next_added, *next_gone;
	char path[];
};

struct pcf_net_row {
	char name[16];
	uint8_t name_len;
	bool is_seen;
	int32_t host_ifindex;          /* its twin in the host's dump; 0 = read inside */
	uint32_t rows[PCF_NET_GROUPS]; /* in the rings; PCF_NET_NO_ROW = not claimed yet */
	uint64_t values[PCF_NETWORK_ERRORS_COUNT];
};

/* What the tick reads for one namespace (or for "/"), and whose rows they are. */
struct pcf_net_reader {
	struct pcf_net_reader *next; /* in published or retired */
	uint32_t slot, generation;
	uint64_t key; /* of the namespace */
	pid_t pid;    /* a process in it */
	bool is_root; /* counters of the host's links are not swapped */
	bool is_kept; /* fd is (or was) kept open; else net/dev is opened each time */
	int fd;
	atomic_int door;      /* PCF_DOOR_*: who may use fd */
	atomic_bool is_stale; /* the tick thread saw that links or process have changed */
	uint32_t count;       /* 0: the slot has no reader any more */
	struct pcf_net_row rows[];
};

/* A kept net/dev pins its namespace, so the resolver closes it the moment the process has exited, whatever the
 * tick thread is doing: the one who finds the door busy leaves the closing to the other. */
#define PCF_DOOR_OPEN    0
#define PCF_DOOR_BUSY    1
#define PCF_DOOR_CLOSING 2
#define PCF_DOOR_CLOSED  3

struct pcf_net_reader *pcf_net_reader_new(uint32_t slot, uint32_t generation, uint32_t count); /* NULL: no memory */
void pcf_net_reader_free(struct pcf_net_reader *reader);
bool pcf_net_reader_enter(struct pcf_net_reader *reader);
void pcf_net_reader_leave(struct pcf_net_reader *reader);
void pcf_net_reader_shut(struct pcf_net_reader *reader);

/* The lock is held for a few pointer moves only. */
struct pcf_net_box {
	pthread_mutex_t lock;
	int wake;  /* eventfd: the resolver has something to do */
	int event; /* eventfd: readers wait to be applied, or a dump wants to grow */
	atomic_bool stop;
	bool look;              /* some reader is stale */
	atomic_bool has_missed; /* new links were seen but the box was busy */
	struct pcf_net_node *added, **added_end;
	struct pcf_net_node *gone;
	struct pcf_net_reader *published, **published_end;
	struct pcf_net_reader *retired;
	int32_t appeared[PCF_LINKS_APPEARED]; /* links that are new on the host */
	uint32_t appeared_count;
};

int pcf_net_box_open(struct pcf_net_box *box);
void pcf_net_box_close(struct pcf_net_box *box);
void pcf_net_box_signal(int fd);
void pcf_net_box_clear(int fd);

struct pcf_net_resolver;
struct pcf_net_sockets;

struct pcf_net_source {
	pcf_source base;
	pcf_source_env env;
	int proc_fd;    /* "<sysroot>/proc" */
	bool has_pidfd; /* process numbers below proc_fd are those of our pid namespace */
	bool has_dump;
	struct pcf_link_dump dump;
	const pcf_parser *parsers[PCF_NET_GROUPS];
	bool is_on[PCF_NET_GROUPS], counts_sockets;
	char *text; /* of net/dev */
	size_t text_bytes;
	struct pcf_net_node **nodes;     /* by slot */
	struct pcf_net_reader **readers; /* by slot */
	uint32_t *order, *place;         /* slots with a reader, dense; place of a slot in it */
	uint32_t reader_count;
	struct pcf_net_box box;
	struct pcf_net_resolver *resolver;
	struct pcf_net_sockets *sockets;          /* NULL: sockets are not counted; see sockets.h */
	atomic_uint_fast64_t spaces, descriptors; /* for stats */
};

void pcf_net_sample(struct pcf_net_source *source, pcf_pass *pass);
/* Puts published readers in their places. wait: false in a tick, where a busy box is left for the next time. */
void pcf_net_apply(struct pcf_net_source *source, bool wait);
/* Takes a slot's reader away, if any. The box is locked. */
void pcf_net_retire(struct pcf_net_source *source, uint32_t slot);

/* What is known of the host's namespace and of our own; descriptors are taken over, -1 where there is none. */
struct pcf_net_home {
	int home_fd, host_fd;   /* ns/net of ours and of the host's */
	int host_socket;        /* NETLINK_ROUTE in the host's */
	uint64_t key, text_key; /* of the host's, as pcf_netns_key gives them */
	bool is_ours;           /* the host's is our own */
};

int pcf_net_resolver_open(struct pcf_net_source *source, const struct pcf_net_home *home);
void pcf_net_resolver_close(struct pcf_net_source *source);
#endif
