/* Records of the programs, as events. */
#include <bpf/libbpf.h>
#include <string.h>

#include "event/bpf/source.h"
#include "event/fallback.h"

int pcf_event_kind_of(int what)
{
	static const int kinds[PCF_BPF_WHATS] = {
		[PCF_BPF_CREATED] = PCF_EVENT_CGROUP_CREATED,
		[PCF_BPF_REMOVED] = PCF_EVENT_CGROUP_REMOVED,
		[PCF_BPF_RENAMED] = PCF_EVENT_CGROUP_CREATED,
		[PCF_BPF_POPULATED] = PCF_EVENT_POPULATED,
		[PCF_BPF_EMPTY] = PCF_EVENT_EMPTY,
		[PCF_BPF_STARTED] = PCF_EVENT_CONTAINER_START,
		[PCF_BPF_OOM_KILL] = PCF_EVENT_OOM_KILL,
		[PCF_BPF_OOM] = PCF_EVENT_OOM,
		[PCF_BPF_FORK] = PCF_EVENT_FORK,
		[PCF_BPF_EXEC] = PCF_EVENT_EXEC,
		[PCF_BPF_EXIT] = PCF_EVENT_EXIT,
	};

	return what > 0 && what < PCF_BPF_WHATS ? kinds[what] : 0;
}

/* Names from the leaf up to below the root -> "/a/b"; the nearest to the root are left out where there is no room. */
static const char *path_text(const struct pcf_bpf_path *from, char *out, size_t size, uint32_t *flags)
{
	size_t used = from->bytes < sizeof from->names ? from->bytes : sizeof from->names, at = size - 1;
	int is_cut = from->is_cut != 0;

	out[at] = '\0';
	for (size_t begin = 0; begin < used;) {
		size_t len = strnlen(from->names + begin, used - begin);

		if (len + 1 + 3 > at) {
			is_cut = 1;
			break;
		}
		at -= len;
		memcpy(out + at, from->names + begin, len);
		out[--at] = '/';
		begin += len + 1;
	}
	if (out[at] == '\0')
		out[--at] = '/';
	if (is_cut) {
		at -= 3;
		memcpy(out + at, "...", 3);
		*flags |= PCF_EVENT_PATH_CUT;
	}
	return out + at;
}

/* A path that was cut in the kernel may be had whole while the cgroup is there. */
static const char *whole_path(pcf_event_bpf_source *source, const struct pcf_bpf_head *head,
			      const struct pcf_bpf_path *from, char *out, size_t size, uint32_t *flags)
{
	if (from->is_cut && pcf_event_path(source->events, head->hierarchy, head->id, out, size) == 0)
		return out;
	return path_text(from, out, size, flags);
}

static void on_cgroup(pcf_event_bpf_source *source, const struct pcf_bpf_cgroup *record)
{
	char path[PCF_BOX_PATH];
	pcf_box_note note = {
		.what = (int)record->head.what,
		.source = PCF_EVENT_SOURCE_BPF,
		.hierarchy_id = record->head.hierarchy,
		.cgroup_id = record->head.id,
		.ns = record->head.ns,
		.level = record->level,
		.pid = record->pid,
		.comm = record->comm,
		.counters = record->has_counters ? &record->counters : NULL,
		.numbers = record->has_numbers ? &record->numbers : NULL,
	};

	/* One that is not mounted where this process looks. */
	if (!pcf_hierarchies_of(&source->events->hierarchies, record->head.hierarchy))
		return;
	note.path = whole_path(source, &record->head, &record->path, path, sizeof path, &note.flags);
	/* A parent's part of what its children did is theirs until the kernel moves it up. */
	if (record->has_numbers && record->head.hierarchy == 0 && record->children)
		note.flags |= PCF_EVENT_PARTIAL;
	pcf_event_note_cgroup(source->events, &note);
}

/* The cgroup that was out of memory is the victim's or one above it. */
static uint32_t memcg_path_len(const char *path, uint32_t levels_up)
{
	size_t len = strlen(path);

	for (; levels_up > 0 && len > 0; levels_up--)
		while (len > 0 && path[--len] != '/')
			;
	return len ? (uint32_t)len : 1;
}

static void on_oom(pcf_event_bpf_source *source, const struct pcf_bpf_oom *record)
{
	char path[PCF_BOX_PATH];
	pcf_event event = {
		.kind = (uint16_t)pcf_event_kind_of((int)record->head.what),
		.source = PCF_EVENT_SOURCE_BPF,
		.monotonic_ns = record->head.ns,
		.cgroup_id = record->head.id,
		.hierarchy_id = record->head.hierarchy,
	};
	pcf_event_oom *to = &event.of.oom;

	*to = (pcf_event_oom){
		.pid = record->pid,
		.tgid = record->tgid,
		.uid = record->uid,
		.oom_score_adj = record->oom_score_adj,
		.trigger_pid = record->trigger_pid,
		.constraint = record->constraint,
		.total_vm_bytes = record->total_vm_bytes,
		.anon_rss_bytes = record->anon_bytes,
		.file_rss_bytes = record->file_bytes,
		.shmem_rss_bytes = record->shmem_bytes,
		.page_table_bytes = record->page_table_bytes,
		.memcg_id = record->memcg_id,
		.limit_bytes = record->limit_bytes,
		.usage_bytes = record->usage_bytes,
	};
	memcpy(to->comm, record->comm, sizeof to->comm);
	memcpy(to->trigger_comm, record->trigger_comm, sizeof to->trigger_comm);
	event.flags |= record->was_dying ? PCF_EVENT_WAS_DYING : 0;
	event.flags |= record->is_guessed ? PCF_EVENT_GUESSED : 0;
	pcf_event_place(&event, whole_path(source, &record->head, &record->path, path, sizeof path, &event.flags));
	to->memcg_path_len = memcg_path_len(event.path, record->levels_up);
	pcf_event_tell(source->events, &event);
}

int pcf_event_rare_record(void *arg, void *data, size_t size)
{
	const struct pcf_bpf_head *head = data;

	if (head->what <= PCF_BPF_STARTED && size >= sizeof(struct pcf_bpf_cgroup))
		on_cgroup(arg, data);
	else if (size >= sizeof(struct pcf_bpf_oom))
		on_oom(arg, data);
	return 0;
}

static void put_status(pcf_event_process *to, int status)
{
	to->exit_code = PCF_EVENT_NO_CODE;
	to->signal = status & 0x7f;
	to->is_core_dumped = (status & 0x80) != 0;
	if (!to->signal)
		to->exit_code = status >> 8 & 0xff;
}

int pcf_event_process_record(void *arg, void *data, size_t size)
{
	pcf_event_bpf_source *source = arg;
	const struct pcf_bpf_process *record = data;
	pcf_event event = {
		.kind = (uint16_t)pcf_event_kind_of((int)record->head.what),
		.source = PCF_EVENT_SOURCE_BPF,
		.monotonic_ns = record->head.ns,
		.cgroup_id = record->head.id,
		.hierarchy_id = record->head.hierarchy,
	};
	pcf_event_process *to = &event.of.process;
	char path[PCF_BOX_PATH];

	to->pid = record->pid;
	to->parent_pid = record->parent_pid;
	to->uid = record->uid;
	to->threads = record->threads;
	memcpy(to->comm, record->comm, sizeof to->comm);
	to->run_ns = record->run_ns;
	to->cpu_ns = record->cpu_ns;
	to->max_rss_bytes = record->max_rss_bytes;
	to->read_bytes = record->read_bytes;
	to->write_bytes = record->write_bytes;
	to->exit_code = PCF_EVENT_NO_CODE;
	/* Its cgroup may have come and gone since the other buffer was looked through. */
	if (pcf_event_path(source->events, record->head.hierarchy, record->head.id, path, sizeof path) < 0)
		(void)ring_buffer__consume(source->rare);
	if (record->head.what == PCF_BPF_EXIT)
		put_status(to, record->status);
	if (record->head.what == PCF_BPF_EXEC && size >= sizeof(struct pcf_bpf_exec))
		memcpy(to->filename, ((const struct pcf_bpf_exec *)data)->filename, sizeof to->filename);
	pcf_event_tell(source->events, &event);
	return 0;
}
