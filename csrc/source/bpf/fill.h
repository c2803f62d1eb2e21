/* Records of the walk -> the columns of one group. Pure: a column that the records do not give is left as it is. */
#ifndef PCF_SOURCE_BPF_FILL_H
#define PCF_SOURCE_BPF_FILL_H
#include "bpf/walk.h"
#include "btf/btf.h"
#include "pcf.h"
#include "schema/enums.h"

/* Where the numbers of memory events stand in this kernel, -1: it has no such event (enum memcg_memory_event). */
typedef struct {
	int low, high, max, oom, oom_kill, oom_group_kill, sock_throttled, swap_high, swap_max, swap_fail;
} pcf_fill_facts;

void pcf_fill_facts_find(pcf_fill_facts *out, const pcf_btf *btf);

/* shown_*: what was told last, in and out; see cputime.h */
void pcf_fill_cpu_v1(const struct pcf_walk_cpuacct *account, uint64_t *shown_user, uint64_t *shown_system,
		     uint64_t *row);
void pcf_fill_cpu_v2(const struct pcf_walk_base *base, uint64_t *shown_user, uint64_t *shown_system, uint64_t *row);
void pcf_fill_throttling(const struct pcf_walk_cfs *cfs, int is_v2, uint64_t *row);
void pcf_fill_memory(const struct pcf_walk_memory *memory, int is_v2, uint64_t *row);
void pcf_fill_memory_events(const struct pcf_walk_memory *memory, const pcf_fill_facts *facts, int is_v2,
			    uint64_t *row);
void pcf_fill_memory_swap(const struct pcf_walk_memory *memory, const pcf_fill_facts *facts, int is_v2, uint64_t *row);
void pcf_fill_memory_kernel(const struct pcf_walk_memory *memory, uint64_t *row);
void pcf_fill_pids(const struct pcf_walk_pids *pids, uint64_t *row);
void pcf_fill_memory_limits(const struct pcf_walk_memory *memory, int is_v2, uint64_t *row);
void pcf_fill_cpu_limits(const struct pcf_walk_cfs *cfs, int is_v2, uint64_t *row);
void pcf_fill_pids_limits(const struct pcf_walk_pids *pids, uint64_t *row);
#endif
