/* The tick group: what the tick thread knows about itself, one row a group. */
#include <string.h>

#include "tick/collector.h"

void pcf_self_late(pcf_group_state *state, uint64_t lateness_ns)
{
	static const struct {
		uint64_t most_ns;
		int column;
	} steps[] = {
		{100000, PCF_TICK_LATE_100US},    {1000000, PCF_TICK_LATE_1MS},   {10000000, PCF_TICK_LATE_10MS},
		{100000000, PCF_TICK_LATE_100MS}, {1000000000, PCF_TICK_LATE_1S},
	};

	state->values[PCF_TICK_LATENESS_NS] = lateness_ns;
	if (lateness_ns > state->values[PCF_TICK_LATENESS_MAX_NS])
		state->values[PCF_TICK_LATENESS_MAX_NS] = lateness_ns;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		state->values[steps[i].column] += lateness_ns <= steps[i].most_ns;
}

void pcf_self_sample(pcf_collector *collector, pcf_pass *pass)
{
	pcf_region *region = collector->regions[PCF_GROUP_TICK];
	uint32_t offset = pcf_pass_offset(pass);

	for (int g = 0; g < PCF_GROUP_COUNT && collector->root_slot != PCF_NO_INDEX; g++) {
		const char *name = pcf_group_at(g)->name;

		if (!collector->stride[g])
			continue;
		if (collector->self_rows[g] == PCF_NO_INDEX &&
		    pcf_region_row_claim(region, collector->root_slot, collector->root_generation, name, strlen(name),
					 pass->tick, &collector->self_rows[g]) < 0) {
			collector->self_rows[g] = PCF_NO_INDEX;
			pass->rows_refused++;
			continue;
		}
		pass->unrepresentable +=
			(uint64_t)pcf_region_store(region, collector->self_rows[g], offset, collector->state[g].values);
		pass->rows++;
	}
}
