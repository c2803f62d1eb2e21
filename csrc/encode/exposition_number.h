/* Numbers as text: whole ones, ones with a fixed number of decimals, doubles. */
#ifndef PCF_ENCODE_EXPOSITION_NUMBER_H
#define PCF_ENCODE_EXPOSITION_NUMBER_H
#include <stdint.h>

#define PCF_NUMBER_MAX 40 /* bytes that any of these may write */

/* Digits of a whole number; returns their end. */
uint8_t *pcf_number_whole(uint8_t *out, uint64_t value);
/* value / 10^decimals, without zeros at its end: no rounding takes place. decimals: at most 18. */
uint8_t *pcf_number_decimal(uint8_t *out, uint64_t value, unsigned decimals);
/* The fewest digits that read back as the same double; "NaN", "+Inf", "-Inf". */
uint8_t *pcf_number_double(uint8_t *out, double value);
#endif
