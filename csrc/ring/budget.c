/* Bytes that the regions of one collector may reserve together. */
#include <stdlib.h>

#include "ring/region.h"

struct pcf_budget {
	uint64_t bound;
	uint64_t used;
};

pcf_budget *pcf_budget_new(uint64_t bytes)
{
	pcf_budget *budget = calloc(1, sizeof *budget);

	if (budget != NULL)
		budget->bound = bytes == 0 ? UINT64_MAX : bytes;
	return budget;
}

void pcf_budget_free(pcf_budget *budget)
{
	free(budget);
}

uint64_t pcf_budget_used(const pcf_budget *budget)
{
	return budget == NULL ? 0 : pcf_load_plain(&budget->used);
}

int pcf_budget_take(pcf_budget *budget, uint64_t bytes)
{
	uint64_t used;

	if (budget == NULL)
		return 1;
	used = pcf_load_plain(&budget->used);
	do
		if (used > budget->bound || bytes > budget->bound - used)
			return 0;
	while (!__atomic_compare_exchange_n(&budget->used, &used, used + bytes, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return 1;
}

void pcf_budget_give(pcf_budget *budget, uint64_t bytes)
{
	if (budget != NULL)
		__atomic_fetch_sub(&budget->used, bytes, __ATOMIC_RELAXED);
}

void pcf_region_set_budget(pcf_region *region, pcf_budget *budget)
{
	struct pcf_region_writer *writer = region->writer;

	if (writer == NULL)
		return;
	pthread_mutex_lock(&writer->lock);
	pcf_budget_give(writer->budget, writer->memory);
	if (budget != NULL)
		__atomic_fetch_add(&budget->used, writer->memory, __ATOMIC_RELAXED);
	writer->budget = budget;
	pthread_mutex_unlock(&writer->lock);
}
