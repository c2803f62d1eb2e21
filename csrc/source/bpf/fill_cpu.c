/* CPU time, bandwidth control and their limits. */
#include "source/bpf/cputime.h"
#include "source/bpf/fill.h"

#define USEC           1000ULL
#define USER_HZ_NS     10000000ULL /* cpuacct.stat is printed in hundredths of a second, on every architecture */
#define RUNTIME_INF    UINT64_MAX  /* kernel/sched/sched.h: no quota */
#define SHARES_SHIFT   10          /* kernel/sched/sched.h, NICE_0_LOAD_SHIFT on 64-bit kernels */
#define WEIGHT_DEFAULT 100ULL      /* include/linux/cgroup.h, CGROUP_WEIGHT_DFL */
#define WEIGHT_MAX     10000ULL
#define SHARES_DEFAULT 1024ULL

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What others were shown meanwhile counts as shown: our numbers and the text's must not go apart. */
static void split(const struct pcf_walk_cputime *time, uint64_t *shown_user, uint64_t *shown_system, uint64_t *user,
		  uint64_t *system)
{
	uint64_t with_user = larger(*shown_user, time->shown_user),
		 with_system = larger(*shown_system, time->shown_system);

	*user = time->user;
	*system = time->system;
	if (with_user + with_system <= time->usage) {
		*shown_user = with_user;
		*shown_system = with_system;
	}
	pcf_cputime_split(time->usage, user, system, shown_user, shown_system);
}

void pcf_fill_cpu_v1(const struct pcf_walk_cpuacct *account, uint64_t *shown_user, uint64_t *shown_system,
		     uint64_t *row)
{
	uint64_t user, system;

	split(&account->time, shown_user, shown_system, &user, &system);
	row[PCF_CPU_USAGE_NS] = account->time.usage;
	row[PCF_CPU_USER_NS] = user / USER_HZ_NS * USER_HZ_NS;
	row[PCF_CPU_SYSTEM_NS] = system / USER_HZ_NS * USER_HZ_NS;
}

/* cpu.stat is printed in microseconds. */
void pcf_fill_cpu_v2(const struct pcf_walk_base *base, uint64_t *shown_user, uint64_t *shown_system, uint64_t *row)
{
	uint64_t user, system;

	split(&base->time, shown_user, shown_system, &user, &system);
	row[PCF_CPU_USAGE_NS] = base->time.usage / USEC * USEC;
	row[PCF_CPU_USER_NS] = user / USEC * USEC;
	row[PCF_CPU_SYSTEM_NS] = system / USEC * USEC;
	row[PCF_CPU_NICE_NS] = base->time.nice / USEC * USEC;
}

void pcf_fill_throttling(const struct pcf_walk_cfs *cfs, int is_v2, uint64_t *row)
{
	uint64_t unit = is_v2 ? USEC : 1;

	row[PCF_CPU_PERIODS] = cfs->periods;
	row[PCF_CPU_THROTTLED_PERIODS] = cfs->throttled;
	row[PCF_CPU_THROTTLED_NS] = cfs->throttled_ns / unit * unit;
	row[PCF_CPU_BURSTS] = cfs->bursts;
	row[PCF_CPU_BURST_NS] = cfs->burst_ns / unit * unit;
}

/* kernel/sched/core.c, cpu_weight_read_u64. */
static uint64_t weight_of(const struct pcf_walk_cfs *cfs)
{
	uint64_t weight = ((cfs->shares >> SHARES_SHIFT) * WEIGHT_DEFAULT + SHARES_DEFAULT / 2) / SHARES_DEFAULT;

	return weight < 1 ? 1 : weight > WEIGHT_MAX ? WEIGHT_MAX : weight;
}

void pcf_fill_cpu_limits(const struct pcf_walk_cfs *cfs, int is_v2, uint64_t *row)
{
	if (is_v2)
		row[PCF_LIMITS_CPU_WEIGHT] = weight_of(cfs);
	else
		row[PCF_LIMITS_CPU_SHARES] = cfs->shares >> SHARES_SHIFT;
	row[PCF_LIMITS_CPU_QUOTA_USEC] = cfs->quota == RUNTIME_INF ? PCF_UNLIMITED : cfs->quota / USEC;
	row[PCF_LIMITS_CPU_PERIOD_USEC] = (uint64_t)cfs->period / USEC;
	row[PCF_LIMITS_CPU_BURST_USEC] = cfs->burst / USEC;
}
