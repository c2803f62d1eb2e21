/* Numbers, percentages, times and strings as Go writes them. */
#include <time.h>

#include "check.h"
#include "encode/cadvisor_json_text.h"
#include "fuzz/random.h"

static char text[1024];

static const char *number(uint64_t value)
{
	*pcf_json_number(text, value) = 0;
	return text;
}

static void test_numbers(void)
{
	char expected[32];
	uint64_t edge = 1;

	for (int digits = 0; digits <= 19; digits++, edge *= 10)
		for (int64_t by = -2; by <= 2; by++) {
			snprintf(expected, sizeof expected, "%" PRIu64, edge + (uint64_t)by);
			CHECK_STR(number(edge + (uint64_t)by), expected);
		}
	for (int i = 0; i < 200000; i++) {
		uint64_t value = random_next() >> random_below(64);
		snprintf(expected, sizeof expected, "%" PRIu64, value);
		if (strcmp(number(value), expected) != 0)
			CHECK_STR(text, expected);
	}
	CHECK_STR(number(UINT64_MAX), "18446744073709551615");
}

/* The fewest digits that say the same: all of them, against printf with its zeros taken off. */
static void test_hundredths(void)
{
	for (uint64_t value = 0; value < 65536; value++) {
		char expected[32];
		int len = snprintf(expected, sizeof expected, "%" PRIu64 ".%02" PRIu64, value / 100, value % 100);
		while (expected[len - 1] == '0')
			expected[--len] = 0;
		if (expected[len - 1] == '.')
			expected[--len] = 0;
		*pcf_json_hundredths(text, value) = 0;
		if (strcmp(text, expected) != 0)
			CHECK_STR(text, expected);
	}
	*pcf_json_hundredths(text, 1) = 0;
	CHECK_STR(text, "0.01");
}

static const char *moment(uint64_t ns, struct pcf_json_clock *clock)
{
	*pcf_json_time(text, ns, clock) = 0;
	return text;
}

static void test_times(void)
{
	struct pcf_json_clock clock = {0};

	CHECK_STR(moment(0, &clock), "\"1970-01-01T00:00:00Z\"");
	CHECK_STR(moment(1, &clock), "\"1970-01-01T00:00:00.000000001Z\"");
	CHECK_STR(moment(1700000000000000000, &clock), "\"2023-11-14T22:13:20Z\"");
	CHECK_STR(moment(1700000000120000000, &clock), "\"2023-11-14T22:13:20.12Z\"");
	CHECK_STR(moment(1700000000999999999, &clock), "\"2023-11-14T22:13:20.999999999Z\"");
	CHECK_STR(moment(1700000001000000000, &clock), "\"2023-11-14T22:13:21Z\"");
	CHECK_STR(moment(1709164800000001000, &clock), "\"2024-02-29T00:00:00.000001Z\"");
	CHECK_STR(moment(UINT64_MAX, &clock), "\"2554-07-21T23:34:33.709551615Z\"");
	for (int i = 0; i < 20000; i++) {
		uint64_t ns = random_next() >> random_below(8);
		time_t seconds = (time_t)(ns / 1000000000);
		struct tm parts;
		char expected[64];
		size_t len = strftime(expected, sizeof expected, "\"%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &parts));
		len += (size_t)snprintf(expected + len, sizeof expected - len, ".%09" PRIu64, ns % 1000000000);
		while (expected[len - 1] == '0')
			len--;
		len -= expected[len - 1] == '.';
		strcpy(expected + len, "Z\"");
		if (strcmp(moment(ns, &clock), expected) != 0)
			CHECK_STR(text, expected);
	}
}

static const char *quoted(const char *string, size_t len)
{
	*pcf_json_quote(text, string, len) = 0;
	return text;
}

static void test_strings(void)
{
	CHECK_STR(quoted("", 0), "\"\"");
	CHECK_STR(quoted("eth0", 4), "\"eth0\"");
	CHECK_STR(quoted("a\"b\\c", 5), "\"a\\\"b\\\\c\"");
	CHECK_STR(quoted("<&>'", 4), "\"\\u003c\\u0026\\u003e'\"");
	CHECK_STR(quoted("\n\r\t\b\f\x1f\x7f", 7), "\"\\n\\r\\t\\b\\f\\u001f\x7f\"");
	CHECK_STR(quoted("a\0b", 3), "\"a\\u0000b\"");
	CHECK_STR(quoted("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa7", 9), "\"\\u2028\\u2029\xe2\x80\xa7\"");
	CHECK_STR(quoted("gr\xc3\xbc\xc3\x9f", 6), "\"gr\xc3\xbc\xc3\x9f\"");
	CHECK_STR(quoted("\xff\xc3(\xe2\x80", 5), "\"\\ufffd\\ufffd(\\ufffd\\ufffd\"");
	CHECK_STR(quoted("\xed\xa0\x80", 3), "\"\\ufffd\\ufffd\\ufffd\""); /* half of a surrogate pair */
}

/* A text grows in the middle of what it holds, and keeps it. */
static void test_growth(void)
{
	struct pcf_json_text grown = {0};

	for (int i = 0; i < 200000; i++) {
		CHECK_OR_DIE(pcf_json_room(&grown, 1) == 0);
		*grown.at++ = (char)('a' + i % 26);
	}
	CHECK_EQ(grown.at - grown.data, 200000);
	for (int i = 0; i < 200000; i++)
		if (grown.data[i] != 'a' + i % 26)
			CHECK_EQ(grown.data[i], 'a' + i % 26);
	free(grown.data);
}

int main(void)
{
	test_numbers();
	test_hundredths();
	test_times();
	test_strings();
	test_growth();
	return check_result();
}
