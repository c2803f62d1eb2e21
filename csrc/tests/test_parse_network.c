/* /proc/<pid>/net/dev. */
#include <errno.h>

#include "parse_text.h"

#define HEADINGS                                                                                                       \
	"Inter-|   Receive                                                |  Transmit\n"                               \
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "     \
	"carrier compressed\n"
#define NUMBERS " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"

static void net_dev(const char *text)
{
	parse("net/dev", 2, PCF_GROUP_NETWORK, text);
}

static void test_traffic(void)
{
	net_dev(HEADINGS "    lo:" NUMBERS "  eth0: 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36\n");
	CHECK_EQ(parsed.count, 2);
	CHECK_EQ(parsed_set, 8);
	CHECK_EQ(value("lo", PCF_NETWORK_RX_BYTES), 1);
	CHECK_EQ(value("eth0", PCF_NETWORK_RX_PACKETS), 22);
	CHECK_EQ(value("eth0", PCF_NETWORK_TX_BYTES), 29);
	CHECK_EQ(value("eth0", PCF_NETWORK_TX_PACKETS), 30);
}

static void test_errors(void)
{
	parse("net/dev", 1, PCF_GROUP_NETWORK_ERRORS, HEADINGS "eth0:" NUMBERS);
	CHECK_EQ(parsed_set, 12);
	CHECK_EQ(value("eth0", PCF_NETWORK_ERRORS_RX_ERRORS), 3);
	CHECK_EQ(value("eth0", PCF_NETWORK_ERRORS_RX_DROPPED), 4);
	CHECK_EQ(value("eth0", PCF_NETWORK_ERRORS_RX_MULTICAST), 8);
	CHECK_EQ(value("eth0", PCF_NETWORK_ERRORS_TX_COLLISIONS), 14);
	CHECK_EQ(value("eth0", PCF_NETWORK_ERRORS_TX_CARRIER), 15);
	CHECK_EQ(value("eth0", PCF_NETWORK_ERRORS_TX_COMPRESSED), 16);
}

static void test_names(void)
{
	net_dev(HEADINGS "eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n" /* no blank behind the colon */
			 "exactly15chars_:" NUMBERS "sixteen_chars_no:" NUMBERS "br-\xc3\xa9\x01|%s:" NUMBERS
			 "x.100@if7:" NUMBERS ":" NUMBERS "a b:" NUMBERS);
	CHECK_EQ(parsed.count, 4);
	CHECK_EQ(value("eth0", PCF_NETWORK_RX_BYTES), 1);
	CHECK_EQ(value("exactly15chars_", PCF_NETWORK_RX_BYTES), 1);
	CHECK_EQ(value("br-\xc3\xa9\x01|%s", PCF_NETWORK_TX_BYTES), 9);
	CHECK_EQ(value("x.100@if7", PCF_NETWORK_TX_BYTES), 9);
}

static void test_lines_left_out(void)
{
	net_dev(HEADINGS
		"a: 1 2 3\nb: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\nc: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 -16\n"
		"d: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
	CHECK_EQ(parsed_set, 0);
	CHECK_EQ(parsed.count, 0);
	net_dev(HEADINGS);
	CHECK_EQ(parsed_set, 0);
	net_dev("hello\n");
	CHECK_EQ(parsed_set, -EINVAL);
	net_dev("");
	CHECK_EQ(parsed_set, -EINVAL);
	net_dev(HEADINGS "e: 18446744073709551616 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
	CHECK_EQ(value("e", PCF_NETWORK_RX_BYTES), PCF_ABSENT);
	CHECK_EQ(value("e", PCF_NETWORK_RX_PACKETS), 2);
}

int main(void)
{
	test_traffic();
	test_errors();
	test_names();
	test_lines_left_out();
	return check_result();
}
