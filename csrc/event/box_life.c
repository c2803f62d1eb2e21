/* The life of a cgroup, from what is noted in each of its hierarchies. Pure but for the questions whether a directory is
 * there or populated, asked only of cgroups that are older than this process. */
#include <string.h>

#include "event/boxes_in.h"

#define REMEMBER_NS 10000000000ULL /* what was removed can still be told of: events may be read about later */

static int any_there(const pcf_box *box)
{
	for (int i = 0; i < box->node_count; i++)
		if (box->nodes[i].is_there)
			return 1;
	return 0;
}

static int any_populated(pcf_boxes *boxes, pcf_box *box)
{
	for (int i = 0; i < box->node_count; i++) {
		pcf_box_node *node = &box->nodes[i];
		const pcf_hierarchy *hierarchy = pcf_hierarchies_of(boxes->hierarchies, node->hierarchy_id);

		if (!node->is_there)
			continue;
		if (node->populated == PCF_UNKNOWN)
			node->populated = hierarchy && pcf_hierarchy_is_populated(hierarchy, box->path);
		if (node->populated == PCF_YES)
			return 1;
	}
	return 0;
}

static int had_processes(const pcf_box *box)
{
	uint64_t count = box->is_started;

	for (int i = 0; i < box->node_count; i++)
		if (box->nodes[i].has_counters)
			count += box->nodes[i].counters.forks + box->nodes[i].counters.moved_in +
				 box->nodes[i].counters.exits;
	return count > 0;
}

static void take_end(pcf_box_end *to, uint32_t pid, int status, const char *comm)
{
	to->pid = pid;
	to->status = status;
	memcpy(to->comm, comm, sizeof to->comm);
}

static void take_counters(pcf_box *box, pcf_box_node *node, const struct pcf_bpf_counters *from)
{
	node->counters = *from;
	node->has_counters = 1;
	if (from->init_pid)
		take_end(&box->init, from->init_pid, from->init_status, from->init_comm);
	if (from->has_first)
		take_end(&box->first, from->first_pid, from->first_status, from->first_comm);
	if (from->has_last) {
		box->has_last = 1;
		box->last_status = from->last_status;
	}
}

/* Each hierarchy has some of them; cgroup2 and cpuacct both may have the CPU time, the larger one has been there longer. */
static void take_numbers(struct pcf_bpf_numbers *to, const struct pcf_bpf_numbers *from)
{
	const uint64_t *in = (const uint64_t *)(const void *)from;
	uint64_t *out = (uint64_t *)(void *)to;
	struct pcf_bpf_numbers had = *to;

	for (size_t i = 0; i < sizeof *to / sizeof *out; i++)
		if (in[i] != PCF_BPF_ABSENT)
			out[i] = in[i];
	if (had.cpu_ns != PCF_BPF_ABSENT && from->cpu_ns != PCF_BPF_ABSENT && had.cpu_ns > from->cpu_ns) {
		to->cpu_ns = had.cpu_ns;
		to->user_ns = had.user_ns;
		to->system_ns = had.system_ns;
	}
}

static void take(pcf_box *box, pcf_box_node *node, const pcf_box_note *note)
{
	if (note->counters && node)
		take_counters(box, node, note->counters);
	if (note->numbers)
		take_numbers(&box->numbers, note->numbers);
}

static void tell_exit(pcf_boxes *boxes, pcf_box *box, const pcf_box_note *note)
{
	if (box->has_exited || !had_processes(box))
		return;
	box->exit_seq = boxes->tell(boxes->arg, PCF_EVENT_CONTAINER_EXIT, box, note);
	box->has_exited = 1;
	box->is_started = box->is_due = 0;
	box->runtime_code = PCF_EVENT_NO_CODE;
}

static void end(pcf_boxes *boxes, pcf_box *box, const pcf_box_note *note)
{
	box->removed_ns = note->ns;
	tell_exit(boxes, box, note);
	(void)boxes->tell(boxes->arg, PCF_EVENT_CGROUP_REMOVED, box, note);
	box->is_gone = 1;
	box->next_gone = NULL;
	*boxes->gone_end = box;
	boxes->gone_end = &box->next_gone;
}

/* Since 6.19 the last process counts as gone when it has left the CPU for good (cgroup_task_dead), after its parent was told:
 * whoever then removes the cgroup may be quicker. What is removed has none in any case. */
static void end_empty(pcf_boxes *boxes, pcf_box *box, const pcf_box_note *note)
{
	pcf_box_note late = *note;

	if (box->was_populated && !box->emptied_ns) {
		late.flags |= PCF_EVENT_LATE;
		box->emptied_ns = note->ns;
		(void)boxes->tell(boxes->arg, PCF_EVENT_EMPTY, box, &late);
	}
	end(boxes, box, note);
}

static pcf_box *find(pcf_boxes *boxes, const pcf_box_note *note)
{
	pcf_box *box = pcf_boxes_by_path(boxes, note->path);

	/* Two of the same name may be known, the elder of them removed a moment ago. */
	if (box && !pcf_box_node_of(box, note->hierarchy_id, note->cgroup_id) && note->cgroup_id) {
		pcf_box *other = pcf_box_known_id(boxes, note->hierarchy_id, note->cgroup_id);

		if (other)
			return other;
	}
	return box;
}

/* The directory's part of a box; a source that tells no ids has one part for all. */
static pcf_box_node *node_for(pcf_boxes *boxes, pcf_box *box, const pcf_box_note *note)
{
	pcf_box_node *node = pcf_box_node_of(box, note->hierarchy_id, note->cgroup_id);

	return node ? node : pcf_box_enter(boxes, box, note->hierarchy_id, note->cgroup_id);
}

/* Made again under the same name: the old one has ended, whether or not that was told. */
static pcf_box *make_way(pcf_boxes *boxes, pcf_box *box, const pcf_box_note *note)
{
	int is_replaced = 0;

	for (int i = 0; i < box->node_count; i++)
		is_replaced |= box->nodes[i].hierarchy_id == note->hierarchy_id && box->nodes[i].is_there &&
			       box->nodes[i].cgroup_id != note->cgroup_id;
	if (!box->is_gone && !is_replaced)
		return box;
	if (!box->is_gone)
		end_empty(boxes, box, note);
	pcf_box_unlink(boxes, box);
	return NULL;
}

static void on_created(pcf_boxes *boxes, const pcf_box_note *note)
{
	pcf_box *box = pcf_boxes_by_path(boxes, note->path);
	pcf_box_node *node;
	int is_first;

	if (box)
		box = make_way(boxes, box, note);
	if (!box)
		box = pcf_box_make(boxes, note->path);
	if (!box)
		return;
	/* Discovery may have been quicker and have had the box made. */
	is_first =
		!box->created_ns && (box->node_count == 0 || pcf_box_node_of(box, note->hierarchy_id, note->cgroup_id));
	node = node_for(boxes, box, note);
	if (node)
		node->populated = PCF_NO;
	box->level = note->level;
	if (!is_first)
		return;
	box->created_ns = note->ns;
	box->is_older = 0;
	(void)boxes->tell(boxes->arg, PCF_EVENT_CGROUP_CREATED, box, note);
}

static pcf_box *find_or_make(pcf_boxes *boxes, const pcf_box_note *note)
{
	pcf_box *box = find(boxes, note);

	return box ? box : pcf_boxes_make(boxes, note->path);
}

static void on_populated(pcf_boxes *boxes, const pcf_box_note *note)
{
	pcf_box *box = find_or_make(boxes, note);
	pcf_box_node *node;
	int was = 0;

	if (!box || box->is_gone)
		return;
	for (int i = 0; i < box->node_count; i++)
		was |= box->nodes[i].is_there && box->nodes[i].populated == PCF_YES;
	node = node_for(boxes, box, note);
	if (node)
		node->populated = PCF_YES;
	box->is_due = 0;
	if (was)
		return;
	box->was_populated = 1;
	box->emptied_ns = 0;
	(void)boxes->tell(boxes->arg, PCF_EVENT_POPULATED, box, note);
}

/* A process that comes into a cgroup which had some before we looked is not its first. */
static void on_started(pcf_boxes *boxes, const pcf_box_note *note)
{
	pcf_box *box = find_or_make(boxes, note);

	if (!box || box->is_gone || box->is_started || (box->is_older && !box->was_populated))
		return;
	box->is_started = 1;
	box->has_exited = 0;
	box->started_ns = note->ns;
	box->pid = note->pid;
	snprintf(box->comm, sizeof box->comm, "%s", note->comm ? note->comm : "");
	box->init = box->first = (pcf_box_end){0};
	box->has_last = 0;
	(void)boxes->tell(boxes->arg, PCF_EVENT_CONTAINER_START, box, note);
}

static void wait_for_exit(pcf_boxes *boxes, pcf_box *box)
{
	box->is_due = 1;
	if (box->is_queued)
		return;
	box->is_queued = 1;
	box->next_due = NULL;
	*boxes->due_end = box;
	boxes->due_end = &box->next_due;
}

static void on_empty(pcf_boxes *boxes, const pcf_box_note *note)
{
	pcf_box *box = find_or_make(boxes, note);
	pcf_box_node *node;

	if (!box)
		return;
	node = node_for(boxes, box, note);
	for (int i = 0; i < box->node_count; i++)
		if (note->is_whole || &box->nodes[i] == node)
			box->nodes[i].populated = PCF_NO;
	take(box, node, note);
	if (box->is_gone || any_populated(boxes, box) || box->emptied_ns)
		return;
	box->emptied_ns = note->ns;
	(void)boxes->tell(boxes->arg, PCF_EVENT_EMPTY, box, note);
	if (had_processes(box) && !box->has_exited)
		wait_for_exit(boxes, box);
}

static void on_removed(pcf_boxes *boxes, const pcf_box_note *note)
{
	pcf_box *box = find_or_make(boxes, note);
	pcf_box_node *node;

	if (!box)
		return;
	node = node_for(boxes, box, note);
	for (int i = 0; i < box->node_count; i++)
		if (note->is_whole || &box->nodes[i] == node)
			box->nodes[i].is_there = 0;
	take(box, node, note);
	if (!box->is_gone && !any_there(box))
		end_empty(boxes, box, note);
}

/* v1 alone has it: one goes, another with its processes and numbers comes. */
static void on_renamed(pcf_boxes *boxes, const pcf_box_note *note)
{
	pcf_box *box = pcf_box_known_id(boxes, note->hierarchy_id, note->cgroup_id);
	pcf_box_node *node = box ? pcf_box_node_of(box, note->hierarchy_id, note->cgroup_id) : NULL;
	uint8_t populated = node ? node->populated : PCF_UNKNOWN;

	if (node)
		node->is_there = 0;
	if (box && !box->is_gone && !any_there(box))
		end(boxes, box, note);
	on_created(boxes, note);
	box = pcf_boxes_by_path(boxes, note->path);
	node = box ? pcf_box_node_of(box, note->hierarchy_id, note->cgroup_id) : NULL;
	if (node)
		node->populated = populated;
}

void pcf_boxes_note(pcf_boxes *boxes, const pcf_box_note *note)
{
	switch (note->what) {
	case PCF_BPF_CREATED:
		on_created(boxes, note);
		break;
	case PCF_BPF_REMOVED:
		on_removed(boxes, note);
		break;
	case PCF_BPF_RENAMED:
		on_renamed(boxes, note);
		break;
	case PCF_BPF_POPULATED:
		on_populated(boxes, note);
		break;
	case PCF_BPF_EMPTY:
		on_empty(boxes, note);
		break;
	case PCF_BPF_STARTED:
		on_started(boxes, note);
		break;
	default:
		break;
	}
}

static pcf_box *pop_due(pcf_boxes *boxes)
{
	pcf_box *box = boxes->due;

	boxes->due = box->next_due;
	if (!boxes->due)
		boxes->due_end = &boxes->due;
	box->is_queued = 0;
	return box;
}

static void expire_due(pcf_boxes *boxes, uint64_t now_ns)
{
	while (boxes->due) {
		pcf_box *box = boxes->due;

		if (box->is_due && !box->is_gone && box->emptied_ns + boxes->linger_ns > now_ns)
			break;
		pop_due(boxes);
		if (box->is_due && !box->is_gone)
			tell_exit(boxes, box, NULL);
	}
}

/* One that was emptied again since it came into the list holds up those behind it, for linger_ns at most. */
uint64_t pcf_boxes_expire(pcf_boxes *boxes, uint64_t now_ns)
{
	expire_due(boxes, now_ns);
	while (boxes->gone && boxes->gone->removed_ns + REMEMBER_NS <= now_ns && !boxes->gone->is_queued) {
		pcf_box *box = boxes->gone;

		boxes->gone = box->next_gone;
		if (!boxes->gone)
			boxes->gone_end = &boxes->gone;
		pcf_box_forget(boxes, box);
	}
	if (boxes->due)
		return boxes->due->emptied_ns + boxes->linger_ns;
	return boxes->gone ? boxes->gone->removed_ns + REMEMBER_NS : 0;
}

/* After lost notes: what is not there any more was removed, at a moment nobody knows. */
void pcf_boxes_check(pcf_boxes *boxes, uint64_t now_ns)
{
	for (uint64_t b = 0; b <= boxes->mask; b++)
		for (pcf_box *next, *box = boxes->paths[b]; box; box = next) {
			pcf_box_note note = {.what = PCF_BPF_REMOVED,
					     .source = PCF_EVENT_SOURCE_COLLECTOR,
					     .flags = PCF_EVENT_LATE | PCF_EVENT_PARTIAL,
					     .ns = now_ns,
					     .path = box->path};

			next = box->next_path;
			for (int i = 0; i < box->node_count && !box->is_gone; i++) {
				pcf_box_node *node = &box->nodes[i];
				const pcf_hierarchy *in = pcf_hierarchies_of(boxes->hierarchies, node->hierarchy_id);

				note.hierarchy_id = node->hierarchy_id;
				note.cgroup_id = node->cgroup_id;
				if (node->is_there && in && pcf_hierarchy_look(in, box->path) != node->cgroup_id)
					on_removed(boxes, &note);
			}
		}
}
