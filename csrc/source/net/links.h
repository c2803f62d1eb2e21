/* The links of a network namespace: what they are called and where their other end is. */
#ifndef PCF_SOURCE_NET_LINKS_H
#define PCF_SOURCE_NET_LINKS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pcf_link {
	char name[16]; /* IFNAMSIZ */
	int32_t ifindex;
	int32_t peer;      /* veth: ifindex of the other end; 0 = not a veth */
	int32_t peer_nsid; /* its namespace as seen from here; -1 = this one */
	bool is_loopback, is_veth, is_up;
};

struct pcf_links {
	struct pcf_link *list;
	uint32_t count, room;
	int32_t host_nsid; /* of the host's namespace as seen from here; -1 unknown */
};

void pcf_links_free(struct pcf_links *links);
int pcf_links_socket(void); /* a NETLINK_ROUTE socket in the calling thread's namespace, or -errno */
/* Adds the links of the socket's namespace, or the one of ifindex.  -ENODEV: no such link. */
int pcf_links_list(int socket, int32_t ifindex, struct pcf_links *out);
/* Enters the namespace, lists, and goes back to home: for a thread that does nothing else.  Nothing of the namespace
 * stays open.  -EPERM: setns needs CAP_SYS_ADMIN. */
int pcf_links_inside(int ns_fd, int home_fd, int host_fd, struct pcf_links *out);
/* A NETLINK_ROUTE socket in another namespace than the thread's. */
int pcf_links_socket_inside(int ns_fd, int home_fd);
int32_t pcf_links_nsid(int socket, int ns_fd); /* id of a namespace as seen from the socket's; -1 = none given */
/* Names only, from the text of net/dev: for where netlink or setns cannot be used. */
int pcf_links_from_text(const char *text, size_t size, struct pcf_links *out);
#endif
