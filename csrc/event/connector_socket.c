#include "event/connector_socket.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "parse/proc_event.h"
#include "schema/clock.h"
#include "schema/error.h"

/* A message takes some 800 bytes of a socket's room: 100 ms of 10000 spawns a second. */
#define ROOM_BYTES (4 << 20)
#define ACK_MS     1000

#define AT_WHAT  (NLMSG_HDRLEN + sizeof(struct cn_msg) + offsetof(struct proc_event, what))
#define AT_DATA  (NLMSG_HDRLEN + sizeof(struct cn_msg) + offsetof(struct proc_event, event_data))
#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (at))

/* What is not ours, and threads, are dropped before they wake anybody. Loads of the filter turn big-endian numbers into
 * the machine's: constants are turned as well, and equality of two fields does not mind. */
static int set_filter(int fd)
{
	struct sock_filter code[] = {
		LOAD(AT_WHAT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __builtin_bswap32(0x00000001), 5, 0),  /* fork */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __builtin_bswap32(0x80000000), 8, 0),  /* exit */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __builtin_bswap32(0x00000002), 12, 0), /* exec */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __builtin_bswap32(0x00000200), 11, 0), /* comm */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 10, 0),                             /* ack */
		BPF_STMT(BPF_RET | BPF_K, 0),
		LOAD(AT_DATA + 8), /* fork: child_pid, child_tgid */
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		LOAD(AT_DATA + 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 5, 4),
		LOAD(AT_DATA), /* exit: process_pid, process_tgid */
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		LOAD(AT_DATA + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return 0; /* every message is looked at here instead */
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) ? -errno : 0;
}

static int ask(int fd, uint32_t op, uint32_t number)
{
	char request[NLMSG_LENGTH(sizeof(struct cn_msg) + sizeof op)] = {0};
	struct nlmsghdr head = {.nlmsg_len = sizeof request, .nlmsg_type = NLMSG_DONE};
	struct cn_msg message = {
		.id = {.idx = CN_IDX_PROC, .val = CN_VAL_PROC}, .seq = number, .ack = number, .len = sizeof op};

	memcpy(request, &head, sizeof head);
	memcpy(request + NLMSG_HDRLEN, &message, sizeof message);
	memcpy(request + NLMSG_HDRLEN + sizeof message, &op, sizeof op);
	return send(fd, request, sizeof request, 0) < 0 ? -errno : 0;
}

/* The kernel answers with an event of its own; 1 and its status, 0: not among these. */
static int find_ack(const char *buf, size_t len, uint32_t number, uint32_t *status)
{
	pcf_proc_event event;
	size_t at = 0;

	while (pcf_proc_event_next(buf, len, &at, &event) == 1)
		if (event.kind == PCF_PROC_ACK && event.reply == number + 1) {
			*status = event.status;
			return 1;
		}
	return 0;
}

/* 0; -errno as the kernel answered; -ETIMEDOUT: it keeps silent, as it does towards other namespaces than the first. */
static int listen_for(int fd)
{
	uint64_t until = pcf_now_ns(CLOCK_MONOTONIC) + ACK_MS * UINT64_C(1000000), now;
	uint32_t number = (uint32_t)pcf_now_ns(CLOCK_MONOTONIC) ^ (uint32_t)getpid(), status;
	char buf[8192];
	int rc = ask(fd, PROC_CN_MCAST_LISTEN, number);

	if (rc)
		return rc;
	while ((now = pcf_now_ns(CLOCK_MONOTONIC)) < until) {
		struct pollfd poller = {.fd = fd, .events = POLLIN};
		if (poll(&poller, 1, (int)((until - now) / 1000000) + 1) <= 0)
			continue;
		ssize_t len = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
		if (len > 0 && find_ack(buf, (size_t)len, number, &status))
			return -(int)status;
	}
	return -ETIMEDOUT;
}

int pcf_connector_socket_open(pcf_error *err)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	int room = ROOM_BYTES, fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);

	if (fd < 0)
		return pcf_error_say(err, -errno, "process connector: %s (CONFIG_CONNECTOR, CONFIG_PROC_EVENTS)",
				     strerror(errno));
	int rc = bind(fd, (struct sockaddr *)&address, sizeof address) ? -errno : 0;
	if (rc == 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (rc == 0)
		rc = set_filter(fd);
	if (rc == 0)
		rc = listen_for(fd);
	if (rc == 0)
		return fd;
	close(fd);
	if (rc == -EPERM || rc == -EACCES)
		return pcf_error_say(err, rc, "process connector: no CAP_NET_ADMIN");
	if (rc == -ETIMEDOUT)
		return pcf_error_say(err, rc,
				     "process connector: no answer; not in the first pid and user namespace, or no "
				     "CONFIG_PROC_EVENTS");
	return pcf_error_say(err, rc, "process connector: %s", strerror(-rc));
}

void pcf_connector_socket_close(int fd)
{
	(void)ask(fd, PROC_CN_MCAST_IGNORE, 0);
	close(fd);
}
