#include "schema/clock.h"
#include "source/source.h"

uint32_t pcf_pass_offset(const pcf_pass *pass)
{
	uint64_t ns = pcf_now_ns(CLOCK_MONOTONIC) - pass->began_ns;

	return ns / 1000 > UINT32_MAX ? UINT32_MAX : (uint32_t)(ns / 1000);
}
