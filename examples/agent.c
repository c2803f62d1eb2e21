/* Maps a running collector's ring and prints the memory of each container, largest first: plain C, no daemon asked.
 *
 *   cc -O2 examples/agent.c -o agent $(pkg-config --cflags --libs pcf)
 *   ./agent [ring directory]
 */
#include <errno.h>
#include <inttypes.h>
#include <pcf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
	uint64_t bytes;
	pcf_slot_record who;
};

static int larger_first(const void *a, const void *b)
{
	uint64_t x = ((const struct line *)a)->bytes, y = ((const struct line *)b)->bytes;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* Position of a column in the values of pcf_region_values, -1 when this host does not give it. */
static int column_position(const pcf_region *region, const char *name)
{
	for (uint32_t i = 0; i < pcf_region_head(region)->column_count; i++)
		if (strcmp(pcf_region_columns(region)[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* The lines of one tick; -1 when it was overwritten meanwhile. */
static int collect(const pcf_region *region, const pcf_slots *slots, uint64_t tick, int usage, struct line *lines,
		   uint32_t high)
{
	uint64_t values[PCF_MAX_GROUP_COLUMNS];
	int count = 0;

	for (uint32_t slot = 0; slot < high; slot++) { /* a scalar group: the row is the slot */
		int result = pcf_region_values(region, tick, slot, values, NULL);

		if (result == -ESTALE)
			return -1;
		if (result == 0 && values[usage] < PCF_UNLIMITED && pcf_slots_read(slots, slot, &lines[count].who) == 0)
			lines[count++].bytes = values[usage];
	}
	return count;
}

static int print_latest(const pcf_region *region, const pcf_slots *slots)
{
	uint32_t high = pcf_region_head(region)->row_high;
	struct line *lines = calloc((size_t)high + 1, sizeof *lines);
	uint64_t tick = pcf_region_latest(region);
	int usage = column_position(region, "usage_bytes"), count = -1;

	if (lines == NULL || usage < 0 || tick == 0) {
		fprintf(stderr, "no memory sampled here yet\n");
		free(lines);
		return 1;
	}
	for (int attempt = 0; attempt < 5 && count < 0; attempt++)
		count = collect(region, slots, tick = pcf_region_latest(region), usage, lines, high);
	qsort(lines, count > 0 ? (size_t)count : 0, sizeof *lines, larger_first);
	printf("tick %" PRIu64 ": %d containers%s\n", tick, count,
	       pcf_region_is_written(region) ? "" : " (no collector is running)");
	for (int i = 0; i < count; i++)
		printf("%12.1f MiB  %-10s %s\n", (double)lines[i].bytes / (1 << 20), lines[i].who.runtime,
		       lines[i].who.name[0] != '\0' ? lines[i].who.name : lines[i].who.path);
	free(lines);
	return count < 0;
}

int main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : "/dev/shm/pycadvisor-fast";
	pcf_region *memory = NULL;
	pcf_slots *slots = NULL;
	pcf_error err;
	int result = 1;

	if (pcf_slots_attach(&slots, dir, &err) < 0 || pcf_region_attach(&memory, dir, "memory", &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	else
		result = print_latest(memory, slots);
	pcf_region_close(memory);
	pcf_slots_close(slots);
	return result;
}
