/* Cells of a ring row as values. The same rule as pcf_cell_load, inline: it runs for every column of every row. */
#ifndef PCF_ENCODE_CELL_H
#define PCF_ENCODE_CELL_H
#include <string.h>

#include "pcf.h"

static inline uint64_t pcf_cell_narrow(uint32_t raw, unsigned shift)
{
	if (raw >= 0xfffffffe) /* all ones: absent; all ones - 1: unlimited */
		return (uint64_t)(int64_t)(int32_t)raw;
	return (uint64_t)raw << shift;
}

/* The value of the cell at `at`, PCF_ABSENT and PCF_UNLIMITED included. */
static inline uint64_t pcf_cell_value(const uint8_t *at, uint8_t cell)
{
	uint64_t wide;
	uint32_t narrow;
	uint16_t hundredths;

	switch (cell) {
	case PCF_CELL_U64:
		memcpy(&wide, at, sizeof wide);
		return wide;
	case PCF_CELL_P32:
		memcpy(&narrow, at, sizeof narrow);
		return pcf_cell_narrow(narrow, 12);
	case PCF_CELL_K32:
		memcpy(&narrow, at, sizeof narrow);
		return pcf_cell_narrow(narrow, 10);
	case PCF_CELL_U32:
		memcpy(&narrow, at, sizeof narrow);
		return pcf_cell_narrow(narrow, 0);
	default:
		memcpy(&hundredths, at, sizeof hundredths);
		return hundredths >= 0xfffe ? (uint64_t)(int64_t)(int16_t)hundredths : hundredths;
	}
}

static inline unsigned pcf_cell_width(uint8_t cell)
{
	return cell == PCF_CELL_U64 ? 8 : cell == PCF_CELL_C16 ? 2 : 4;
}
#endif
