/* The scanners that every parser is made of: numbers, tokens, lines.  All take the position and the end, and look
 * at no byte at or after the end. */
#ifndef PCF_PARSE_SCAN_H
#define PCF_PARSE_SCAN_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "parse/parse.h"

static inline int pcf_is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

/* Blanks inside a line. */
static inline int pcf_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Whether a number or word may stop here: the byte after it is there and is no part of it. */
static inline int pcf_is_stop(const char *p, const char *end)
{
	return p < end && (*p == '\n' || pcf_is_blank(*p));
}

static inline const char *pcf_skip_blanks(const char *p, const char *end)
{
	while (p < end && pcf_is_blank(*p))
		p++;
	return p;
}

/* Past the next newline, or end. */
static inline const char *pcf_skip_line(const char *p, const char *end)
{
	const char *newline = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;

	return newline ? newline + 1 : end;
}

/* The newline that ends the line at p, or NULL: the line is cut off and its last word may be, too. */
static inline const char *pcf_line_end(const char *p, const char *end)
{
	return p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
}

/* The digits at p as a number; returns where they stop, NULL when there are none.  Above 64 bits: PCF_ABSENT. */
static inline const char *pcf_scan_number(const char *p, const char *end, uint64_t *number)
{
	const char *start = p;
	uint64_t value = 0;

	while (p < end && pcf_is_digit(*p)) {
		uint64_t digit = (uint64_t)(*p++ - '0');

		/* 19 digits always fit; past them each step is checked, and leading zeros cost only time. */
		if (p - start <= 19)
			value = value * 10 + digit;
		else if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
			goto too_large;
	}
	*number = value;
	return p > start ? p : NULL;

too_large:
	while (p < end && pcf_is_digit(*p))
		p++;
	*number = PCF_ABSENT;
	return p;
}

/* number * factor, or PCF_ABSENT when that does not fit or would look like a sentinel. */
static inline uint64_t pcf_scale(uint64_t number, uint64_t factor)
{
	uint64_t value;

	if (number >= PCF_UNLIMITED || __builtin_mul_overflow(number, factor, &value) || value >= PCF_UNLIMITED)
		return PCF_ABSENT;
	return value;
}

/* "12.34" -> 1234, "5" -> 500: a decimal number in hundredths, digits past the second dropped.  Returns where it
 * stops, NULL when there is none; PCF_ABSENT when it does not fit. */
static inline const char *pcf_scan_hundredths(const char *p, const char *end, uint64_t *hundredths)
{
	uint64_t whole, cents = 0;
	int places = 0;

	p = pcf_scan_number(p, end, &whole);
	if (!p)
		return NULL;
	if (p < end && *p == '.')
		for (p++; p < end && pcf_is_digit(*p); p++)
			if (places++ < 2)
				cents = cents * 10 + (uint64_t)(*p - '0');
	*hundredths = pcf_scale(whole, 100);
	if (*hundredths != PCF_ABSENT)
		*hundredths = pcf_scale(*hundredths + (places == 1 ? cents * 10 : cents), 1);
	return p;
}

/* All numbers of the line at p, which must be blanks and whole numbers up to its newline.  Returns how many there
 * are (no more than max are kept), or -1: the line is cut off or has something else in it. */
static inline int pcf_scan_numbers(const char *p, const char *end, uint64_t *numbers, int max)
{
	int count = 0;

	for (;;) {
		uint64_t number;

		p = pcf_skip_blanks(p, end);
		if (p == end)
			return -1;
		if (*p == '\n')
			return count;
		p = pcf_scan_number(p, end, &number);
		if (!p || !pcf_is_stop(p, end))
			return -1;
		if (count < max)
			numbers[count] = number;
		count++;
	}
}

/* "8:0" at p: returns where it stops, NULL when there is none (or the end comes first). */
static inline const char *pcf_scan_device(const char *p, const char *end)
{
	uint64_t number;

	p = pcf_scan_number(p, end, &number);
	if (!p || p == end || *p != ':')
		return NULL;
	p = pcf_scan_number(p + 1, end, &number);
	return p && pcf_is_stop(p, end) ? p : NULL;
}
#endif
