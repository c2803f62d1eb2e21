/* Numbers of the exposition against the C library's, and against digits written out by hand. */
#include <locale.h>
#include <math.h>

#include "check.h"
#include "encode/exposition_number.h"
#include "pcf.h"

static const char *decimal(uint64_t value, unsigned decimals)
{
	static char text[PCF_NUMBER_MAX + 1];
	text[pcf_exposition_decimal(text, value, decimals)] = '\0';
	return text;
}

static const char *shortest(double value)
{
	static char text[PCF_NUMBER_MAX + 1];
	text[pcf_exposition_double(text, value)] = '\0';
	return text;
}

static void test_whole(void)
{
	char expected[32];
	uint64_t power = 1;
	for (int digits = 0; digits < 20; digits++, power *= 10)
		for (int near = -1; near <= 1; near++) {
			snprintf(expected, sizeof expected, "%" PRIu64, power + (uint64_t)near);
			CHECK_STR(decimal(power + (uint64_t)near, 0), expected);
		}
	CHECK_STR(decimal(UINT64_MAX, 0), "18446744073709551615");
}

static void test_decimals(void)
{
	CHECK_STR(decimal(0, 9), "0");
	CHECK_STR(decimal(1, 9), "0.000000001");
	CHECK_STR(decimal(1000000000, 9), "1");
	CHECK_STR(decimal(1500000000, 9), "1.5");
	CHECK_STR(decimal(123456789012345678, 9), "123456789.012345678");
	CHECK_STR(decimal(UINT64_MAX, 9), "18446744073.709551615");
	CHECK_STR(decimal(10, 2), "0.1");
	CHECK_STR(decimal(10000, 2), "100");
	CHECK_STR(decimal(7, 6), "0.000007");
	CHECK_STR(decimal(1234567, 3), "1234.567");
	CHECK_STR(decimal(1, 18), "0.000000000000000001");
	CHECK_STR(decimal(UINT64_MAX, 18), "18.446744073709551615");
}

/* What was written reads back as the number that was meant, for numbers of all lengths. */
static void test_decimals_read_back(void)
{
	uint64_t random = 88172645463325252u;
	for (int i = 0; i < 20000; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		uint64_t value = random >> (random & 63);
		const char *text = decimal(value, 9), *point = strchr(text, '.');
		uint64_t whole = strtoull(text, NULL, 10), rest = 0;
		char digits[10] = "000000000";
		if (point) {
			size_t length = strlen(point + 1);
			CHECK(length <= 9 && point[length] != '0');
			memcpy(digits, point + 1, length);
		}
		rest = strtoull(digits, NULL, 10);
		CHECK_EQ(whole * 1000000000 + rest, value);
	}
}

static void test_doubles(void)
{
	CHECK_STR(shortest(0), "0");
	CHECK_STR(shortest(-0.0), "0");
	CHECK_STR(shortest(1), "1");
	CHECK_STR(shortest(-1), "-1");
	CHECK_STR(shortest(-62135596800.0), "-62135596800");
	CHECK_STR(shortest(0.1), "0.1");
	CHECK_STR(shortest(1.0 / 3), "0.3333333333333333");
	CHECK_STR(shortest(1e300), "1e+300");
	CHECK_STR(shortest(9007199254740993.0), "9007199254740992");
	CHECK_STR(shortest(NAN), "NaN");
	CHECK_STR(shortest(INFINITY), "+Inf");
	CHECK_STR(shortest(-INFINITY), "-Inf");
}

static void test_doubles_read_back(void)
{
	uint64_t random = 88172645463325252u;
	for (int i = 0; i < 20000; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		double value;
		memcpy(&value, &random, sizeof value);
		if (isfinite(value))
			CHECK(strtod(shortest(value), NULL) == value);
	}
}

/* A program that embeds the library may have chosen a locale whose numbers have commas. */
static void test_locale(void)
{
	static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (setlocale(LC_ALL, names[i]))
			break;
	CHECK_STR(shortest(0.5), "0.5");
	CHECK_STR(decimal(5, 1), "0.5");
	setlocale(LC_ALL, "C");
}

int main(void)
{
	test_whole();
	test_decimals();
	test_decimals_read_back();
	test_doubles();
	test_doubles_read_back();
	test_locale();
	return check_result();
}
