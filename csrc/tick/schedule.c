/* Which tick is due when. Tick n stands at CLOCK_MONOTONIC n * base; a group is due at the multiples of its stride. */
#include "tick/collector.h"

uint64_t pcf_schedule_next(const uint64_t *stride, int groups, uint64_t after)
{
	uint64_t next = 0;

	for (int g = 0; g < groups; g++) {
		uint64_t due = stride[g] ? (after / stride[g] + 1) * stride[g] : 0;

		if (due && (next == 0 || due < next))
			next = due;
	}
	return next;
}

uint64_t pcf_schedule_last(const uint64_t *stride, int groups, uint64_t until)
{
	uint64_t last = 0;

	for (int g = 0; g < groups; g++) {
		uint64_t due = stride[g] ? until / stride[g] * stride[g] : 0;

		if (due > last)
			last = due;
	}
	return last;
}

uint64_t pcf_schedule_missed(uint64_t stride, uint64_t last, uint64_t tick)
{
	return stride && tick > last ? (tick - 1) / stride - last / stride : 0;
}
