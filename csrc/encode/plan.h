/* What one call encodes of one group: which tick, which columns, where their cells and tags are. */
#ifndef PCF_ENCODE_PLAN_H
#define PCF_ENCODE_PLAN_H
#include <stdbool.h>

#include "encode/cell.h"
#include "encode/row_index.h"
#include "encode/wire.h"

/* Fields of stats.proto, which csrc/generate.py writes, */
#define PCF_RATES_OFFSET      100
#define PCF_FIELD_OFFSET_USEC 1000
#define PCF_FIELD_KEY         1001
/* and of service.proto. */
#define PCF_FIELD_CONTAINERS  5 /* of StatsBatch */
#define PCF_FIELD_GROUPS      5 /* of ColumnsBatch */

struct pcf_plan_column {
	uint16_t number;
	uint16_t offset; /* of the cell in a cell row */
	uint8_t cell;    /* PCF_CELL_* */
	bool is_counter;
	struct pcf_wire_tag tag;      /* in the group's message */
	struct pcf_wire_tag rate_tag; /* in its rates message */
};

struct pcf_plan_tick {
	uint64_t number; /* 0 = none */
	uint64_t monotonic_ns;
	uint64_t realtime_ns;
	const uint8_t *cells;
};

struct pcf_row_plan {
	const pcf_region *region;
	const pcf_group_def *group;
	const struct pcf_row_index *index;
	struct pcf_plan_tick now, before;
	uint32_t row_bytes, row_capacity;
	struct pcf_wire_tag tag, rates_tag; /* in ContainerStats */
	size_t row_max;                     /* bytes a row's message can need */
	unsigned *guess;                    /* row_guess of the group */
	bool has_key, has_counters, is_whole;
	uint32_t columns;
	struct pcf_plan_column column[PCF_MAX_GROUP_COLUMNS];
};

/* A row to encode. */
struct pcf_row_pick {
	const uint8_t *now, *before; /* cell rows; before: NULL = not sampled then, or another tenant's */
	const struct pcf_row_entry *entry;
	uint64_t handle;
};

struct pcf_encoder {
	struct pcf_wire wire;
	struct pcf_row_index *index; /* by group */
	struct pcf_row_plan *plan;   /* of this call, ascending by field number */
	uint32_t plans;
	unsigned container_guess; /* bytes the previous length took: see pcf_wire_length_close */
	unsigned (*row_guess)[2]; /* by group; [1] is for rates */
	unsigned group_guess;
	struct pcf_row_pick *picks; /* rows of one group, for columns */
	size_t picks_capacity;
};

/* Fills encoder->plan.  0, -EINVAL (no such group, one twice, or one that is off), -ESTALE, -ENOMEM. */
int pcf_encode_plan(pcf_encoder *encoder, pcf_region *const *regions, const pcf_encode_group *groups, uint32_t count);
/* After encoding: 0, or -ESTALE when a tick that was read has been overwritten. */
int pcf_encode_plan_check(const pcf_encoder *encoder);

/* The cell row of a tick, NULL when the row was not sampled in it. */
static inline const uint8_t *pcf_plan_row(const struct pcf_row_plan *plan, const struct pcf_plan_tick *tick,
					  const struct pcf_row_entry *entry)
{
	if (tick->number == 0 || entry->born_tick > tick->number || entry->row >= plan->row_capacity)
		return NULL;
	const uint8_t *row = tick->cells + (size_t)entry->row * plan->row_bytes;
	uint32_t stamp;
	memcpy(&stamp, row, sizeof stamp);
	return stamp == (uint32_t)tick->number ? row : NULL;
}

static inline uint32_t pcf_row_offset_usec(const uint8_t *row)
{
	uint32_t offset;
	memcpy(&offset, row + 4, sizeof offset);
	return offset;
}

/* Whether a container's row is to be encoded; fills pick. */
bool pcf_plan_pick(const struct pcf_row_plan *plan, const pcf_encode_container *container,
		   const struct pcf_row_entry *entry, uint32_t flags, struct pcf_row_pick *pick);
/* Nanoseconds between the two samples of a pick, 0 when there are no rates to be had. */
uint64_t pcf_plan_elapsed(const struct pcf_row_plan *plan, const struct pcf_row_pick *pick);
/* Change per second of a counter; false: a value is absent, or the counter started anew. */
bool pcf_plan_rate(const struct pcf_plan_column *column, const struct pcf_row_pick *pick, uint64_t elapsed_ns,
		   double *rate);
#endif
