#include "source/descriptors.h"

#include <errno.h>

int pcf_descriptors_take(pcf_descriptors *budget, unsigned count)
{
	uint64_t used = atomic_load_explicit(&budget->used, memory_order_relaxed);

	do {
		if (used + count > budget->most)
			return -EMFILE;
	} while (!atomic_compare_exchange_weak_explicit(&budget->used, &used, used + count, memory_order_relaxed,
							memory_order_relaxed));
	return 0;
}

void pcf_descriptors_give(pcf_descriptors *budget, unsigned count)
{
	atomic_fetch_sub_explicit(&budget->used, count, memory_order_relaxed);
}
