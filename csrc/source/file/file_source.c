/* The file source as the tick sees it. */
#include "source/file/file_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "schema/error.h"

static int file_prepare(pcf_source *base, uint32_t slot, uint32_t generation, const char *path, void **prepared)
{
	pcf_file_source *source = (pcf_file_source *)base;
	pcf_file_slot *state = pcf_file_slot_new(source, generation, path);
	int code;

	(void)slot;
	if (!state)
		return -ENOMEM;
	code = state->is_root ? 0 : pcf_file_slot_open(source, state);
	if (code < 0) {
		pcf_file_slot_free(source, state);
		return code;
	}
	*prepared = state;
	return 0;
}

static void file_discard(pcf_source *base, void *prepared)
{
	pcf_file_slot_free((pcf_file_source *)base, prepared);
}

static void file_drop(pcf_source *base, uint32_t slot, uint32_t generation)
{
	pcf_file_source *source = (pcf_file_source *)base;

	if (!source->slots[slot] || source->slots[slot]->generation != generation)
		return;
	pcf_file_slot_free(source, source->slots[slot]);
	source->slots[slot] = NULL;
}

static void file_adopt(pcf_source *base, uint32_t slot, uint32_t generation, void *prepared)
{
	pcf_file_source *source = (pcf_file_source *)base;

	(void)generation;
	pcf_file_slot_free(source, source->slots[slot]);
	source->slots[slot] = prepared;
	if (slot >= source->slot_high)
		source->slot_high = slot + 1;
}

static void file_refresh(pcf_source *base, uint32_t slot, uint32_t generation)
{
	pcf_file_source *source = (pcf_file_source *)base;
	pcf_file_slot *state = source->slots[slot];

	if (state && state->generation == generation && !state->is_root)
		pcf_file_slot_refresh(source, state);
}

static void file_sample_groups(pcf_source *base, pcf_pass *passes, int count)
{
	pcf_file_sample((pcf_file_source *)base, passes, count);
}

static void file_stats(pcf_source *base, pcf_source_stats *add)
{
	pcf_file_source *source = (pcf_file_source *)base;

	add->descriptors += atomic_load_explicit(&source->descriptors, memory_order_relaxed);
	add->walk_misses += pcf_walked_misses(source);
	add->slots_openat += atomic_load_explicit(&source->slots_by_name, memory_order_relaxed);
}

static void file_close(pcf_source *base)
{
	pcf_file_source *source = (pcf_file_source *)base;

	for (uint32_t slot = 0; source->slots && slot < source->slot_high; slot++)
		pcf_file_slot_free(source, source->slots[slot]);
	pcf_root_close(source);
	pcf_walked_close(source);
	pcf_reader_close(source->reader);
	for (int c = 0; c < PCF_CTL_COUNT; c++)
		if (source->directories[c] >= 0)
			close(source->directories[c]);
	if (source->scratch)
		munmap(source->scratch, PCF_SCRATCH_BYTES);
	if (source->batch)
		free(source->batch->buffers);
	free(source->batch);
	free(source->keyed);
	free(source->slots);
	free(source);
}

static const pcf_source_ops file_ops = {
	.name = "file",
	.groups = ~(1ULL << PCF_GROUP_NETWORK | 1ULL << PCF_GROUP_NETWORK_ERRORS | 1ULL << PCF_GROUP_TICK |
		    1ULL << PCF_GROUP_SCHEDULING | 1ULL << PCF_GROUP_PROCESS | 1ULL << PCF_GROUP_TCP |
		    1ULL << PCF_GROUP_TCP6 | 1ULL << PCF_GROUP_UDP | 1ULL << PCF_GROUP_UDP6 |
		    1ULL << PCF_GROUP_TCP_ADVANCED | 1ULL << PCF_GROUP_TASKS | 1ULL << PCF_GROUP_SCHEDSTAT),
	.is_claiming = 1,
	.prepare = file_prepare,
	.discard = file_discard,
	.adopt = file_adopt,
	.drop = file_drop,
	.refresh = file_refresh,
	.sample_groups = file_sample_groups,
	.stats = file_stats,
	.close = file_close,
};

/* All memory a tick will use. */
static int allocate(pcf_file_source *source)
{
	void *scratch = mmap(NULL, PCF_SCRATCH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	source->scratch = scratch == MAP_FAILED ? NULL : scratch;
	source->slots = calloc(source->env.max_slots, sizeof *source->slots);
	source->keyed = calloc(1, sizeof *source->keyed);
	source->batch = calloc(1, sizeof *source->batch);
	if (source->batch)
		source->batch->buffers = malloc((size_t)PCF_BATCH_READS * PCF_READ_BYTES);
	return source->scratch && source->slots && source->keyed && source->batch && source->batch->buffers ? 0
													    : -ENOMEM;
}

static int open_directories(pcf_file_source *source, pcf_error *err)
{
	for (int c = 0; c < PCF_CTL_COUNT; c++) {
		const char *mount = source->env.host->controllers[c].mount;

		if (!(source->wanted >> c & 1))
			continue;
		source->directories[c] = open(mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (source->directories[c] < 0)
			return pcf_error_say(err, -errno, "cannot open the cgroup mount %s: %s", mount,
					     strerror(errno));
	}
	return 0;
}

static int open_reader(pcf_file_source *source, pcf_error *err)
{
	int kind = source->env.plan->reader, code = pcf_reader_open(&source->reader, kind);

	/* What worked when it was probed may still be refused now (memory locks); kept descriptors serve as well. */
	if (code < 0 && kind == PCF_READER_URING)
		code = pcf_reader_open(&source->reader, PCF_READER_PREAD);
	return code < 0 ? pcf_error_say(err, code, "no memory for the reader of kernel files") : 0;
}

int pcf_file_source_open(pcf_source **out, const pcf_source_env *env, pcf_error *err)
{
	pcf_file_source *source = calloc(1, sizeof *source);
	int code;

	*out = NULL;
	if (!source)
		return pcf_error_say(err, -ENOMEM, "no memory for the file source");
	source->source.ops = &file_ops;
	source->env = *env;
	memset(source->directories, 0xff, sizeof source->directories);
	pcf_units_make(source);
	code = allocate(source);
	if (code == 0)
		code = pcf_walked_open(source);
	pcf_units_keep(source);
	if (code < 0)
		pcf_error_say(err, code, "no memory for the file source");
	if (code == 0)
		code = open_directories(source, err);
	if (code == 0)
		code = open_reader(source, err);
	if (code == 0)
		code = pcf_root_open(source, err);
	if (code < 0) {
		file_close(&source->source);
		return code;
	}
	pcf_blkio_choose(source);
	*out = &source->source;
	return 0;
}
