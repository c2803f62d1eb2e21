/* net/tcp, net/udp, net/snmp, net/netstat, net/sockstat. */
#include <errno.h>

#include "parse/net_sockets.h"
#include "parse/sockstat.h"
#include "parse_text.h"

#define TCP_HEADING "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define UDP_HEADING                                                                                                    \
	"   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref "       \
	"pointer drops\n"
#define REST " 00000000:00000000 00:00000000 00000000     0        0 4242 1 00000000c0ffee00 100 0 0 10 0\n"

static void test_tcp(void)
{
	parse("net/tcp", 2, PCF_GROUP_TCP,
	      TCP_HEADING "   0: 0100007F:1F90 00000000:0000 0A" REST "   1: 0100007F:1F90 0100007F:8000 01" REST
			  "   2: 0100007F:8000 0100007F:1F90 01" REST "   3: 0100007F:8001 0100007F:1F90 06" REST);
	CHECK_EQ(parsed_set, PCF_TCP_COUNT);
	CHECK_EQ(value("", PCF_TCP_LISTEN), 1);
	CHECK_EQ(value("", PCF_TCP_ESTABLISHED), 2);
	CHECK_EQ(value("", PCF_TCP_TIME_WAIT), 1);
	CHECK_EQ(value("", PCF_TCP_SYN_SENT), 0);
	parse("net/tcp6", 2, PCF_GROUP_TCP6,
	      "  sl  local_address                         remote_address                        st tx_queue ...\n"
	      "   0: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A" REST);
	CHECK_EQ(value("", PCF_TCP6_LISTEN), 1);
}

static void test_tcp_none_and_odd(void)
{
	parse("net/tcp", 2, PCF_GROUP_TCP, TCP_HEADING);
	CHECK_EQ(value("", PCF_TCP_ESTABLISHED), 0);
	/* A state nobody has a column for, lines that are none. */
	parse("net/tcp", 1, PCF_GROUP_TCP,
	      TCP_HEADING "   0: A:1 B:2 FF" REST "nonsense\n   1: A:1\n   x: A:1 B:2 01" REST "   2: A:1 B:2 01" REST);
	CHECK_EQ(value("", PCF_TCP_ESTABLISHED), 1);
	/* Counts of half a file are no counts. */
	parse("net/tcp", 2, PCF_GROUP_TCP, TCP_HEADING "   0: 0100007F:1F90 00000000:0000 0A");
	CHECK_EQ(parsed_set, -EINVAL);
	CHECK_EQ(value("", PCF_TCP_LISTEN), PCF_ABSENT);
	parse("net/tcp", 2, PCF_GROUP_TCP, "");
	CHECK_EQ(parsed_set, -EINVAL);
	parse("net/tcp", 2, PCF_GROUP_TCP, "   0: 0100007F:1F90 00000000:0000 0A" REST);
	CHECK_EQ(parsed_set, -EINVAL);
}

/* A text that is too long for the buffer comes in parts. */
static void test_tcp_in_parts(void)
{
	const pcf_parser *parser = pcf_parser_find("net/tcp", 2, PCF_GROUP_TCP);
	const char *first = TCP_HEADING "   0: A:1 B:2 01" REST,
		   *second = "   1: A:1 B:2 01" REST "   2: A:1 B:2 08" REST;
	uint64_t row[PCF_TCP_COUNT];

	memset(row, 0xff, sizeof row);
	CHECK_EQ(pcf_net_sockets_begin(parser, first, strlen(first), row), PCF_TCP_COUNT);
	CHECK_EQ(pcf_net_sockets_add(parser, first, strlen(first), row), 1);
	CHECK_EQ(pcf_net_sockets_add(parser, second, strlen(second), row), 2);
	CHECK_EQ(row[PCF_TCP_ESTABLISHED], 2);
	CHECK_EQ(row[PCF_TCP_CLOSE_WAIT], 1);
}

/* tx_queue comes first. */
static void test_udp(void)
{
	parse("net/udp", 2, PCF_GROUP_UDP,
	      UDP_HEADING
	      "  10: 0100007F:14E9 00000000:0000 07 00000010:00000A00 00:00000000 00000000 0 0 9 2 0000 7   \n"
	      "  11: 0100007F:14EA 00000000:0000 07 00000001:00000100 00:00000000 00000000 0 0 9 2 0000 3\n");
	CHECK_EQ(parsed_set, PCF_UDP_COUNT);
	CHECK_EQ(value("", PCF_UDP_SOCKETS), 2);
	CHECK_EQ(value("", PCF_UDP_RX_QUEUED_BYTES), 0xb00);
	CHECK_EQ(value("", PCF_UDP_TX_QUEUED_BYTES), 0x11);
	CHECK_EQ(value("", PCF_UDP_DROPS), 10);
	parse("net/udp6", 1, PCF_GROUP_UDP6, UDP_HEADING "  1: A:1 B:2 07 0:G 00 0 0 0 9 2 0 7\n  2: A:1 B:2 07 5 0\n");
	CHECK_EQ(value("", PCF_UDP6_SOCKETS), 0);
}

static void test_snmp(void)
{
	parse("net/snmp", 2, PCF_GROUP_TCP_ADVANCED,
	      "Ip: Forwarding DefaultTTL\nIp: 1 64\nTcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens NotOurs "
	      "InSegs\n"
	      "Tcp: 1 200 120000 -1 7 8 9\nUdp: InDatagrams\nUdp: 5\n");
	CHECK_EQ(parsed_set, 6);
	CHECK_EQ(value("", PCF_TCP_ADVANCED_RTO_MAX), 120000);
	CHECK_EQ(value("", PCF_TCP_ADVANCED_MAX_CONN), PCF_UNLIMITED);
	CHECK_EQ(value("", PCF_TCP_ADVANCED_ACTIVE_OPENS), 7);
	CHECK_EQ(value("", PCF_TCP_ADVANCED_IN_SEGS), 9);
	CHECK_EQ(value("", PCF_TCP_ADVANCED_OUT_SEGS), PCF_ABSENT);
	parse("net/netstat", 2, PCF_GROUP_TCP_ADVANCED,
	      "TcpExt: SyncookiesSent TW TCPSynRetrans\nTcpExt: 1 2 3\nIpExt: TW\nIpExt: 99\n");
	CHECK_EQ(parsed_set, 3);
	CHECK_EQ(value("", PCF_TCP_ADVANCED_TW), 2);
	CHECK_EQ(value("", PCF_TCP_ADVANCED_TCP_SYN_RETRANS), 3);
	parse("net/netstat", 2, PCF_GROUP_TCP_ADVANCED, "TcpExt: SyncookiesSent TW\nTcpExt: 1 2");
	CHECK_EQ(parsed_set, 1); /* 2 may be 23 */
	parse("net/snmp", 2, PCF_GROUP_TCP_ADVANCED, "Tcp: InSegs\nUdp: 5\n");
	CHECK_EQ(parsed_set, -EINVAL);
	parse("net/snmp", 2, PCF_GROUP_TCP_ADVANCED, "Udp: a\nUdp: 5\n");
	CHECK_EQ(parsed_set, -EINVAL);
}

static uint64_t stat(const char *text, const char *protocol, const char *name)
{
	size_t len = strlen(text);
	char *exact = malloc(len ? len : 1);
	uint64_t number;

	memcpy(exact, text, len);
	number = pcf_sockstat_find(exact, len, protocol, name);
	free(exact);
	return number;
}

static void test_sockstat(void)
{
	const char *text = "sockets: used 57\nTCP: inuse 51 orphan 0 tw 4 alloc 60 mem 0\nUDP: inuse 2 mem 0\n";

	CHECK_EQ(stat(text, "TCP", "inuse"), 51);
	CHECK_EQ(stat(text, "TCP", "tw"), 4);
	CHECK_EQ(stat(text, "UDP", "inuse"), 2);
	CHECK_EQ(stat(text, "TCP6", "inuse"), PCF_ABSENT);
	CHECK_EQ(stat(text, "TCP", "used"), PCF_ABSENT);
	CHECK_EQ(stat("TCP: inuse 51", "TCP", "inuse"), PCF_ABSENT);
	CHECK_EQ(stat("TCP: inuse x5\n", "TCP", "inuse"), PCF_ABSENT);
	CHECK_EQ(stat("TCP: inuse\n", "TCP", "inuse"), PCF_ABSENT);
	CHECK_EQ(stat("TCP: inuse 5x\n", "TCP", "inuse"), PCF_ABSENT);
	CHECK_EQ(stat("", "TCP", "inuse"), PCF_ABSENT);
}

int main(void)
{
	test_tcp();
	test_tcp_none_and_odd();
	test_tcp_in_parts();
	test_udp();
	test_snmp();
	test_sockstat();
	return check_result();
}
