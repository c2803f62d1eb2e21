/* Inside walk.bpf.c. Block IO of cgroup2: a cgroup has one object for each disk it ever sent a request to. As in io.stat
 * (block/blk-cgroup.c, blkcg_print_one_stat) a disk is told by the numbers of the whole disk, partitions included; one that
 * was taken away, is hidden, or of which nothing but discards was counted has no numbers there. */
#ifndef PCF_BPF_WALK_IO_H
#define PCF_BPF_WALK_IO_H

#define PCF_IO_LOOKS    64 /* objects of one cgroup that are looked at */
#define PCF_IO_POLICIES 4  /* of one disk: write-back throttling, latency, cost */

/* io.stat has more to say of it. */
static __always_inline bool has_cost_model(struct request_queue *queue)
{
	struct rq_qos *policy = pcf_read(queue, rq_qos);

	for (u32 i = 0; i < PCF_IO_POLICIES && policy; i++) {
		if ((u32)pcf_read(policy, id) == cost_policy)
			return pcf_read((struct ioc *)policy, enabled);
		policy = pcf_read(policy, next);
	}
	return false;
}

/* Its disk, NULL: io.stat does not name it. */
static __always_inline struct gendisk *disk_of(struct blkcg_gq *object, struct request_queue *queue)
{
	struct gendisk *disk = pcf_read(queue, disk);
	struct backing_dev_info *info = pcf_read(disk, bdi);

	return pcf_read(object, online) && disk && pcf_read(info, dev) ? disk : NULL;
}

static __always_inline int read_device(struct pcf_walk_device *out, struct blkcg_gq *object)
{
	struct request_queue *queue = pcf_read(object, q);
	struct gendisk *disk = disk_of(object, queue);

	if (!disk)
		return 0;
	if (has_cost && has_cost_model(queue))
		return -1;
	bpf_probe_read_kernel(out->bytes, sizeof out->bytes,
			      __builtin_preserve_access_index(&object->iostat.cur.bytes));
	bpf_probe_read_kernel(out->ios, sizeof out->ios, __builtin_preserve_access_index(&object->iostat.cur.ios));
	out->major = pcf_read(disk, major);
	out->minor = pcf_read(disk, first_minor);
	return (out->bytes[0] | out->bytes[1] | out->ios[0] | out->ios[1]) != 0;
}

/* 1: counted something, 0: nothing to show, -1: ask its file. Global, as visit_cgroup is and for the same reason. */
__attribute__((noinline)) int fill_device(u64 object, u32 index, u32 place)
{
	struct pcf_walk_io *out = bpf_map_lookup_elem(&io, &index);

	if (!out || place >= PCF_WALK_DEVICES || !has_io)
		return 0;
	return read_device(&out->devices[place], (struct blkcg_gq *)object);
}

__attribute__((noinline)) int fill_io(u64 cgrp, u32 index, u64 id)
{
	struct pcf_walk_io *out = bpf_map_lookup_elem(&io, &index);
	struct blkcg *group = css_of((struct cgroup *)cgrp, io_id);
	struct hlist_node *node;
	u32 used = 0;

	if (!out || !has_io)
		return 0;
	out->id = id;
	out->has = group != NULL;
	if (!group)
		return 0;
	node = pcf_read(group, blkg_list.first);
	for (u32 i = 0; i < PCF_IO_LOOKS && node && used < PCF_WALK_DEVICES; i++) {
		int shown = fill_device((u64)node - bpf_core_field_offset(struct blkcg_gq, blkcg_node), index, used);

		if (shown < 0)
			break;
		used += shown;
		node = pcf_read(node, next);
	}
	out->count = node ? PCF_WALK_BY_FILE : used;
	return 0;
}

/* v1. Its files go through the same list (block/blk-cgroup.c, blkcg_print_blkgs): none in it, no line in them. */
static __always_inline void fill_io_any(struct cgroup *cgrp, u32 index, u64 id)
{
	struct pcf_walk_io_any *out = bpf_map_lookup_elem(&io_any, &index);
	struct blkcg *group = css_of(cgrp, io_id);

	if (!out)
		return;
	out->id = id;
	out->has = group != NULL;
	if (group)
		out->is_any = pcf_peek(group, blkg_list.first) != NULL;
}
#endif
