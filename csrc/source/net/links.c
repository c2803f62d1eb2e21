#include "source/net/links.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "parse/parse.h"

#define BUFFER_BYTES 32768

void pcf_links_free(struct pcf_links *links)
{
	free(links->list);
	*links = (struct pcf_links){.host_nsid = -1};
}

static int add_link(struct pcf_links *links, const struct pcf_link *link)
{
	if (links->count == links->room) {
		uint32_t room = links->room ? links->room * 2 : 8;
		struct pcf_link *list = realloc(links->list, room * sizeof *list);
		if (!list)
			return -ENOMEM;
		links->list = list;
		links->room = room;
	}
	links->list[links->count++] = *link;
	return 0;
}

int pcf_links_socket(void)
{
	struct timeval patience = {.tv_sec = 2};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof patience); /* only so that a bug cannot hang a thread */
	return fd;
}

/* Calls visit for each attribute until it returns non-zero. */
typedef void (*attr_visit)(void *arg, uint16_t type, const char *data, size_t size);

static void each_attr(const char *data, size_t size, attr_visit visit, void *arg)
{
	for (size_t at = 0; at + sizeof(struct nlattr) <= size;) {
		struct nlattr attr;
		memcpy(&attr, data + at, sizeof attr);
		if (attr.nla_len < sizeof attr || attr.nla_len > size - at)
			return;
		visit(arg, attr.nla_type & NLA_TYPE_MASK, data + at + NLA_HDRLEN, attr.nla_len - NLA_HDRLEN);
		at += NLA_ALIGN(attr.nla_len);
	}
}

struct found {
	struct pcf_link link;
	int32_t lower, nsid; /* IFLA_LINK, IFLA_LINK_NETNSID */
};

static int32_t number(const char *data, size_t size)
{
	int32_t value = -1;

	if (size >= sizeof value)
		memcpy(&value, data, sizeof value);
	return value;
}

static void see_info(void *arg, uint16_t type, const char *data, size_t size)
{
	struct found *found = arg;

	if (type == IFLA_INFO_KIND)
		found->link.is_veth = size >= 4 && memcmp(data, "veth", 4) == 0 && (size == 4 || data[4] == '\0');
}

static void see_attr(void *arg, uint16_t type, const char *data, size_t size)
{
	struct found *found = arg;

	if (type == IFLA_IFNAME)
		snprintf(found->link.name, sizeof found->link.name, "%.*s", (int)size, data);
	else if (type == IFLA_LINK)
		found->lower = number(data, size);
	else if (type == IFLA_LINK_NETNSID)
		found->nsid = number(data, size);
	else if (type == IFLA_LINKINFO)
		each_attr(data, size, see_info, found);
}

static int parse_link(const char *data, size_t size, struct pcf_links *out)
{
	struct found found = {.nsid = -1};
	struct ifinfomsg info;

	if (size < sizeof info)
		return 0;
	memcpy(&info, data, sizeof info);
	each_attr(data + NLMSG_ALIGN(sizeof info), size - NLMSG_ALIGN(sizeof info), see_attr, &found);
	found.link.ifindex = info.ifi_index;
	found.link.is_up = (info.ifi_flags & IFF_UP) != 0;
	found.link.is_loopback = info.ifi_type == ARPHRD_LOOPBACK;
	found.link.peer = found.link.is_veth && found.lower > 0 ? found.lower : 0;
	found.link.peer_nsid = found.nsid;
	return found.link.name[0] ? add_link(out, &found.link) : 0;
}

/* 1: more to come, 0: done. */
static int parse_answer(const char *data, size_t size, bool is_dump, struct pcf_links *out, bool *interrupted)
{
	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= size;) {
		struct nlmsghdr head;
		memcpy(&head, data + at, sizeof head);
		if (head.nlmsg_len < sizeof head || head.nlmsg_len > size - at)
			return -EBADMSG;
		const char *body = data + at + NLMSG_HDRLEN;
		size_t body_size = head.nlmsg_len - NLMSG_HDRLEN;
		*interrupted |= (head.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		if (head.nlmsg_type == NLMSG_DONE)
			return 0;
		if (head.nlmsg_type == NLMSG_ERROR)
			return number(body, body_size);
		int rc = head.nlmsg_type == RTM_NEWLINK ? parse_link(body, body_size, out) : 0;
		if (rc || !is_dump)
			return rc;
		at += NLMSG_ALIGN(head.nlmsg_len);
	}
	return 1;
}

static ssize_t receive(int socket, char *buffer, size_t size)
{
	ssize_t got;

	do
		got = recv(socket, buffer, size, 0);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static int list_once(int socket, int32_t ifindex, struct pcf_links *out, bool *interrupted)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
		struct nlattr attr;
		uint32_t mask;
	} ask = {
		.head = {.nlmsg_len = sizeof ask,
			 .nlmsg_type = RTM_GETLINK,
			 .nlmsg_flags = NLM_F_REQUEST | (ifindex ? 0 : NLM_F_DUMP)},
		.info = {.ifi_index = ifindex},
		.attr = {.nla_len = sizeof ask.attr + sizeof ask.mask, .nla_type = IFLA_EXT_MASK},
		.mask = RTEXT_FILTER_SKIP_STATS,
	};
	char *buffer = malloc(BUFFER_BYTES);
	int rc = buffer ? 1 : -ENOMEM;

	if (rc == 1 && send(socket, &ask, sizeof ask, 0) < 0)
		rc = -errno;
	while (rc == 1) {
		ssize_t size = receive(socket, buffer, BUFFER_BYTES);
		rc = size < 0 ? (int)size : parse_answer(buffer, (size_t)size, ifindex == 0, out, interrupted);
	}
	free(buffer);
	return rc;
}

int pcf_links_list(int socket, int32_t ifindex, struct pcf_links *out)
{
	uint32_t before = out->count;
	int rc = 0;

	for (int round = 0; round < 3; round++) {
		bool interrupted = false;
		out->count = before;
		rc = list_once(socket, ifindex, out, &interrupted);
		if (rc || !interrupted)
			break;
	}
	return rc;
}

static void see_nsid(void *arg, uint16_t type, const char *data, size_t size)
{
	if (type == NETNSA_NSID)
		*(int32_t *)arg = number(data, size);
}

int32_t pcf_links_nsid(int socket, int ns_fd)
{
	struct {
		struct nlmsghdr head;
		struct rtgenmsg gen;
		char pad[3];
		struct nlattr attr;
		int32_t fd;
	} ask = {
		.head = {.nlmsg_len = sizeof ask, .nlmsg_type = RTM_GETNSID, .nlmsg_flags = NLM_F_REQUEST},
		.attr = {.nla_len = sizeof ask.attr + sizeof ask.fd, .nla_type = NETNSA_FD},
		.fd = ns_fd,
	};
	char buffer[1024];
	struct nlmsghdr head;
	int32_t nsid = -1;

	if (ns_fd < 0 || send(socket, &ask, sizeof ask, 0) < 0)
		return -1;
	ssize_t size = receive(socket, buffer, sizeof buffer);
	if (size < (ssize_t)(sizeof head + 4))
		return -1;
	memcpy(&head, buffer, sizeof head);
	if (head.nlmsg_type == RTM_NEWNSID && head.nlmsg_len <= (size_t)size && head.nlmsg_len >= sizeof head + 4)
		each_attr(buffer + NLMSG_HDRLEN + 4, head.nlmsg_len - NLMSG_HDRLEN - 4, see_nsid, &nsid);
	return nsid;
}

int pcf_links_socket_inside(int ns_fd, int home_fd)
{
	if (setns(ns_fd, CLONE_NEWNET))
		return -errno;
	int fd = pcf_links_socket();
	if (setns(home_fd, CLONE_NEWNET)) {
		int error = errno;
		if (fd >= 0)
			close(fd);
		return -error;
	}
	return fd;
}

int pcf_links_inside(int ns_fd, int home_fd, int host_fd, struct pcf_links *out)
{
	int fd = pcf_links_socket_inside(ns_fd, home_fd); /* a socket stays where it was made */

	if (fd < 0)
		return fd;
	int rc = pcf_links_list(fd, 0, out);
	out->host_nsid = pcf_links_nsid(fd, host_fd);
	close(fd);
	return rc;
}

struct names {
	struct pcf_links *out;
	int rc;
};

static uint64_t *see_name(void *arg, const char *key, size_t key_len)
{
	struct names *names = arg;
	struct pcf_link link = {.peer_nsid = -1, .is_up = true};

	snprintf(link.name, sizeof link.name, "%.*s", (int)key_len, key);
	link.is_loopback = strcmp(link.name, "lo") == 0;
	if (!names->rc)
		names->rc = add_link(names->out, &link);
	return NULL;
}

int pcf_links_from_text(const char *text, size_t size, struct pcf_links *out)
{
	struct names names = {out, 0};
	const pcf_parser *parser = pcf_parser_find("net/dev", PCF_VERSION_V2, PCF_GROUP_NETWORK);
	int rc = parser ? pcf_rows_parse(parser, text, size, see_name, &names) : -ENOSYS;

	return rc < 0 ? rc : names.rc;
}
