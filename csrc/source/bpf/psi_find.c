/* Where this kernel keeps pressure, from its BTF; whatever does not look as the program reads it is refused by name. */
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "schema/error.h"
#include "source/bpf/psi.h"

#define SPAN_BYTES 144 /* PCF_PSI_SPAN_BYTES in bpf/psi.h */

static const char *const series_names[PCF_PSI_SERIES] = {
	"PSI_CPU_SOME", "PSI_CPU_FULL", "PSI_MEM_SOME", "PSI_MEM_FULL", "PSI_IO_SOME", "PSI_IO_FULL", "PSI_IRQ_FULL",
};

static const struct {
	const char *type, *member;
} needed[] = {
	{"cgroup", "psi"},
	{"psi_group", "avgs_lock"},
	{"psi_group", "pcpu"},
	{"psi_group", "avg_total"},
	{"psi_group", "avg_last_update"},
	{"psi_group", "avg_next_update"},
	{"psi_group", "total"},
	{"psi_group", "avg"},
	{"psi_group_cpu", "state_mask"},
	{"psi_group_cpu", "times"},
	{"psi_group_cpu", "state_start"},
	{"psi_group_cpu", "times_prev"},
};

static int say_unlike(pcf_error *err, const char *what)
{
	return pcf_error_say(err, -ENOTSUP, "pressure from kernel memory: %s in this kernel's BTF; files serve it",
			     what);
}

/* Bytes from the start of psi_group_cpu, -1: not there. */
static long cpu_member_offset(const pcf_btf *btf, const char *member)
{
	const struct btf *raw = pcf_btf_raw(btf);
	int id = btf__find_by_name_kind(raw, "psi_group_cpu", BTF_KIND_STRUCT);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(raw, (unsigned)id);

	for (unsigned i = 0; t && i < btf_vlen(t); i++)
		if (strcmp(btf__name_by_offset(raw, btf_members(t)[i].name_off), member) == 0)
			return btf_member_bit_offset(t, i) / 8;
	return -1;
}

static int check_members(const pcf_btf *btf, unsigned states, pcf_error *err)
{
	char text[120];
	long mask, times, start, prev;

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		if (!pcf_btf_has_member(btf, needed[i].type, needed[i].member)) {
			snprintf(text, sizeof text, "no member %s of struct %s", needed[i].member, needed[i].type);
			return say_unlike(err, text);
		}
	mask = cpu_member_offset(btf, "state_mask");
	times = cpu_member_offset(btf, "times");
	start = cpu_member_offset(btf, "state_start");
	prev = cpu_member_offset(btf, "times_prev");
	if (mask < 0 || mask >= times || times >= start || start >= prev ||
	    prev - (mask & ~7L) + 4 * ((long)states + 1) > SPAN_BYTES)
		return say_unlike(
			err, "struct psi_group_cpu is not in the order state_mask, times, state_start, times_prev");
	return 0;
}

static int check_lengths(const pcf_btf *btf, unsigned states, pcf_error *err)
{
	if (states == 0 || states > PCF_PSI_STATES)
		return say_unlike(err, "more kinds of pressure than there is room for, or none,");
	if (pcf_btf_array_length(btf, "psi_group", "total") % states ||
	    pcf_btf_array_length(btf, "psi_group", "avg_total") != states ||
	    pcf_btf_array_length(btf, "psi_group", "avg") != 3 * states)
		return say_unlike(err, "arrays of struct psi_group of another length than psi_states has numbers");
	if (pcf_btf_array_length(btf, "psi_group_cpu", "times") != states + 1 ||
	    pcf_btf_array_length(btf, "psi_group_cpu", "times_prev") % (states + 1) ||
	    pcf_btf_enum(btf, "psi_aggregators", "PSI_AVGS") != 0)
		return say_unlike(err, "arrays of struct psi_group_cpu of another length than psi_states has numbers");
	return 0;
}

/* The resolution of a coarse clock is one jiffy (kernel/time/posix-timers.c: KTIME_LOW_RES). */
static unsigned jiffies_per_second(void)
{
	struct timespec jiffy;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &jiffy) < 0 || jiffy.tv_sec || jiffy.tv_nsec <= 0)
		return 0;
	return (unsigned)((1000000000 + jiffy.tv_nsec / 2) / jiffy.tv_nsec);
}

int pcf_psi_find(const pcf_btf *btf, unsigned cpus, pcf_psi_facts *out, pcf_error *err)
{
	int64_t nonidle = pcf_btf_enum(btf, "psi_states", "PSI_NONIDLE");
	int code;

	memset(out, 0, sizeof *out);
	if (sizeof(long) != 8)
		return say_unlike(err, "32-bit numbers");
	if (nonidle < 0)
		return say_unlike(err, "no PSI_NONIDLE");
	if ((code = check_lengths(btf, (unsigned)nonidle, err)) < 0 ||
	    (code = check_members(btf, (unsigned)nonidle, err)) < 0)
		return code;
	for (int i = 0; i < PCF_PSI_SERIES; i++) {
		int64_t state = pcf_btf_enum(btf, "psi_states", series_names[i]);

		out->state[i] = state >= 0 && state < nonidle ? (int)state : -1;
	}
	out->kernel = (struct pcf_psi_layout){(uint32_t)nonidle, (uint32_t)nonidle, jiffies_per_second(), cpus};
	if (!out->kernel.hz)
		return say_unlike(err, "the length of a jiffy is not told by CLOCK_MONOTONIC_COARSE, nor");
	/* PSI_FREQ: 2 * HZ + 1 jiffies, in whole microseconds as jiffies_to_nsecs() has it. */
	out->period_ns = (2 * (uint64_t)out->kernel.hz + 1) * 1000000 / out->kernel.hz * 1000;
	return 0;
}
