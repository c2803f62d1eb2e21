/* Rows of devices, cores and page sizes that are gone while their container lives: nobody says so, the kernel just lists
 * them no more.  Without this a host that plugs disks in and out for months would fill its ring. */
#include "ring/region.h"

#define ROWS_A_LOOK 16

/* Looks at the newest ticks first: a row in use costs one look. */
static int is_idle(const pcf_region *region, uint32_t row)
{
	uint32_t ticks = region->shape.ring_len < PCF_IDLE_TICKS ? region->shape.ring_len : PCF_IDLE_TICKS;
	uint64_t tick = region->writer->newest;

	for (uint32_t i = 0; i < ticks && tick >= region->stride; i++, tick -= region->stride)
		if (pcf_region_is_sampled(region, row, tick))
			return 0;
	return 1;
}

void pcf_region_idle_release(pcf_region *region)
{
	struct pcf_region_writer *writer = region->writer;
	uint32_t high = pcf_load_plain(&region->head->row_high);

	/* Rows of an earlier collector are not silent because there was none for a while. */
	if (writer == NULL || region->shape.key == PCF_KEY_NONE || writer->ended < PCF_IDLE_TICKS)
		return;
	for (uint32_t i = 0; i < ROWS_A_LOOK && i < high; i++) {
		uint32_t row = writer->looked < high ? writer->looked : 0;

		writer->looked = row + 1;
		if (region->rows[row].gone_tick == 0 && is_idle(region, row))
			pcf_region_row_release(region, row, writer->newest);
	}
}
