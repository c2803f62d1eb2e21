/* Where a cgroup is: its hierarchy's controllers and its path. */
#ifndef PCF_BPF_LIFE_CGROUP_H
#define PCF_BPF_LIFE_CGROUP_H
#include "bpf/life_maps.h"

static __always_inline u64 read_u64(u64 address)
{
	u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof value, (void *)address);
	return value;
}

static __always_inline void *css_of(struct cgroup *cgroup, u32 role)
{
	void *css = NULL;

	if (subsystem[role] == PCF_BPF_NONE)
		return NULL;
	bpf_probe_read_kernel(&css, sizeof css,
			      (void *)cgroup + bpf_core_field_offset(struct cgroup, subsys) + 8 * subsystem[role]);
	return css;
}

struct roles {
	u64 cgroup_at;
	u32 found;
};

static long look_for_role(u32 role, void *ctx)
{
	struct roles *roles = ctx;
	u32 id = role < PCF_ROLE_COUNT ? subsystem[role] : PCF_BPF_NONE;

	if (id != PCF_BPF_NONE && read_u64(roles->cgroup_at + bpf_core_field_offset(struct cgroup, subsys) + 8 * id))
		roles->found |= 1u << role;
	return 0;
}

/* A callback, like the climb below: seven ifs in a row are a hundred ways to the verifier. */
static __always_inline u32 roles_of(struct cgroup *cgroup, u32 hierarchy)
{
	struct roles roles = {.cgroup_at = (u64)cgroup, .found = hierarchy == 0};

	bpf_loop(PCF_ROLE_COUNT, look_for_role, &roles, 0);
	return roles.found;
}

struct climb {
	u64 node, stop, parent_offset;
	struct pcf_bpf_path *path;
	u32 used, is_done;
};

static __always_inline u64 parent_offset(void)
{
	u64 offset;

	if (bpf_core_field_exists(struct kernfs_node, __parent)) {
		offset = bpf_core_field_offset(struct kernfs_node, __parent);
		ONLY_NEW(offset);
	} else {
		offset = bpf_core_field_offset(struct kernfs_node___old, parent);
		ONLY_OLD(offset);
	}
	return offset;
}

static long climb_one(u32 depth, void *ctx)
{
	struct climb *climb = ctx;
	struct kernfs_node *node = (void *)climb->node;
	u64 parent = read_u64(climb->node + climb->parent_offset);
	u32 used = climb->used;
	long n;

	if (!parent || pcf_read(node, id) == climb->stop) {
		/* The real root, when another one was looked for: that cgroup cannot be seen from here. */
		climb->is_done = 1 + (!parent && climb->stop);
		return 1;
	}
	if (used >= PCF_BPF_NAMES)
		return 1;
	n = bpf_probe_read_kernel_str(climb->path->names + used, PCF_BPF_NAME, pcf_read(node, name));
	if (n <= 0)
		return 1;
	climb->used = used + n;
	climb->node = parent;
	return 0;
}

/* False: not below the root that is shown here. A loop in a callback is looked at once by the verifier. */
static __always_inline bool path_of(struct pcf_bpf_path *path, struct kernfs_node *node, u32 hierarchy)
{
	u64 *shown = bpf_map_lookup_elem(&roots, &hierarchy);
	struct climb climb = {
		.node = (u64)node, .stop = shown ? *shown : 0, .parent_offset = parent_offset(), .path = path};

	bpf_loop(MOST_LEVELS, climb_one, &climb, 0);
	path->bytes = climb.used;
	path->is_cut = !climb.is_done;
	return climb.is_done != 2;
}

static __always_inline void head_of(struct pcf_bpf_head *head, u32 what, u32 hierarchy, u64 id)
{
	head->what = what;
	head->hierarchy = hierarchy;
	head->ns = bpf_ktime_get_ns();
	head->id = id;
}

/* Where it is and what it is called. False: in no hierarchy of ours, or not visible from here. */
static __always_inline bool fill_cgroup(struct pcf_bpf_cgroup *record, struct cgroup *cgroup, u32 what)
{
	struct kernfs_node *node = pcf_read(cgroup, kn);
	u32 hierarchy = BPF_CORE_READ(cgroup, root, hierarchy_id);

	head_of(&record->head, what, hierarchy, pcf_read(node, id));
	record->roles = roles_of(cgroup, hierarchy);
	record->level = pcf_read(cgroup, level);
	record->pid = 0;
	record->children = pcf_read(cgroup, nr_descendants);
	record->has_counters = record->has_numbers = 0;
	record->comm[0] = 0;
	return path_of(&record->path, node, hierarchy) && record->roles;
}
#endif
