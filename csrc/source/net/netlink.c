#include "source/net/netlink.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel fills datagrams of a dump up to 32 KiB when the reader brings that much room (netlink_recvmsg,
 * max_recvmsg_len). */
#define BUFFER_BYTES   32768
#define FIRST_CAPACITY 1024
/* Of a dump interrupted by a change; more than this many rounds would be a storm: what came is taken. */
#define ROUNDS         2

static int table_open(struct pcf_link_table *table, uint32_t capacity)
{
	table->entries = calloc(capacity, sizeof *table->entries);
	table->capacity = table->entries ? capacity : 0;
	table->count = 0;
	table->stamp = 0;
	return table->entries ? 0 : -ENOMEM;
}

static struct pcf_link_count *table_find(const struct pcf_link_table *table, int32_t ifindex)
{
	uint32_t mask = table->capacity - 1, at = (uint32_t)ifindex & mask;

	if (!table->stamp)
		return NULL;
	while (table->entries[at].stamp == table->stamp) {
		if (table->entries[at].ifindex == ifindex)
			return &table->entries[at];
		at = (at + 1) & mask;
	}
	return NULL;
}

/* NULL: more than three quarters full. */
static struct pcf_link_count *table_put(struct pcf_link_table *table, int32_t ifindex)
{
	uint32_t mask = table->capacity - 1, at = (uint32_t)ifindex & mask;

	while (table->entries[at].stamp == table->stamp) {
		if (table->entries[at].ifindex == ifindex)
			return &table->entries[at];
		at = (at + 1) & mask;
	}
	if (table->count >= table->capacity / 4 * 3)
		return NULL;
	table->count++;
	table->entries[at].stamp = table->stamp;
	table->entries[at].ifindex = ifindex;
	return &table->entries[at];
}

int pcf_link_dump_open(struct pcf_link_dump *dump, int socket)
{
	*dump = (struct pcf_link_dump){.socket = socket, .request = RTM_GETSTATS, .buffer_bytes = BUFFER_BYTES};
	dump->buffer = malloc(BUFFER_BYTES);
	if (!dump->buffer || table_open(&dump->tables[0], FIRST_CAPACITY) ||
	    table_open(&dump->tables[1], FIRST_CAPACITY)) {
		pcf_link_dump_close(dump);
		return -ENOMEM;
	}
	return 0;
}

void pcf_link_dump_close(struct pcf_link_dump *dump)
{
	if (dump->socket >= 0)
		close(dump->socket);
	free(dump->buffer);
	free(dump->tables[0].entries);
	free(dump->tables[1].entries);
	memset(dump, 0, sizeof *dump);
	dump->socket = -1;
}

/* Twice the room; what the tables held is forgotten, so the next dump sees every link as new. */
int pcf_link_dump_grow(struct pcf_link_dump *dump)
{
	uint32_t capacity = dump->tables[0].capacity * 2;
	struct pcf_link_table bigger[2] = {{0}};
	char *buffer = malloc(dump->buffer_bytes * 2);

	if (!buffer || table_open(&bigger[0], capacity) || table_open(&bigger[1], capacity)) {
		free(bigger[0].entries);
		free(bigger[1].entries);
		free(buffer);
		return -ENOMEM;
	}
	free(dump->tables[0].entries);
	free(dump->tables[1].entries);
	free(dump->buffer);
	memcpy(dump->tables, bigger, sizeof bigger);
	dump->buffer = buffer;
	dump->buffer_bytes *= 2;
	dump->wants_growth = false;
	return 0;
}

void pcf_link_dump_forget(struct pcf_link_dump *dump)
{
	for (int i = 0; i < 2; i++) {
		memset(dump->tables[i].entries, 0, dump->tables[i].capacity * sizeof *dump->tables[i].entries);
		dump->tables[i].stamp = 0;
	}
	dump->appeared_count = 0;
}

const struct pcf_link_count *pcf_link_dump_find(const struct pcf_link_dump *dump, int32_t ifindex)
{
	return table_find(&dump->tables[dump->current], ifindex);
}

static void store(struct pcf_link_dump *dump, int32_t ifindex, const void *stats, size_t size)
{
	struct rtnl_link_stats64 counts;
	struct pcf_link_count *link;

	if (size < offsetof(struct rtnl_link_stats64, rx_errors))
		return; /* the four below come first */
	memset(&counts, 0, sizeof counts);
	memcpy(&counts, stats, size < sizeof counts ? size : sizeof counts);
	link = table_put(&dump->tables[dump->current], ifindex);
	if (!link) {
		dump->wants_growth = true;
		return;
	}
	link->rx_bytes = counts.rx_bytes;
	link->rx_packets = counts.rx_packets;
	link->tx_bytes = counts.tx_bytes;
	link->tx_packets = counts.tx_packets;
	if (!table_find(&dump->tables[!dump->current], ifindex)) {
		if (dump->appeared_count < PCF_LINKS_APPEARED)
			dump->appeared[dump->appeared_count] = ifindex;
		dump->appeared_count++;
	}
}

/* The attributes behind a fixed header of head bytes: the one of the wanted type is the link's counters. */
static void parse_link(struct pcf_link_dump *dump, const char *data, size_t size, size_t head, int32_t ifindex,
		       uint16_t wanted)
{
	for (size_t at = NLMSG_ALIGN(head); at + sizeof(struct nlattr) <= size;) {
		struct nlattr attr;
		memcpy(&attr, data + at, sizeof attr);
		if (attr.nla_len < sizeof attr || attr.nla_len > size - at)
			return;
		if ((attr.nla_type & NLA_TYPE_MASK) == wanted)
			store(dump, ifindex, data + at + NLA_HDRLEN, attr.nla_len - NLA_HDRLEN);
		at += NLA_ALIGN(attr.nla_len);
	}
}

static int parse_message(struct pcf_link_dump *dump, const struct nlmsghdr *head, const char *data, size_t size)
{
	if (head->nlmsg_flags & NLM_F_DUMP_INTR)
		dump->is_interrupted = true;
	if (head->nlmsg_type == NLMSG_DONE)
		return 0;
	if (head->nlmsg_type == NLMSG_ERROR) {
		int error = -EBADMSG;
		if (size >= sizeof error)
			memcpy(&error, data, sizeof error);
		return error < 0 ? error : 0;
	}
	if (head->nlmsg_type == RTM_NEWSTATS && size >= sizeof(struct if_stats_msg)) {
		struct if_stats_msg stats;
		memcpy(&stats, data, sizeof stats);
		parse_link(dump, data, size, sizeof stats, (int32_t)stats.ifindex, IFLA_STATS_LINK_64);
	} else if (head->nlmsg_type == RTM_NEWLINK && size >= sizeof(struct ifinfomsg)) {
		struct ifinfomsg info;
		memcpy(&info, data, sizeof info);
		parse_link(dump, data, size, sizeof info, info.ifi_index, IFLA_STATS64);
	}
	return 1;
}

int pcf_link_dump_parse(struct pcf_link_dump *dump, const char *data, size_t size)
{
	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= size;) {
		struct nlmsghdr head;
		memcpy(&head, data + at, sizeof head);
		if (head.nlmsg_len < sizeof head || head.nlmsg_len > size - at)
			return -EBADMSG;
		if (head.nlmsg_seq == dump->sequence) { /* else the rest of a dump given up earlier */
			int rc = parse_message(dump, &head, data + at + NLMSG_HDRLEN, head.nlmsg_len - NLMSG_HDRLEN);
			if (rc <= 0)
				return rc;
		}
		at += NLMSG_ALIGN(head.nlmsg_len);
	}
	return 1;
}

static int request(struct pcf_link_dump *dump)
{
	struct {
		struct nlmsghdr head;
		union {
			struct if_stats_msg stats;
			struct ifinfomsg info;
		};
	} ask = {.head = {.nlmsg_type = dump->request,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			  .nlmsg_seq = ++dump->sequence}};

	if (dump->request == RTM_GETSTATS)
		ask.stats.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
	ask.head.nlmsg_len = NLMSG_LENGTH(dump->request == RTM_GETSTATS ? sizeof ask.stats : sizeof ask.info);
	ssize_t sent;
	do
		sent = send(dump->socket, &ask, ask.head.nlmsg_len, MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* A dump is made by the kernel while we ask and receive: there is never anything to wait for. */
static ssize_t receive(struct pcf_link_dump *dump)
{
	struct iovec io = {dump->buffer, dump->buffer_bytes};
	struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1};
	ssize_t size;

	do
		size = recvmsg(dump->socket, &message, MSG_DONTWAIT);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return -errno;
	if (message.msg_flags & MSG_TRUNC) {
		dump->wants_growth = true;
		return -EMSGSIZE;
	}
	return size;
}

/* What is left of a dump given up: the kernel starts no new one before it is read. */
static void discard_rest(struct pcf_link_dump *dump)
{
	for (int i = 0; i < 10000; i++) {
		ssize_t size = receive(dump);
		if (size < 0 && size != -EMSGSIZE && size != -ENOBUFS)
			return;
	}
}

static void begin_table(struct pcf_link_dump *dump)
{
	struct pcf_link_table *table = &dump->tables[dump->current];

	table->count = 0;
	if (++table->stamp == 0) { /* after 2^32 dumps: old entries must not come alive again */
		memset(table->entries, 0, table->capacity * sizeof *table->entries);
		table->stamp = 1;
	}
	dump->appeared_count = 0;
	dump->is_interrupted = false;
}

static int run_once(struct pcf_link_dump *dump)
{
	ssize_t size;
	int rc = request(dump);

	begin_table(dump);
	while (!rc) {
		size = receive(dump);
		rc = size < 0 ? (int)size : pcf_link_dump_parse(dump, dump->buffer, (size_t)size);
		if (rc == 0)
			return 0;
		if (rc == 1)
			rc = 0;
	}
	discard_rest(dump);
	begin_table(dump); /* half a dump is none */
	return rc;
}

int pcf_link_dump_run(struct pcf_link_dump *dump)
{
	int rc = -EBADF;

	if (dump->socket < 0)
		return rc;
	dump->current = !dump->current;
	for (int round = 0; round < ROUNDS; round++) {
		rc = run_once(dump);
		if (rc == -EOPNOTSUPP && dump->request == RTM_GETSTATS) {
			dump->request = RTM_GETLINK;
			rc = run_once(dump);
		}
		if (rc || !dump->is_interrupted)
			break;
	}
	if (rc)
		dump->current = !dump->current; /* what was new stays new */
	return rc;
}
