/* Group process: the counters that the events' eBPF programs keep by cgroup, in one batch a tick. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/enums.h"
#include "schema/error.h"
#include "source/identity.h"
#include "source/source.h"
#include "source/subtree.h"

/* Cgroups that are counted and not followed, besides those that are. */
#define MORE_CGROUPS 4096

typedef struct {
	pcf_source base;
	pcf_source_env env;
	pcf_identities identities;
	pcf_subtree tree;
	uint32_t *hierarchies; /* by slot */
	uint64_t *own;         /* by slot: its counters when they were last read, a row each */
	uint32_t *buckets;     /* cgroup -> slot + 1, open addressing; made anew when containers came or went */
	uint32_t bucket_mask;
	int is_stale; /* buckets are */
	int has_told; /* why there is nothing */
	pcf_event_counters *read;
	uint32_t most;
} process_source;

static process_source *source_of(pcf_source *base)
{
	return (process_source *)base;
}

static uint64_t *own_row(const process_source *source, uint32_t slot)
{
	return source->own + (size_t)slot * PCF_PROCESS_COUNT;
}

/* ---- containers ---- */

typedef struct {
	pcf_subtree_node *node;
	uint32_t hierarchy_id;
} prepared_cgroup;

static int prepare(pcf_source *base, uint32_t slot, uint32_t generation, const char *path, void **prepared)
{
	process_source *source = source_of(base);
	prepared_cgroup *of;
	uint32_t hierarchy_id;
	uint64_t id;

	(void)slot;
	*prepared = NULL;
	if (pcf_identity_find(&source->identities, source->env.host, path, &hierarchy_id, &id) < 0)
		return 0;
	of = calloc(1, sizeof *of);
	if (of)
		of->node = pcf_subtree_node_new(path, generation, id);
	if (!of || !of->node) {
		free(of);
		return -ENOMEM;
	}
	of->hierarchy_id = hierarchy_id;
	*prepared = of;
	return 0;
}

static void discard(pcf_source *base, void *prepared)
{
	prepared_cgroup *of = prepared;

	(void)base;
	free(of->node);
	free(of);
}

static void drop(pcf_source *base, uint32_t slot, uint32_t generation)
{
	process_source *source = source_of(base);
	pcf_subtree_node *node = source->tree.nodes[slot];

	if (!node || node->generation != generation)
		return;
	pcf_subtree_leave(&source->tree, slot, own_row(source, slot));
	source->is_stale = 1;
}

static void adopt(pcf_source *base, uint32_t slot, uint32_t generation, void *prepared)
{
	process_source *source = source_of(base);
	prepared_cgroup *of = prepared;
	const pcf_subtree_node *before = source->tree.nodes[slot];

	if (before && before->generation == generation && before->id == of->node->id) {
		discard(base, prepared);
		return;
	}
	if (before)
		drop(base, slot, before->generation);
	memset(own_row(source, slot), 0, PCF_PROCESS_COUNT * sizeof *source->own);
	source->hierarchies[slot] = of->hierarchy_id;
	pcf_subtree_enter(&source->tree, slot, of->node);
	source->is_stale = 1;
	free(of);
}

/* ---- which slot ---- */

static uint32_t bucket_of(const process_source *source, uint64_t id, uint32_t hierarchy_id)
{
	return (uint32_t)((id * 0x9e3779b97f4a7c15ULL + hierarchy_id * 0x85ebca6bULL) >> 32) & source->bucket_mask;
}

static void fill_buckets(process_source *source)
{
	memset(source->buckets, 0, ((size_t)source->bucket_mask + 1) * sizeof *source->buckets);
	for (uint32_t slot = 0; slot < source->tree.high; slot++) {
		const pcf_subtree_node *node = source->tree.nodes[slot];
		uint32_t b;

		if (!node)
			continue;
		for (b = bucket_of(source, node->id, source->hierarchies[slot]); source->buckets[b];
		     b = (b + 1) & source->bucket_mask)
			;
		source->buckets[b] = slot + 1;
	}
	source->is_stale = 0;
}

static uint32_t find_slot(const process_source *source, uint64_t id, uint32_t hierarchy_id)
{
	for (uint32_t b = bucket_of(source, id, hierarchy_id); source->buckets[b]; b = (b + 1) & source->bucket_mask) {
		uint32_t slot = source->buckets[b] - 1;

		if (source->tree.nodes[slot]->id == id && source->hierarchies[slot] == hierarchy_id)
			return slot;
	}
	return PCF_SUBTREE_NONE;
}

/* ---- a tick ---- */

static void take(uint64_t *row, const pcf_event_counters *from)
{
	row[PCF_PROCESS_FORKS] = from->forks;
	row[PCF_PROCESS_MOVED_IN] = from->moved_in;
	row[PCF_PROCESS_THREADS] = from->threads;
	row[PCF_PROCESS_EXECS] = from->execs;
	row[PCF_PROCESS_EXITS] = from->exits;
	row[PCF_PROCESS_FAILED] = from->failed;
	row[PCF_PROCESS_KILLED] = from->killed;
	row[PCF_PROCESS_OOM_KILLS] = from->oom_kills;
	row[PCF_PROCESS_EXITED_CPU_NS] = from->exit_cpu_ns;
	row[PCF_PROCESS_EXITED_READ_BYTES] = from->exit_read_bytes;
	row[PCF_PROCESS_EXITED_WRITE_BYTES] = from->exit_write_bytes;
}

/* Kernels without task IO accounting have no bytes: in no cgroup, then. Returns a bit by column that is absent. */
static unsigned drop_absent(uint64_t *row)
{
	unsigned absent = 0;

	for (int c = 0; c < PCF_PROCESS_COUNT; c++)
		if (row[c] == PCF_ABSENT) {
			absent |= 1u << c;
			row[c] = 0;
		}
	return absent;
}

static void store(process_source *source, pcf_pass *pass, uint32_t slot, uint32_t offset, unsigned absent)
{
	pcf_region *region = source->env.regions[PCF_GROUP_PROCESS];
	pcf_subtree_node *node = source->tree.nodes[slot];
	uint64_t row[PCF_PROCESS_COUNT];
	uint32_t number = slot;

	if (!node->is_claimed &&
	    pcf_region_row_claim(region, slot, node->generation, NULL, 0, pass->tick, &number) < 0) {
		pass->rows_refused++;
		return;
	}
	node->is_claimed = 1;
	memcpy(row, pcf_subtree_total(&source->tree, slot), sizeof row);
	for (int c = 0; c < PCF_PROCESS_COUNT; c++)
		if (absent >> c & 1)
			row[c] = PCF_ABSENT;
	pass->unrepresentable += (uint64_t)pcf_region_store(region, number, offset, row);
	pass->rows++;
}

/* Without events, or with events that nobody counts, there are no rows; the collector's notes say why. */
static void tell_why_not(process_source *source, pcf_pass *pass, int code)
{
	if (code == -ENODEV || code == -ENOSYS)
		return;
	pass->read_errors++;
	if (!source->has_told)
		source->env.fail(source->env.owner, 0, "counters of processes", -code);
	source->has_told = 1;
}

static void sample(pcf_source *base, pcf_pass *pass)
{
	process_source *source = source_of(base);
	pcf_subtree *tree = &source->tree;
	unsigned absent = 0;
	uint32_t offset;
	int64_t count = source->env.counters(source->env.owner, source->read, source->most);

	if (count < 0) {
		tell_why_not(source, pass, (int)count);
		return;
	}
	pass->reads++;
	offset = pcf_pass_offset(pass);
	if (source->is_stale)
		fill_buckets(source);
	for (int64_t i = 0; i < count; i++) {
		uint32_t slot = find_slot(source, source->read[i].cgroup_id, source->read[i].hierarchy_id);

		if (slot == PCF_SUBTREE_NONE)
			continue;
		take(own_row(source, slot), &source->read[i]);
		absent |= drop_absent(own_row(source, slot));
	}
	pcf_subtree_begin(tree);
	for (uint32_t slot = 0; slot < tree->high; slot++)
		if (tree->nodes[slot])
			pcf_subtree_add(tree, slot, own_row(source, slot));
	for (uint32_t slot = 0; slot < tree->high; slot++)
		if (tree->nodes[slot])
			store(source, pass, slot, offset, absent);
}

/* ---- opening ---- */

static void close_source(pcf_source *base)
{
	process_source *source = source_of(base);

	pcf_subtree_close(&source->tree);
	free(source->hierarchies);
	free(source->own);
	free(source->buckets);
	free(source->read);
	free(source);
}

static const pcf_source_ops ops = {
	.name = "process",
	.groups = UINT64_C(1) << PCF_GROUP_PROCESS,
	.prepare = prepare,
	.discard = discard,
	.adopt = adopt,
	.drop = drop,
	.sample = sample,
	.close = close_source,
};

static int allocate(process_source *source)
{
	uint32_t slots = source->env.max_slots, buckets = 64;

	while (buckets < 2 * slots)
		buckets *= 2;
	source->bucket_mask = buckets - 1;
	source->most = slots + MORE_CGROUPS;
	source->hierarchies = calloc(slots, sizeof *source->hierarchies);
	source->own = calloc(slots, PCF_PROCESS_COUNT * sizeof *source->own);
	source->buckets = calloc(buckets, sizeof *source->buckets);
	source->read = calloc(source->most, sizeof *source->read);
	return source->hierarchies && source->own && source->buckets && source->read
		       ? pcf_subtree_open(&source->tree, PCF_PROCESS_COUNT, slots)
		       : -ENOMEM;
}

int pcf_process_source_open(pcf_source **out, const pcf_source_env *env, pcf_error *err)
{
	const pcf_group_plan *plan = &env->plan->group[PCF_GROUP_PROCESS];
	process_source *source;

	*out = NULL;
	if (plan->source != PCF_SOURCE_TRACE || !plan->interval_ns)
		return 0;
	source = calloc(1, sizeof *source);
	if (!source)
		return pcf_error_say(err, -ENOMEM, "no memory for the process source");
	source->base.ops = &ops;
	source->env = *env;
	if (allocate(source) < 0) {
		close_source(&source->base);
		return pcf_error_say(err, -ENOMEM, "no memory to count processes of %u containers", env->max_slots);
	}
	pcf_identities_find(&source->identities);
	*out = &source->base;
	return 0;
}
