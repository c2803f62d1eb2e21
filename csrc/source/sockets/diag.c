/* NETLINK_SOCK_DIAG (sock_diag(7), net/ipv4/inet_diag.c): sockets of the namespace that the netlink socket is in. */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source/sockets/sockets.h"

#define TIMER_TIME_WAIT 3 /* inet_diag_msg.idiag_timer of what waits in time-wait, sock_diag(7) */
#define STATE_SYN_RECV  3

typedef void (*see_fn)(void *arg, const struct nlmsghdr *head);

static int open_here(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

int pcf_diag_socket(const struct pcf_sockets_place *place)
{
	int fd;

	if (place->is_home)
		return open_here();
	if (place->ns_fd < 0 || place->home_fd < 0)
		return -EPERM;
	if (setns(place->ns_fd, CLONE_NEWNET))
		return -errno;
	fd = open_here(); /* a socket stays where it was made */
	if (setns(place->home_fd, CLONE_NEWNET)) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return -error;
	}
	return fd;
}

/* One answer's worth of messages; returns 1 at the end of the dump, 0 for more, or -errno. */
static int take(char *buffer, size_t size, see_fn see, void *arg)
{
	for (struct nlmsghdr *head = (void *)buffer; NLMSG_OK(head, size); head = NLMSG_NEXT(head, size)) {
		if (head->nlmsg_type == NLMSG_DONE)
			return 1;
		if (head->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *error = NLMSG_DATA(head);

			return head->nlmsg_len < NLMSG_LENGTH(sizeof *error) ? -EBADMSG
			       : error->error                                ? error->error
									     : 1;
		}
		if (head->nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
			see(arg, head);
	}
	return 0;
}

static int dump(int fd, const void *ask, size_t ask_size, char *buffer, see_fn see, void *arg)
{
	int rc = send(fd, ask, ask_size, 0) < 0 ? -errno : 0;

	while (rc == 0) {
		struct iovec part = {.iov_base = buffer, .iov_len = PCF_SOCKETS_BUFFER};
		struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
		ssize_t size = recvmsg(fd, &message, 0);

		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			return size < 0 ? -errno : -EBADMSG;
		if (message.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		rc = take(buffer, (size_t)size, see, arg);
	}
	return rc < 0 ? rc : 0;
}

static void see_tcp(void *arg, const struct nlmsghdr *head)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(head);
	struct pcf_diag_tcp *out = arg;
	int is_six = socket->idiag_family == AF_INET6;

	if (socket->idiag_state >= PCF_TCP_STATES)
		return;
	out->by_state[is_six][socket->idiag_state]++;
	out->full[is_six] += socket->idiag_timer != TIMER_TIME_WAIT && socket->idiag_state != STATE_SYN_RECV;
}

/* The request of before Linux 3.3, which the kernel goes on to serve, has no way to name a family: one walk shows
 * both (inet_diag_dump_compat). */
static int dump_both(int fd, uint32_t states, char *buffer, struct pcf_diag_tcp *out)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req body;
	} ask = {
		.head = {.nlmsg_len = sizeof ask,
			 .nlmsg_type = TCPDIAG_GETSOCK,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.idiag_states = states},
	};

	return dump(fd, &ask, sizeof ask, buffer, see_tcp, out);
}

static void ask_for(struct nlmsghdr *head, size_t size)
{
	*head = (struct nlmsghdr){.nlmsg_len = (uint32_t)size,
				  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
				  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP};
}

int pcf_diag_tcp(int fd, int family, uint32_t states, char *buffer, struct pcf_diag_tcp *out)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 body;
	} ask = {.body = {.sdiag_family = (uint8_t)family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = states}};

	if (!family)
		return dump_both(fd, states, buffer, out);
	ask_for(&ask.head, sizeof ask);
	return dump(fd, &ask, sizeof ask, buffer, see_tcp, out);
}

/* How many packets the socket dropped: SK_MEMINFO_DROPS of INET_DIAG_SKMEMINFO (Linux 4.14). */
static uint64_t drops_of(const struct nlmsghdr *head)
{
	size_t size = head->nlmsg_len - NLMSG_LENGTH(sizeof(struct inet_diag_msg));
	const char *at = (const char *)NLMSG_DATA(head) + NLMSG_ALIGN(sizeof(struct inet_diag_msg));
	struct nlattr attr;

	while (size >= sizeof attr) {
		uint32_t drops;

		memcpy(&attr, at, sizeof attr);
		if (attr.nla_len < sizeof attr || attr.nla_len > size)
			break;
		if ((attr.nla_type & NLA_TYPE_MASK) == INET_DIAG_SKMEMINFO &&
		    attr.nla_len >= NLA_HDRLEN + (SK_MEMINFO_DROPS + 1) * sizeof drops) {
			memcpy(&drops, at + NLA_HDRLEN + SK_MEMINFO_DROPS * sizeof drops, sizeof drops);
			return drops;
		}
		if ((size_t)NLA_ALIGN(attr.nla_len) >= size)
			break;
		at += NLA_ALIGN(attr.nla_len);
		size -= NLA_ALIGN(attr.nla_len);
	}
	return PCF_ABSENT;
}

static void see_udp(void *arg, const struct nlmsghdr *head)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(head);
	uint64_t *row = arg, drops = drops_of(head);

	row[PCF_UDP_SOCKETS]++;
	row[PCF_UDP_RX_QUEUED_BYTES] += socket->idiag_rqueue;
	row[PCF_UDP_TX_QUEUED_BYTES] += socket->idiag_wqueue;
	/* One socket that does not say makes the sum unknown. */
	row[PCF_UDP_DROPS] =
		drops == PCF_ABSENT || row[PCF_UDP_DROPS] == PCF_ABSENT ? PCF_ABSENT : row[PCF_UDP_DROPS] + drops;
}

int pcf_diag_udp(int fd, int family, char *buffer, uint64_t *row)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 body;
	} ask = {.body = {.sdiag_family = (uint8_t)family,
			  .sdiag_protocol = IPPROTO_UDP,
			  .idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1),
			  .idiag_states = ~0u}};

	ask_for(&ask.head, sizeof ask);
	return dump(fd, &ask, sizeof ask, buffer, see_udp, row);
}
