#include <string.h>

#include "pcf.h"

void pcf_options_default(pcf_options *out)
{
	memset(out, 0, sizeof *out);
	out->ring_dir = "/dev/shm/pycadvisor-fast";
	out->sysroot = "";
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		out->interval_ns[g] = PCF_ABSENT;
	out->history_ns = 120ULL * 1000 * 1000 * 1000;
	out->max_containers = 8192; /* room that is not used costs nothing */
}
