/* Per-CPU data of the kernel without its symbols: __per_cpu_offset is not exported, and a symbol of it is known only
 * to kernels with CONFIG_KALLSYMS_ALL. What the kernel does have is a per-CPU map: its elements' addresses, less its
 * per-CPU pointer, are the offsets of all per-CPU data.
 *
 * User space sizes pcf_cpu_offsets to the possible CPUs before the load and runs a program that calls
 * pcf_percpu_learn() once; pcf_percpu(pointer, cpu) then gives the address. */
#ifndef PCF_BPF_PERCPU_H
#define PCF_BPF_PERCPU_H
#include "bpf/kernel.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* the possible CPUs */
	__type(key, u32);
	__type(value, u64);
} pcf_cpu_offsets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} pcf_cpu_ruler SEC(".maps");

__u64 pcf_percpu_laundry; /* a pointer that went through memory is a number to the verifier */

struct pcf_percpu_learning {
	u64 base;
};

static __always_inline u64 pcf_percpu_number(const void *pointer)
{
	*(volatile u64 *)&pcf_percpu_laundry = (u64)pointer;
	return *(volatile u64 *)&pcf_percpu_laundry;
}

static long pcf_percpu_learn_one(u32 cpu, struct pcf_percpu_learning *learning)
{
	u32 zero = 0;
	void *element = bpf_map_lookup_percpu_elem(&pcf_cpu_ruler, &zero, cpu);
	u64 *offset = bpf_map_lookup_elem(&pcf_cpu_offsets, &cpu);

	if (!element || !offset)
		return 1;
	*offset = pcf_percpu_number(element) - learning->base;
	return 0;
}

/* Returns for how many CPUs it could tell. */
static __always_inline long pcf_percpu_learn(u32 cpus)
{
	u64 map = pcf_percpu_number(&pcf_cpu_ruler);
	struct pcf_percpu_learning learning = {0};

	bpf_probe_read_kernel(&learning.base, sizeof learning.base,
			      (void *)(map + bpf_core_field_offset(struct bpf_array, pptrs)));
	return bpf_loop(cpus, pcf_percpu_learn_one, &learning, 0);
}

/* Address of a per-CPU pointer's data, 0: no such CPU. */
static __always_inline u64 pcf_percpu(u64 pointer, u32 cpu)
{
	u64 *offset = bpf_map_lookup_elem(&pcf_cpu_offsets, &cpu);

	return offset ? pointer + *offset : 0;
}
#endif
