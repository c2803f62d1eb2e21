/* Which rows of a region belong to a slot: the row table sorted by slot, kept until the table changes. */
#ifndef PCF_ENCODE_ROW_INDEX_H
#define PCF_ENCODE_ROW_INDEX_H
#include "pcf.h"

struct pcf_row_entry {
	uint32_t row;
	uint32_t slot;
	uint32_t generation;
	uint32_t key_len;
	uint64_t born_tick;
	char key[PCF_KEY_BYTES]; /* valid UTF-8: bytes that are none are '?' */
};

struct pcf_row_index {
	const pcf_region *region;
	uint64_t writer_start_ns, rows_seq; /* what it was made from */
	uint32_t slots;                     /* first[] has one more */
	uint32_t *first;                    /* entries of slot s: first[s] to first[s + 1] */
	struct pcf_row_entry *entries;
};

/* Brings the index up to date.  0 or -ENOMEM. */
int pcf_row_index_refresh(struct pcf_row_index *index, const pcf_region *region);
void pcf_row_index_clear(struct pcf_row_index *index);

/* Rows of a slot in row order; *count of them. */
static inline const struct pcf_row_entry *pcf_row_index_find(const struct pcf_row_index *index, uint32_t slot,
							     uint32_t *count)
{
	*count = 0;
	if (slot >= index->slots)
		return NULL;
	*count = index->first[slot + 1] - index->first[slot];
	return index->entries + index->first[slot];
}
#endif
