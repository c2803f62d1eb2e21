/* What to ask for, and how, for one namespace. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "parse/sockstat.h"
#include "source/sockets/sockets.h"

/* From here on established connections are worked out rather than handed out: a millisecond or two of messages. */
#define MANY            2048
#define ALL_STATES      0xffeu /* 1 to 11 */
#define ESTABLISHED_BIT (1u << 1)
#define BIT(kind)       (1u << (kind))

struct in_use {
	uint64_t tcp[2], udp[2], time_wait;
};

const int pcf_sockets_groups[PCF_SOCKETS_KINDS] = {PCF_GROUP_TCP, PCF_GROUP_TCP6, PCF_GROUP_UDP, PCF_GROUP_UDP6,
						   PCF_GROUP_TCP_ADVANCED};

const uint64_t *pcf_socket_counts_row(const struct pcf_socket_counts *counts, int kind)
{
	return kind <= PCF_SOCKETS_TCP6   ? counts->tcp[kind - PCF_SOCKETS_TCP]
	       : kind <= PCF_SOCKETS_UDP6 ? counts->udp[kind - PCF_SOCKETS_UDP]
					  : counts->advanced;
}

int pcf_socket_counter_open(struct pcf_socket_counter *counter)
{
	static const char *const files[PCF_SOCKETS_KINDS] = {"net/tcp", "net/tcp6", "net/udp", "net/udp6", "net/snmp"};

	*counter = (struct pcf_socket_counter){.buffer = malloc(PCF_SOCKETS_BUFFER)};
	for (int kind = 0; kind < PCF_SOCKETS_KINDS; kind++)
		counter->parsers[kind] = pcf_parser_find(files[kind], PCF_VERSION_V2, pcf_sockets_groups[kind]);
	counter->netstat = pcf_parser_find("net/netstat", PCF_VERSION_V2, PCF_GROUP_TCP_ADVANCED);
	return counter->buffer ? 0 : -ENOMEM;
}

void pcf_socket_counter_close(struct pcf_socket_counter *counter)
{
	free(counter->buffer);
	counter->buffer = NULL;
}

/* 0, or -errno: the process is not there.  A machine without IPv6 has no sockstat6. */
static int read_in_use(struct pcf_socket_counter *counter, const struct pcf_sockets_place *place, struct in_use *out)
{
	char *text = counter->buffer;
	ssize_t size = pcf_net_text_read(place, "net/sockstat", text, PCF_SOCKETS_BUFFER);

	if (size < 0)
		return (int)size;
	out->tcp[0] = pcf_sockstat_find(text, (size_t)size, "TCP", "inuse");
	out->udp[0] = pcf_sockstat_find(text, (size_t)size, "UDP", "inuse");
	out->time_wait = pcf_sockstat_find(text, (size_t)size, "TCP", "tw");
	size = pcf_net_text_read(place, "net/sockstat6", text, PCF_SOCKETS_BUFFER);
	out->tcp[1] = size < 0 ? PCF_ABSENT : pcf_sockstat_find(text, (size_t)size, "TCP6", "inuse");
	out->udp[1] = size < 0 ? PCF_ABSENT : pcf_sockstat_find(text, (size_t)size, "UDP6", "inuse");
	return out->tcp[0] == PCF_ABSENT || out->udp[0] == PCF_ABSENT || out->time_wait == PCF_ABSENT ? -EBADMSG : 0;
}

static uint64_t zero_if_absent(uint64_t number)
{
	return number == PCF_ABSENT ? 0 : number;
}

/* Both families in one walk where the kernel does that and both have some. */
static int walk_tcp(struct pcf_socket_counter *counter, int fd, const bool has[2], uint32_t states,
		    struct pcf_diag_tcp *found)
{
	int rc = -EOPNOTSUPP;

	if (has[0] && has[1] && !counter->no_both) {
		rc = pcf_diag_tcp(fd, 0, states, counter->buffer, found);
		counter->no_both = rc < 0;
		if (rc == 0)
			return 0;
		memset(found, 0, sizeof *found);
	}
	rc = has[0] ? pcf_diag_tcp(fd, AF_INET, states, counter->buffer, found) : 0;
	return rc == 0 && has[1] ? pcf_diag_tcp(fd, AF_INET6, states, counter->buffer, found) : rc;
}

static void take_tcp(const struct pcf_diag_tcp *found, int six, uint64_t *row)
{
	for (int column = 0; column < PCF_TCP_COUNT; column++)
		row[column] = found->by_state[six][column + 1]; /* columns are in the order of the states */
}

static int diag_tcp(struct pcf_socket_counter *counter, const struct pcf_sockets_place *place, int fd,
		    const struct in_use *in_use, struct pcf_socket_counts *out)
{
	/* What is in time-wait may be of either family. */
	bool has[2] = {in_use->tcp[0] || in_use->time_wait,
		       in_use->tcp[1] != PCF_ABSENT && (in_use->tcp[1] || in_use->time_wait)};
	bool is_many = in_use->tcp[0] + zero_if_absent(in_use->tcp[1]) > MANY;
	struct pcf_diag_tcp found = {0};
	struct in_use after = *in_use;
	int rc = 0;

	if (has[0] || has[1])
		rc = walk_tcp(counter, fd, has, is_many ? ALL_STATES & ~ESTABLISHED_BIT : ALL_STATES, &found);
	if (rc == 0 && is_many)
		rc = read_in_use(counter, place, &after);
	for (int six = 0; six < 2 && rc == 0; six++) {
		uint64_t in = zero_if_absent(after.tcp[six]);

		take_tcp(&found, six, out->tcp[six]);
		if (is_many) /* sockets closed during the walk must not make it negative */
			out->tcp[six][PCF_TCP_ESTABLISHED] = in > found.full[six] ? in - found.full[six] : 0;
	}
	return rc;
}

static int count_tcp(struct pcf_socket_counter *counter, const struct pcf_sockets_place *place, int fd, unsigned want,
		     const struct in_use *in_use, struct pcf_socket_counts *out)
{
	int rc = fd < 0 || counter->no_tcp_diag ? -EPERM : diag_tcp(counter, place, fd, in_use, out);

	if (fd >= 0 && (rc == -ENOENT || rc == -EOPNOTSUPP || rc == -EINVAL))
		counter->no_tcp_diag = true;
	for (int six = 0; six < 2; six++) {
		int kind = PCF_SOCKETS_TCP + six, code = rc;

		if (!(want & BIT(kind)) || (six && in_use->tcp[1] == PCF_ABSENT))
			continue;
		if (rc < 0)
			code = pcf_sockets_text(place, counter->parsers[kind], counter->buffer, out->tcp[six]);
		if (code == 0)
			out->has |= BIT(kind);
	}
	return rc < 0 && !(out->has & (BIT(PCF_SOCKETS_TCP) | BIT(PCF_SOCKETS_TCP6))) ? rc : 0;
}

static void count_udp(struct pcf_socket_counter *counter, const struct pcf_sockets_place *place, int fd, int six,
		      uint64_t in_use, struct pcf_socket_counts *out)
{
	int kind = PCF_SOCKETS_UDP + six, rc = fd < 0 || counter->no_udp_diag ? -EPERM : 0;
	uint64_t *row = out->udp[six];

	if (in_use == PCF_ABSENT)
		return;
	memset(row, 0, sizeof out->udp[six]);
	if (rc == 0 && in_use)
		rc = pcf_diag_udp(fd, six ? AF_INET6 : AF_INET, counter->buffer, row);
	if (fd >= 0 && (rc == -ENOENT || rc == -EOPNOTSUPP || rc == -EINVAL))
		counter->no_udp_diag = true;
	if (rc < 0 && in_use) {
		memset(row, 0xff, sizeof out->udp[six]);
		rc = pcf_sockets_text(place, counter->parsers[kind], counter->buffer, row);
	}
	if (rc == 0 || !in_use)
		out->has |= BIT(kind);
}

static int count_advanced(struct pcf_socket_counter *counter, const struct pcf_sockets_place *place,
			  struct pcf_socket_counts *out)
{
	const pcf_parser *parsers[] = {counter->parsers[PCF_SOCKETS_ADVANCED], counter->netstat};
	int set = 0;

	memset(out->advanced, 0xff, sizeof out->advanced);
	for (int i = 0; i < 2; i++) {
		ssize_t size = pcf_net_text_read(place, parsers[i]->file, counter->buffer, PCF_SOCKETS_BUFFER);
		int rc = size < 0 ? (int)size : pcf_row_parse(parsers[i], counter->buffer, (size_t)size, out->advanced);

		if (rc < 0)
			return rc;
		set += rc;
	}
	if (set)
		out->has |= BIT(PCF_SOCKETS_ADVANCED);
	return 0;
}

int pcf_sockets_count(struct pcf_socket_counter *counter, const struct pcf_sockets_place *place, unsigned want,
		      struct pcf_socket_counts *out)
{
	unsigned tcp = BIT(PCF_SOCKETS_TCP) | BIT(PCF_SOCKETS_TCP6), udp = BIT(PCF_SOCKETS_UDP) | BIT(PCF_SOCKETS_UDP6);
	struct in_use in_use;
	int rc = 0, fd;

	memset(out, 0, sizeof *out);
	if (want & BIT(PCF_SOCKETS_ADVANCED))
		rc = count_advanced(counter, place, out);
	if (rc < 0 || !(want & (tcp | udp)))
		return rc;
	rc = read_in_use(counter, place, &in_use);
	if (rc < 0)
		return rc;
	fd = pcf_diag_socket(place);
	if (want & tcp)
		rc = count_tcp(counter, place, fd, want, &in_use, out);
	for (int six = 0; six < 2; six++)
		if (want & BIT(PCF_SOCKETS_UDP + six))
			count_udp(counter, place, fd, six, in_use.udp[six], out);
	if (fd >= 0)
		close(fd);
	return rc;
}
