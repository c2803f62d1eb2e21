/* What the kernel would print of a group's pressure; pure. See psi.h. */
#include "source/bpf/psi.h"

#include <string.h>

#include "schema/enums.h"

/* include/linux/sched/loadavg.h and kernel/sched/psi.c: fixed point with 11 bits; the share of the old value that is
 * left after a period, exp(-2/10), exp(-2/60), exp(-2/300). */
#define FIXED_BITS 11
#define FIXED_ONE  (1UL << FIXED_BITS)
static const uint64_t share_left[3] = {1677, 1981, 2034};

static const uint8_t first_column[PCF_PSI_SERIES] = {
	PCF_PRESSURE_CPU_SOME_AVG10,    PCF_PRESSURE_CPU_FULL_AVG10, PCF_PRESSURE_MEMORY_SOME_AVG10,
	PCF_PRESSURE_MEMORY_FULL_AVG10, PCF_PRESSURE_IO_SOME_AVG10,  PCF_PRESSURE_IO_FULL_AVG10,
	PCF_PRESSURE_IRQ_FULL_AVG10,
};
#define TOTAL_AFTER_FIRST 3 /* avg10, avg60, avg300, total */
#define SERIES_CPU_FULL   1

_Static_assert(PCF_PRESSURE_CPU_SOME_USEC == PCF_PRESSURE_CPU_SOME_AVG10 + TOTAL_AFTER_FIRST &&
		       PCF_PRESSURE_IRQ_FULL_USEC == PCF_PRESSURE_IRQ_FULL_AVG10 + TOTAL_AFTER_FIRST,
	       "averages and total of one kind stand side by side");

static uint64_t fixed_power(uint64_t base, uint64_t times)
{
	uint64_t result = FIXED_ONE;

	for (; times; times >>= 1) {
		if (times & 1)
			result = (result * base + FIXED_ONE / 2) >> FIXED_BITS;
		base = (base * base + FIXED_ONE / 2) >> FIXED_BITS;
	}
	return result;
}

/* calc_load(): rounds up while the value grows. */
static uint64_t averaged(uint64_t old, uint64_t left, uint64_t sample)
{
	uint64_t sum = old * left + sample * (FIXED_ONE - left);

	return (sum + (sample >= old ? FIXED_ONE - 1 : 0)) >> FIXED_BITS;
}

static uint16_t hundredths(uint64_t average)
{
	return (uint16_t)((average >> FIXED_BITS) * 100 + (((average & (FIXED_ONE - 1)) * 100) >> FIXED_BITS));
}

/* ns, with what is not collected yet: each CPU's time weighed by how long it had something to do. */
static uint64_t total_now(const struct pcf_psi_raw *raw, int s)
{
	return raw->weighted[s] ? raw->total[s] + raw->weighted[s] / raw->nonidle : raw->total[s];
}

/* update_averages() of one kind, if it is due at sched_clock() now. */
static void average_now(const struct pcf_psi_raw *raw, int s, uint64_t period_ns, uint64_t now, uint16_t *out)
{
	uint64_t missed, period, sample, percent, due = raw->avg_next_update;

	if (now < due) {
		for (int w = 0; w < 3; w++)
			out[w] = hundredths(raw->avg[s][w]);
		return;
	}
	sample = (uint32_t)(total_now(raw, s) - raw->avg_total[s]);
	if (!sample && !(raw->avg[s][0] | raw->avg[s][1] | raw->avg[s][2])) { /* most, most of the time */
		memset(out, 0, 3 * sizeof *out);
		return;
	}
	missed = (now - due) / period_ns;
	period = now - (raw->avg_last_update + missed * period_ns);
	if (sample > period)
		sample = period;
	percent = period ? sample * 100 / period * FIXED_ONE : 0;
	for (int w = 0; w < 3; w++) {
		uint64_t average = raw->avg[s][w];

		if (missed)
			average = averaged(average, fixed_power(share_left[w], missed), 0);
		out[w] = hundredths(averaged(average, share_left[w], percent));
	}
}

static void advance(const pcf_psi_facts *facts, const pcf_psi_clock *clock, const struct pcf_psi_raw *raw,
		    pcf_psi_state *state)
{
	uint64_t now = raw->now - (uint64_t)clock->cpu_minus_sched;

	for (unsigned s = 0; s < facts->kernel.states; s++) {
		uint64_t usec = total_now(raw, (int)s) / 1000;

		if (usec > state->usec[s])
			state->usec[s] = usec;
		state->held[s] = state->usec[s] - usec;
		if (clock->has_sched)
			average_now(raw, (int)s, facts->period_ns, now, state->avg[s]);
	}
	state->has_values = 1;
}

static int put_series(const pcf_psi_state *state, int s, int is_zero, int has_averages, uint64_t *values)
{
	for (int w = 0; w < 3 && has_averages; w++)
		values[w] = is_zero ? 0 : state->avg[s][w];
	values[TOTAL_AFTER_FIRST] = is_zero ? 0 : state->usec[s];
	return has_averages ? 4 : 1;
}

int pcf_psi_values(const pcf_psi_facts *facts, const pcf_psi_clock *clock, const struct pcf_psi_raw *raw, int is_system,
		   pcf_psi_state *state, uint64_t *values)
{
	int count = 0;

	for (int c = 0; c < pcf_group_at(PCF_GROUP_PRESSURE)->columns; c++)
		values[c] = PCF_ABSENT;
	if (!(raw->flags & PCF_PSI_PRESENT) || !clock->has_cpu)
		return 0;
	if (!(raw->flags & PCF_PSI_BUSY))
		advance(facts, clock, raw, state);
	if (!state->has_values)
		return 0;
	for (int i = 0; i < PCF_PSI_SERIES; i++)
		if (facts->state[i] >= 0)
			count += put_series(state, facts->state[i], is_system && i == SERIES_CPU_FULL, clock->has_sched,
					    values + first_column[i]);
	return count;
}

uint64_t pcf_psi_held(const pcf_psi_facts *facts, const pcf_psi_state *state, int column)
{
	for (int i = 0; i < PCF_PSI_SERIES; i++)
		if (facts->state[i] >= 0 && first_column[i] + TOTAL_AFTER_FIRST == column)
			return state->held[facts->state[i]];
	return 0;
}

void pcf_psi_seed(const pcf_psi_facts *facts, const uint64_t *values, pcf_psi_state *state)
{
	for (int i = 0; i < PCF_PSI_SERIES; i++) {
		uint64_t usec = values[first_column[i] + TOTAL_AFTER_FIRST];
		int s = facts->state[i];

		if (s >= 0 && usec != PCF_ABSENT && usec > state->usec[s])
			state->usec[s] = usec;
	}
}
