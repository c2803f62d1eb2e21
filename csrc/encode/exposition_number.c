/* Numbers as text. No locale has a say in it: digits are written here, two at a time. */
#include "encode/exposition_number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcf.h"

#define MOST_DIGITS     20
#define EXACT_WHOLE     9007199254740992.0 /* 2^53: a double holds each whole number up to here */
#define MOST_DECIMALS   18
#define SHORT_PRECISION 15 /* each number of so many digits is some double's own */
#define FULL_PRECISION  17 /* and so many tell any two doubles apart */

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
			    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
			    "8081828384858687888990919293949596979899";

static const uint64_t powers[MOST_DECIMALS + 1] = {
	1ull,
	10ull,
	100ull,
	1000ull,
	10000ull,
	100000ull,
	1000000ull,
	10000000ull,
	100000000ull,
	1000000000ull,
	10000000000ull,
	100000000000ull,
	1000000000000ull,
	10000000000000ull,
	100000000000000ull,
	1000000000000000ull,
	10000000000000000ull,
	100000000000000000ull,
	1000000000000000000ull,
};

/* Digits that end at `end`; returns where they begin. */
static char *digits_before(char *end, uint64_t value)
{
	for (; value >= 100; value /= 100)
		memcpy(end -= 2, pairs + 2 * (value % 100), 2);
	if (value >= 10)
		memcpy(end -= 2, pairs + 2 * value, 2);
	else
		*--end = (char)('0' + value);
	return end;
}

uint8_t *pcf_number_whole(uint8_t *out, uint64_t value)
{
	char digits[MOST_DIGITS];
	char *begin = digits_before(digits + MOST_DIGITS, value);
	size_t length = (size_t)(digits + MOST_DIGITS - begin);
	memcpy(out, begin, length);
	return out + length;
}

uint8_t *pcf_number_decimal(uint8_t *out, uint64_t value, unsigned decimals)
{
	if (decimals > MOST_DECIMALS)
		decimals = MOST_DECIMALS;
	uint64_t whole = value / powers[decimals], rest = value % powers[decimals];
	out = pcf_number_whole(out, whole);
	if (rest == 0)
		return out;
	char digits[MOST_DIGITS];
	char *end = digits + MOST_DIGITS, *begin = digits_before(end, rest);
	while (end - begin < (ptrdiff_t)decimals)
		*--begin = '0';
	while (end[-1] == '0')
		end--;
	*out++ = '.';
	memcpy(out, begin, (size_t)(end - begin));
	return out + (end - begin);
}

static uint8_t *text_put(uint8_t *out, const char *text)
{
	size_t length = strlen(text);
	memcpy(out, text, length);
	return out + length;
}

/* In the "C" locale, whatever the process has chosen. */
static locale_t plain_locale(void)
{
	static locale_t plain;
	locale_t known = __atomic_load_n(&plain, __ATOMIC_ACQUIRE);
	if (known)
		return known;
	locale_t made = newlocale(LC_ALL_MASK, "C", (locale_t)0), none = (locale_t)0;
	if (!made || __atomic_compare_exchange_n(&plain, &none, made, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return made;
	freelocale(made);
	return none;
}

uint8_t *pcf_number_double(uint8_t *out, double value)
{
	char text[PCF_NUMBER_MAX];
	if (isnan(value))
		return text_put(out, "NaN");
	if (isinf(value))
		return text_put(out, value > 0 ? "+Inf" : "-Inf");
	if (value == floor(value) && fabs(value) <= EXACT_WHOLE) {
		if (signbit(value) && value != 0)
			*out++ = '-';
		return pcf_number_whole(out, (uint64_t)fabs(value));
	}
	locale_t plain = plain_locale(), before = plain ? uselocale(plain) : (locale_t)0;
	for (int precision = SHORT_PRECISION; precision <= FULL_PRECISION; precision++) {
		snprintf(text, sizeof text, "%.*g", precision, value);
		if (strtod(text, NULL) == value)
			break;
	}
	if (plain)
		uselocale(before);
	return text_put(out, text);
}

size_t pcf_exposition_decimal(char *out, uint64_t value, uint32_t decimals)
{
	return (size_t)(pcf_number_decimal((uint8_t *)out, value, decimals) - (uint8_t *)out);
}

size_t pcf_exposition_double(char *out, double value)
{
	return (size_t)(pcf_number_double((uint8_t *)out, value) - (uint8_t *)out);
}
