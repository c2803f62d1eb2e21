/* The resolver thread's own: which container is in which namespace (tenants), what links a namespace has and who
 * carries its rows (spaces). Nothing here is seen by another thread but readers that are published. */
#ifndef PCF_SOURCE_NET_RESOLVER_H
#define PCF_SOURCE_NET_RESOLVER_H
#include "schema/clock.h"
#include "source/net/links.h"
#include "source/net/namespace.h"
#include "source/net/net.h"

#define PCF_NET_SPACE_BUCKETS 1024
#define PCF_NET_MOUNTS        9

/* Looks after which a container or namespace is not young any more: about 4 s. */
#define PCF_YOUNG_LOOKS 8

struct pcf_net_space;

struct pcf_net_tenant {
	struct pcf_net_node *node;
	struct pcf_net_space *space; /* NULL: unknown, or the host's */
	struct pcf_net_tenant *next; /* in its space */
	uint32_t place;              /* in the resolver's list */
	bool is_host;
	uint8_t mount;    /* where its processes were found last */
	unsigned attempt; /* looks since it was new or lost its namespace */
	uint64_t due_ns;  /* next look; UINT64_MAX = none */
};

struct pcf_net_space {
	uint64_t key;
	struct pcf_net_space *next; /* in its bucket */
	uint32_t place;
	struct pcf_net_tenant *tenants; /* of these the one with the smallest rank is the owner */
	struct pcf_net_tenant *owner;
	pid_t pid;                     /* a process in it, 0 = look for one */
	int pidfd;                     /* of pid, only while a reader keeps net/dev open; else -1 */
	int32_t nsid;                  /* as the host's links name it, -1 unknown */
	struct pcf_net_reader *reader; /* newest published */
	unsigned attempt;
	uint64_t due_ns; /* next look at its links; UINT64_MAX = none */
	uint64_t looked_ns;
};

struct pcf_net_resolver {
	struct pcf_net_source *source;
	pthread_t thread;
	int epoll;
	struct pcf_net_home home;
	const char *mounts[PCF_NET_MOUNTS];
	unsigned mount_count;
	struct pcf_net_tenant **by_slot, **tenants;
	uint32_t tenant_count, unknown_count; /* unknown: without a space */
	struct pcf_net_space *buckets[PCF_NET_SPACE_BUCKETS], **spaces;
	uint32_t space_count, space_room;
	struct pcf_net_tenant *root; /* the container "/" */
	struct pcf_net_reader *root_reader;
	bool root_due;
	uint64_t root_looked_ns;
	char *text; /* of net/dev, for namespaces that cannot be entered */
	size_t text_bytes;
};

/* When to look again after so many looks. */
uint64_t pcf_net_retry_ns(const struct pcf_net_resolver *resolver, unsigned attempt);
/* tenant.c: what the box says of a container. remove frees the tenant, not its node; refresh frees the node. */
void pcf_net_tenant_add(struct pcf_net_resolver *resolver, struct pcf_net_node *node);
void pcf_net_tenant_remove(struct pcf_net_resolver *resolver, struct pcf_net_tenant *tenant);
void pcf_net_tenant_refresh(struct pcf_net_resolver *resolver, struct pcf_net_node *node);
/* Looks where it is; when it is not found, or in the host's namespace, says when to look again. */
void pcf_net_tenant_settle(struct pcf_net_resolver *resolver, struct pcf_net_tenant *tenant);
/* Finds a process of the tenant: pid and key; results of pcf_cgroup_netns. */
int pcf_net_tenant_find(struct pcf_net_resolver *resolver, struct pcf_net_tenant *tenant, pid_t *pid, uint64_t *key);
void pcf_net_tenant_lose(struct pcf_net_resolver *resolver, struct pcf_net_tenant *tenant); /* its namespace ended */
void pcf_net_tenant_tell(const struct pcf_net_resolver *resolver,
			 const struct pcf_net_tenant *tenant); /* to its slot record */

/* Adds a reader to those the tick thread takes over; the caller's pointer stays good until pcf_net_reader_free. */
void pcf_net_publish(struct pcf_net_resolver *resolver, struct pcf_net_reader *reader);
void pcf_net_publish_none(struct pcf_net_resolver *resolver, uint32_t slot, uint32_t generation);

/* Puts a tenant into the space of key; 0 or -ENOMEM. The links are looked at when it is settled. */
int pcf_net_space_join(struct pcf_net_resolver *resolver, struct pcf_net_tenant *tenant, uint64_t key, pid_t pid);
void pcf_net_space_leave(struct pcf_net_resolver *resolver, struct pcf_net_tenant *tenant);
/* Looks at its processes and links, publishes what is to be read; ends it when no process is left. */
void pcf_net_space_settle(struct pcf_net_resolver *resolver, struct pcf_net_space *space);
void pcf_net_space_exited(struct pcf_net_resolver *resolver, struct pcf_net_space *space); /* its pidfd says so */
/* Whether a process is in it; a process that is, kept in space->pid. */
bool pcf_net_space_is_in(const struct pcf_net_resolver *resolver, const struct pcf_net_space *space, pid_t pid);
bool pcf_net_space_has_process(struct pcf_net_resolver *resolver, struct pcf_net_space *space);
void pcf_net_space_free_all(struct pcf_net_resolver *resolver);

/* "/": links of the host, without lo and veths.  A veth on the host is a container's other end, or soon will be: its rows
 * are the container's, and names that come and go with containers would fill the ring. */
void pcf_net_root_settle(struct pcf_net_resolver *resolver);
/* Links that are new on the host: whose namespace they lead to looks at its links now. */
void pcf_net_root_appeared(struct pcf_net_resolver *resolver, const int32_t *ifindexes, uint32_t count);

/* Rows of links as a reader; the door stays closed. NULL: no memory. */
struct pcf_net_reader *pcf_net_reader_of(const struct pcf_net_tenant *tenant, const struct pcf_links *links);
bool pcf_net_reader_is_same(const struct pcf_net_reader *a, const struct pcf_net_reader *b);
#endif
