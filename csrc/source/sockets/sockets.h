/* How many sockets a network namespace has, by protocol and state; for a thread that may wait and may enter namespaces.
 *
 * Measured with 50 000 connections in a namespace (6.18, CPU time): /proc/<pid>/net/tcp 102 ms, and 4 ms with 50 of them;
 * sock_diag 45 ms and 0.3 ms, of which a walk that hands nothing out is 12 ms and 0.26 ms.  So the kernel is asked by
 * sock_diag, for both families in one walk, and where many connections are established these are not handed out but worked
 * out: net/sockstat's "inuse" counts every full socket of a family, the walk tells all but the established ones. */
#ifndef PCF_SOURCE_SOCKETS_SOCKETS_H
#define PCF_SOURCE_SOCKETS_SOCKETS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "parse/parse.h"
#include "schema/enums.h"

/* Kinds of counts, each a group of its own; also places in pcf_socket_counts. */
enum { PCF_SOCKETS_TCP, PCF_SOCKETS_TCP6, PCF_SOCKETS_UDP, PCF_SOCKETS_UDP6, PCF_SOCKETS_ADVANCED, PCF_SOCKETS_KINDS };

struct pcf_socket_counts {
	unsigned has; /* bit by kind; a machine without IPv6 has no tcp6 and udp6 */
	uint64_t tcp[2][PCF_TCP_COUNT], udp[2][PCF_UDP_COUNT], advanced[PCF_TCP_ADVANCED_COUNT];
};

/* The row of a kind. */
const uint64_t *pcf_socket_counts_row(const struct pcf_socket_counts *counts, int kind);
extern const int pcf_sockets_groups[PCF_SOCKETS_KINDS]; /* PCF_GROUP_* */

/* A namespace: by a process in it for its files, by a descriptor of it to be entered. */
struct pcf_sockets_place {
	int proc_fd;
	pid_t pid;
	int ns_fd;   /* -1: may not be entered, its files are read */
	int home_fd; /* of the calling thread's namespace */
	bool is_home;
};

struct pcf_socket_counter {
	const pcf_parser *parsers[PCF_SOCKETS_KINDS], *netstat;
	bool no_tcp_diag, no_udp_diag, no_both; /* this kernel does not do it: not tried again */
	char *buffer;
};

int pcf_socket_counter_open(struct pcf_socket_counter *counter);
void pcf_socket_counter_close(struct pcf_socket_counter *counter);
/* Counts the kinds in want (bits).  0, or -errno: the process has gone (-ENOENT, -ESRCH, -EINVAL), or nothing could be
 * read.  Enters the namespace and comes back: for a thread that does nothing else. */
int pcf_sockets_count(struct pcf_socket_counter *counter, const struct pcf_sockets_place *place, unsigned want,
		      struct pcf_socket_counts *out);

/* ---- parts ---- */
#define PCF_SOCKETS_BUFFER (128u << 10)
#define PCF_TCP_STATES     12 /* 1 to 11, include/net/tcp_states.h; 12 is shown as 3 */

struct pcf_diag_tcp {
	uint64_t by_state[2][PCF_TCP_STATES]; /* IPv4, IPv6 */
	uint64_t full[2]; /* of these: sockets that "inuse" counts, no time-wait or request remains */
};

/* diag.c: family AF_INET, AF_INET6 or 0 for both (one walk).  Returns 0 or -errno; adds to out. */
int pcf_diag_socket(const struct pcf_sockets_place *place);
int pcf_diag_tcp(int fd, int family, uint32_t states, char *buffer, struct pcf_diag_tcp *out);
int pcf_diag_udp(int fd, int family, char *buffer, uint64_t *row);

/* text.c */
ssize_t pcf_net_text_read(const struct pcf_sockets_place *place, const char *file, char *buffer, size_t size);
int pcf_sockets_text(const struct pcf_sockets_place *place, const pcf_parser *parser, char *buffer, uint64_t *row);
#endif
