/* The scheduling source as the collector sees it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/enums.h"
#include "schema/error.h"
#include "source/identity.h"
#include "source/scheduling/scheduling.h"

#define OWN_COUNTERS (sizeof(struct pcf_latency_counts) / sizeof(uint64_t))

typedef struct {
	pcf_source base;
	pcf_source_env env;
	int controller;
	pcf_latency_program *program;
	pcf_subtree tree;
} scheduling_source;

static scheduling_source *source_of(pcf_source *base)
{
	return (scheduling_source *)base;
}

static const uint64_t *own_counts(const scheduling_source *source, uint32_t slot)
{
	return (const uint64_t *)pcf_latency_program_counts(source->program, slot);
}

/* A cgroup that is not in the hierarchy of identities has no rows. */
static int prepare(pcf_source *base, uint32_t slot, uint32_t generation, const char *path, void **prepared)
{
	scheduling_source *source = source_of(base);
	pcf_subtree_node *node;
	uint64_t id;

	(void)slot;
	*prepared = NULL;
	if (pcf_identity_look(source->env.host, source->controller, path, &id) < 0)
		return 0;
	node = pcf_subtree_node_new(path, generation, id);
	*prepared = node;
	return node ? 0 : -ENOMEM;
}

static void discard(pcf_source *base, void *prepared)
{
	(void)base;
	free(prepared);
}

static void drop(pcf_source *base, uint32_t slot, uint32_t generation)
{
	scheduling_source *source = source_of(base);
	pcf_subtree_node *node = source->tree.nodes[slot];

	if (!node || node->generation != generation)
		return;
	pcf_latency_program_forget(source->program, node->id);
	pcf_subtree_leave(&source->tree, slot, own_counts(source, slot));
}

static void adopt(pcf_source *base, uint32_t slot, uint32_t generation, void *prepared)
{
	scheduling_source *source = source_of(base);
	pcf_subtree_node *node = prepared, *before = source->tree.nodes[slot];
	int code;

	if (before && before->generation == generation && before->id == node->id) {
		free(node);
		return;
	}
	if (before)
		drop(base, slot, before->generation);
	code = pcf_latency_program_follow(source->program, slot, node->id);
	if (code < 0) {
		source->env.fail(source->env.owner, slot, "eBPF map slots", -code);
		free(node);
		return;
	}
	pcf_subtree_enter(&source->tree, slot, node);
}

static uint64_t *put_waits(const uint64_t *waits, uint64_t *row)
{
	uint64_t so_far = 0;

	row[1] = waits[PCF_LATENCY_BUCKETS];
	for (int b = 0; b < PCF_LATENCY_BUCKETS; b++) {
		so_far += waits[b];
		if (b < PCF_LATENCY_BUCKETS - 1)
			row[2 + b] = so_far;
	}
	row[0] = so_far;
	return row + PCF_LATENCY_BUCKETS + 1;
}

_Static_assert(PCF_SCHEDULING_RUN_QUEUE_NS == 1 && PCF_SCHEDULING_RUN_QUEUE_LE_1US == 2 &&
		       PCF_SCHEDULING_BLOCKED_COUNT == PCF_LATENCY_BUCKETS + 1 &&
		       PCF_SCHEDULING_BLOCKED_LE_16777216US + 1 == PCF_SCHEDULING_COUNT &&
		       PCF_SCHEDULING_COUNT == 2 * (PCF_LATENCY_BUCKETS + 1),
	       "count, time and all buckets but the last, twice");

static void store(scheduling_source *source, pcf_pass *pass, uint32_t slot, uint32_t offset)
{
	pcf_region *region = source->env.regions[PCF_GROUP_SCHEDULING];
	pcf_subtree_node *node = source->tree.nodes[slot];
	const uint64_t *total = pcf_subtree_total(&source->tree, slot);
	uint64_t row[PCF_SCHEDULING_COUNT];
	uint32_t number = slot;

	if (!node->is_claimed &&
	    pcf_region_row_claim(region, slot, node->generation, NULL, 0, pass->tick, &number) < 0) {
		pass->rows_refused++;
		return;
	}
	node->is_claimed = 1;
	put_waits(total + PCF_LATENCY_BUCKETS + 1, put_waits(total, row));
	pass->unrepresentable += (uint64_t)pcf_region_store(region, number, offset, row);
	pass->rows++;
}

static void sample(pcf_source *base, pcf_pass *pass)
{
	scheduling_source *source = source_of(base);
	pcf_subtree *tree = &source->tree;
	uint32_t offset;

	pcf_subtree_begin(tree);
	for (uint32_t slot = 0; slot < tree->high; slot++)
		if (tree->nodes[slot])
			pcf_subtree_add(tree, slot, own_counts(source, slot));
	offset = pcf_pass_offset(pass);
	for (uint32_t slot = 0; slot < tree->high; slot++)
		if (tree->nodes[slot])
			store(source, pass, slot, offset);
}

static void close_source(pcf_source *base)
{
	scheduling_source *source = source_of(base);

	pcf_latency_program_close(source->program);
	pcf_subtree_close(&source->tree);
	free(source);
}

static const pcf_source_ops ops = {
	.name = "scheduling",
	.groups = UINT64_C(1) << PCF_GROUP_SCHEDULING,
	.prepare = prepare,
	.discard = discard,
	.adopt = adopt,
	.drop = drop,
	.sample = sample,
	.close = close_source,
};

static int open_parts(scheduling_source *source, pcf_error *err)
{
	int code;

	source->controller = pcf_identity_controller(source->env.host);
	if (source->controller < 0)
		return pcf_error_say(err, -ENOENT, "no cgroup hierarchy is mounted");
	code = pcf_subtree_open(&source->tree, OWN_COUNTERS, source->env.max_slots);
	if (code < 0)
		return pcf_error_say(err, code, "no memory for %u containers", source->env.max_slots);
	code = pcf_latency_program_open(&source->program, source->controller, source->env.max_slots, err);
	return code < 0 ? code : pcf_latency_program_attach(source->program, err);
}

static void tell_cost(scheduling_source *source)
{
	double ns = pcf_latency_program_measure(source->program);
	char text[160];

	if (ns <= 0)
		return;
	snprintf(text, sizeof text,
		 "scheduling: counting costs %.0f ns a context switch, %.2f %% of a core at 10000 switches a second",
		 ns, ns * 1e4 / 1e9 * 100);
	source->env.note(source->env.owner, text);
}

/* A kernel that refuses costs this group its rows, and nothing else. */
int pcf_scheduling_source_open(pcf_source **out, const pcf_source_env *env, pcf_error *err)
{
	const pcf_group_plan *plan = &env->plan->group[PCF_GROUP_SCHEDULING];
	scheduling_source *source;
	pcf_error why = {0};
	char text[300];

	*out = NULL;
	if (plan->source != PCF_SOURCE_TRACE || !plan->interval_ns)
		return 0;
	source = calloc(1, sizeof *source);
	if (!source)
		return pcf_error_say(err, -ENOMEM, "no memory for the scheduling source");
	source->base.ops = &ops;
	source->env = *env;
	if (open_parts(source, &why) < 0) {
		close_source(&source->base);
		snprintf(text, sizeof text, "scheduling has no rows: %.250s", why.text);
		env->note(env->owner, text);
		return 0;
	}
	tell_cost(source);
	*out = &source->base;
	return 0;
}
