/* Filling a key table, and storing the values of keys. */
#include "parse/key_table.h"

#include <errno.h>

/* v1 prints "no limit" as a number: LONG_MAX rounded down to whole (huge) pages, mm/memcontrol-v1.c and
 * mm/hugetlb_cgroup.c.  No real limit comes near 4 EiB, whatever the page size. */
#define UNLIMITED_FROM ((uint64_t)1 << 62)

int pcf_key_add(pcf_key_table *table, pcf_key key)
{
	unsigned slot;

	if (pcf_key_find(table, key.text, key.len))
		return -EEXIST;
	pcf_key_words(key.text, key.len, key.words);
	slot = pcf_key_hash(key.words, key.len) & table->slot_mask;
	while (table->slots[slot])
		slot = (slot + 1) & table->slot_mask;
	table->keys[table->count] = key;
	table->slots[slot] = (uint8_t)++table->count;
	return 0;
}

/* "max" (v2, pids) and "-1" (cpu.cfs_quota_us) for a limit that is not set. */
static int is_unlimited_word(const char *p, const char *end)
{
	if (end - p > 3 && memcmp(p, "max", 3) == 0)
		return pcf_is_stop(p + 3, end);
	return end - p > 2 && memcmp(p, "-1", 2) == 0 && pcf_is_stop(p + 2, end);
}

int pcf_key_store(const pcf_key *key, const char *p, const char *end, uint64_t *row)
{
	uint64_t number;
	const char *stop = pcf_scan_number(p, end, &number);

	if (stop) {
		if (!pcf_is_stop(stop, end))
			return 0;
		if (!key->is_limit || number < UNLIMITED_FROM || number == PCF_ABSENT)
			return pcf_key_set(key, number, row);
	} else if (!key->is_limit || !is_unlimited_word(p, end)) {
		return 0;
	}
	row[key->column] = PCF_UNLIMITED;
	return 1;
}
