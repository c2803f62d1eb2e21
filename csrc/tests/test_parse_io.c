/* io.stat, blkio.*, /proc/diskstats. */
#include <errno.h>

#include "parse_text.h"

static void io_stat(const char *text)
{
	parse("io.stat", 2, PCF_GROUP_IO, text);
}

static void test_io_stat(void)
{
	io_stat("254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
		"8:16 rbytes=7 wbytes=0 rios=1 wios=0 dbytes=0 dios=0 cost.vrate=100.00 cost.usage=11 cost.wait=12 "
		"cost.indebt=13 cost.indelay=14\n");
	CHECK_EQ(parsed.count, 2);
	CHECK_EQ(parsed_set, 16);
	CHECK_EQ(value("254:0", PCF_IO_READ_BYTES), 1);
	CHECK_EQ(value("254:0", PCF_IO_DISCARD_OPS), 6);
	CHECK_EQ(value("254:0", PCF_IO_COST_USAGE_USEC), PCF_ABSENT);
	CHECK_EQ(value("8:16", PCF_IO_READ_BYTES), 7);
	CHECK_EQ(value("8:16", PCF_IO_COST_INDELAY_USEC), 14);
}

static void test_io_stat_devices_without_io(void)
{
	io_stat("");
	CHECK_EQ(parsed_set, 0);
	io_stat("254:0 \n8:0\n");
	CHECK_EQ(parsed_set, 0);
	CHECK_EQ(parsed.count, 0);
	/* A device without IO and without its newline: what follows belongs to the next one. */
	io_stat("254:0 8:0 rbytes=9 wbytes=1 rios=1 wios=1 dbytes=0 dios=0\n7:0  rbytes=3\n");
	CHECK_EQ(parsed.count, 2);
	CHECK_EQ(value("8:0", PCF_IO_READ_BYTES), 9);
	CHECK_EQ(value("254:0", PCF_IO_READ_BYTES), PCF_ABSENT);
	CHECK_EQ(value("7:0", PCF_IO_READ_BYTES), 3);
}

static void test_io_stat_oddities(void)
{
	io_stat("8:0 rbytes=1 use_delay=0 depth=max avg_lat=5 win=7 rbytes= =5 rios=2x wios=-1 wbytes=max "
		"dbytes=18446744073709551616 dios=4\n");
	CHECK_EQ(parsed_set, 2);
	CHECK_EQ(value("8:0", PCF_IO_READ_BYTES), 1);
	CHECK_EQ(value("8:0", PCF_IO_DISCARD_OPS), 4);
	io_stat("8:0 rbytes=1 wbytes=23");
	CHECK_EQ(parsed_set, 1);
	CHECK_EQ(value("8:0", PCF_IO_WRITE_BYTES), PCF_ABSENT);
	io_stat("rbytes=1\nvda rbytes=2\n8:x rbytes=3\n8:0:1 rbytes=4\n");
	CHECK_EQ(parsed_set, -EINVAL);
	CHECK_EQ(parsed.count, 0);
	io_stat("8:0 rbytes=1\nrbytes=2\n");
	CHECK_EQ(value("8:0", PCF_IO_READ_BYTES), 1);
	io_stat("8:0 rbytes=1\n8:0 rbytes=2\n");
	CHECK_EQ(parsed.count, 1);
	CHECK_EQ(value("8:0", PCF_IO_READ_BYTES), 2);
}

static void test_blkio_by_operation(void)
{
	parse("blkio.io_service_bytes", 1, PCF_GROUP_IO,
	      "8:0 Read 1\n8:0 Write 2\n8:0 Sync 3\n8:0 Async 4\n8:0 Discard 5\n8:0 Total 6\n254:0 Read 7\nTotal 13\n");
	CHECK_EQ(parsed_set, 6);
	CHECK_EQ(parsed.count, 2);
	CHECK_EQ(value("8:0", PCF_IO_READ_BYTES), 1);
	CHECK_EQ(value("8:0", PCF_IO_ASYNC_BYTES), 4);
	CHECK_EQ(value("8:0", PCF_IO_DISCARD_BYTES), 5);
	CHECK_EQ(value("254:0", PCF_IO_READ_BYTES), 7);
	parse("blkio.io_serviced", 1, PCF_GROUP_IO, "8:0 Read 1\n8:0 Wri");
	CHECK_EQ(parsed_set, 1);
	CHECK_EQ(value("8:0", PCF_IO_READ_OPS), 1);
	parse("blkio.io_merged", 1, PCF_GROUP_IO_SCHEDULER, "8:0 Read 1\n8:0 Total 9\nTotal 9\n");
	CHECK_EQ(value("8:0", PCF_IO_SCHEDULER_MERGED), 9);
}

static void test_blkio_empty(void)
{
	parse("blkio.io_serviced", 1, PCF_GROUP_IO, "");
	CHECK_EQ(parsed_set, 0);
	parse("blkio.io_serviced", 1, PCF_GROUP_IO, "Total 0\n");
	CHECK_EQ(parsed_set, 0);
	parse("blkio.io_serviced", 1, PCF_GROUP_IO, "hello\n");
	CHECK_EQ(parsed_set, -EINVAL);
}

static void test_blkio_one_number(void)
{
	parse("blkio.time", 1, PCF_GROUP_IO_SCHEDULER, "8:0 123\n8:16 4\n");
	CHECK_EQ(parsed_set, 2);
	CHECK_EQ(value("8:0", PCF_IO_SCHEDULER_TIME_MS), 123);
	CHECK_EQ(value("8:16", PCF_IO_SCHEDULER_TIME_MS), 4);
	parse("blkio.sectors", 1, PCF_GROUP_IO_SCHEDULER, "8:0 Read 5\n8:16 12 13\n8:32 -1\n8:48 77");
	CHECK_EQ(parsed_set, 0);
}

static void diskstats(const char *text)
{
	parse("diskstats", 0, PCF_GROUP_IO, text);
}

static void test_diskstats(void)
{
	diskstats("   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n 259       0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 "
		  "16 17\n");
	CHECK_EQ(parsed.count, 2);
	CHECK_EQ(value("8:0", PCF_IO_READ_OPS), 1);
	CHECK_EQ(value("8:0", PCF_IO_READ_BYTES), 3 * 512);
	CHECK_EQ(value("8:0", PCF_IO_WRITE_OPS), 5);
	CHECK_EQ(value("8:0", PCF_IO_WRITE_BYTES), 7 * 512);
	CHECK_EQ(value("8:0", PCF_IO_DISCARD_OPS), PCF_ABSENT);
	CHECK_EQ(value("259:0", PCF_IO_DISCARD_OPS), 12);
	CHECK_EQ(value("259:0", PCF_IO_DISCARD_BYTES), 14 * 512);
}

static void test_diskstats_partitions(void)
{
#define N " 1 0 8 0 0 0 0 0 0 0 0\n"
	diskstats(" 8 0 sda" N " 8 1 sda1" N " 8 15 sda15" N " 8 16 sdaa" N " 259 0 nvme0n1" N " 259 1 nvme0n1p1" N
		  " 259 2 nvme0n1p12" N " 259 3 nvme0n2" N " 7 1 loop1" N " 7 10 loop10" N " 253 0 dm-0" N
		  " 253 1 dm-00" N " 9 0 md0" N " 9 127 md0p" N " 9 1 md0px" N " 202 1 xvda1" N);
	CHECK_EQ(parsed.count, 12);
	CHECK(keyed_rows_find(&parsed, "8:0") && keyed_rows_find(&parsed, "8:16") && keyed_rows_find(&parsed, "7:10"));
	CHECK(!keyed_rows_find(&parsed, "8:1") && !keyed_rows_find(&parsed, "8:15"));
	CHECK(!keyed_rows_find(&parsed, "259:1") && !keyed_rows_find(&parsed, "259:2"));
	CHECK(keyed_rows_find(&parsed, "259:3") && keyed_rows_find(&parsed, "202:1"));
}

static void test_diskstats_left_out(void)
{
	diskstats(" 7 0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	CHECK_EQ(parsed_set, 0);
	CHECK_EQ(parsed.count, 0);
	diskstats(" 8 0 sda 1 2 3 4 5 6 7 8 9 10 11");
	CHECK_EQ(parsed_set, -EINVAL);
	diskstats(" 8 0 sda 1 2 3\n x 0 sdb" N " 8 16 " N " 123456789012345678901234567890 0 sdc" N);
	CHECK_EQ(parsed_set, -EINVAL);
	diskstats("");
	CHECK_EQ(parsed_set, 0);
	diskstats(" 8 0 sda 1 2 36028797018963968 4 5 6 7 8 9 10 11\n"); /* 2^55 sectors = 2^64 bytes */
	CHECK_EQ(value("8:0", PCF_IO_READ_BYTES), PCF_ABSENT);
	CHECK_EQ(value("8:0", PCF_IO_READ_OPS), 1);
}

int main(void)
{
	test_io_stat();
	test_io_stat_devices_without_io();
	test_io_stat_oddities();
	test_blkio_by_operation();
	test_blkio_empty();
	test_blkio_one_number();
	test_diskstats();
	test_diskstats_partitions();
	test_diskstats_left_out();
	return check_result();
}
