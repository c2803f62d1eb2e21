/* The tick thread's half: one dump of the host's links a tick, net/dev for what has no twin there. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "source/net/namespace.h"
#include "source/net/net.h"

#define NETWORK 0
#define ERRORS  1

static void push_retired(struct pcf_net_box *box, struct pcf_net_reader *reader)
{
	pcf_net_reader_shut(reader);
	reader->next = box->retired;
	box->retired = reader;
}

void pcf_net_retire(struct pcf_net_source *source, uint32_t slot)
{
	struct pcf_net_reader *reader = source->readers[slot];

	if (!reader)
		return;
	uint32_t last = source->order[--source->reader_count];
	source->order[source->place[slot]] = last;
	source->place[last] = source->place[slot];
	source->readers[slot] = NULL;
	push_retired(&source->box, reader);
}

static pcf_region *region_of(const struct pcf_net_source *source, int which)
{
	return source->env.regions[which == NETWORK ? PCF_GROUP_NETWORK : PCF_GROUP_NETWORK_ERRORS];
}

static bool has_name(const struct pcf_net_reader *reader, const struct pcf_net_row *row)
{
	for (uint32_t i = 0; i < reader->count; i++)
		if (reader->rows[i].name_len == row->name_len &&
		    memcmp(reader->rows[i].name, row->name, row->name_len) == 0)
			return true;
	return false;
}

/* Interfaces that the reader taking its place does not know are gone: with them their rows, or a host whose networks
 * come and go would fill the ring. */
static void release_gone(struct pcf_net_source *source, const struct pcf_net_reader *before,
			 const struct pcf_net_reader *after)
{
	for (uint32_t i = 0; before && before->generation == after->generation && i < before->count; i++)
		for (int which = 0; which < PCF_NET_GROUPS && !has_name(after, &before->rows[i]); which++) {
			pcf_region *region = region_of(source, which);

			if (region && before->rows[i].rows[which] < PCF_NET_REFUSED)
				pcf_region_row_release(region, before->rows[i].rows[which], pcf_region_latest(region));
		}
}

static void place_reader(struct pcf_net_source *source, struct pcf_net_reader *reader)
{
	const struct pcf_net_node *node = source->nodes[reader->slot];

	if (!node || node->generation != reader->generation) {
		push_retired(&source->box, reader); /* its container went meanwhile */
		return;
	}
	release_gone(source, source->readers[reader->slot], reader);
	pcf_net_retire(source, reader->slot);
	if (reader->count == 0) {
		push_retired(&source->box, reader);
		return;
	}
	source->readers[reader->slot] = reader;
	source->place[reader->slot] = source->reader_count;
	source->order[source->reader_count++] = reader->slot;
}

void pcf_net_apply(struct pcf_net_source *source, bool wait)
{
	struct pcf_net_box *box = &source->box;

	if (wait)
		pthread_mutex_lock(&box->lock);
	else if (pthread_mutex_trylock(&box->lock))
		return;
	struct pcf_net_reader *reader = box->published, *next;
	box->published = NULL;
	box->published_end = &box->published;
	for (; reader; reader = next) {
		next = reader->next;
		place_reader(source, reader);
	}
	pthread_mutex_unlock(&box->lock);
}

/* Tells the resolver what this tick noticed. */
static void report(struct pcf_net_source *source, bool look)
{
	struct pcf_link_dump *dump = &source->dump;
	struct pcf_net_box *box = &source->box;

	if (!look && !dump->appeared_count)
		return;
	if (pthread_mutex_trylock(&box->lock)) { /* stale readers stay stale, but new links are new once only */
		atomic_store(&box->has_missed, dump->appeared_count > 0 || atomic_load(&box->has_missed));
		pcf_net_box_signal(box->wake);
		return;
	}
	box->look |= look;
	for (uint32_t i = 0; i < dump->appeared_count && i < PCF_LINKS_APPEARED; i++)
		if (box->appeared_count + i < PCF_LINKS_APPEARED)
			box->appeared[box->appeared_count + i] = dump->appeared[i];
	box->appeared_count += dump->appeared_count;
	dump->appeared_count = 0;
	pthread_mutex_unlock(&box->lock);
	pcf_net_box_signal(box->wake);
}

/* Claims the row when it is new. A full ring is asked again now and then only. */
static bool has_row(const struct pcf_net_source *source, int which, const struct pcf_net_reader *reader,
		    struct pcf_net_row *row, pcf_pass *pass)
{
	if (row->rows[which] < PCF_NET_REFUSED)
		return true;
	if (row->rows[which] == PCF_NET_REFUSED && pass->tick % 16 != 0) {
		pass->rows_refused++;
		return false;
	}
	int rc = pcf_region_row_claim(region_of(source, which), reader->slot, reader->generation, row->name,
				      row->name_len, pass->tick, &row->rows[which]);
	if (rc == 0)
		return true;
	row->rows[which] = PCF_NET_REFUSED;
	pass->rows_refused++;
	return false;
}

static void store(struct pcf_net_source *source, int which, const struct pcf_net_reader *reader,
		  struct pcf_net_row *row, uint32_t offset, const uint64_t *values, pcf_pass *pass)
{
	if (!has_row(source, which, reader, row, pass))
		return;
	pass->unrepresentable += (uint64_t)pcf_region_store(region_of(source, which), row->rows[which], offset, values);
	pass->rows++;
}

/* A veth's host end receives what the container sends. */
static void values_of(const struct pcf_link_count *link, bool is_root, uint64_t *values)
{
	values[PCF_NETWORK_RX_BYTES] = is_root ? link->rx_bytes : link->tx_bytes;
	values[PCF_NETWORK_RX_PACKETS] = is_root ? link->rx_packets : link->tx_packets;
	values[PCF_NETWORK_TX_BYTES] = is_root ? link->tx_bytes : link->rx_bytes;
	values[PCF_NETWORK_TX_PACKETS] = is_root ? link->tx_packets : link->rx_packets;
}

static void sample_twins(struct pcf_net_source *source, struct pcf_net_reader *reader, uint32_t offset, pcf_pass *pass)
{
	uint64_t values[PCF_NETWORK_COUNT];

	for (uint32_t i = 0; i < reader->count; i++) {
		struct pcf_net_row *row = &reader->rows[i];
		if (!row->host_ifindex)
			continue;
		const struct pcf_link_count *link = pcf_link_dump_find(&source->dump, row->host_ifindex);
		if (!link) {
			if (!source->dump.is_interrupted && !source->dump.wants_growth)
				atomic_store(&reader->is_stale, true);
			continue;
		}
		values_of(link, reader->is_root, values);
		store(source, NETWORK, reader, row, offset, values, pass);
	}
}

struct sink {
	struct pcf_net_reader *reader;
	bool want_twins; /* network_errors: also of links whose bytes come from the host */
};

static uint64_t *row_of(void *arg, const char *key, size_t key_len)
{
	const struct sink *sink = arg;

	for (uint32_t i = 0; i < sink->reader->count; i++) {
		struct pcf_net_row *row = &sink->reader->rows[i];
		if (row->name_len != key_len || memcmp(row->name, key, key_len) != 0)
			continue;
		if (row->host_ifindex && !sink->want_twins)
			return NULL;
		row->is_seen = true;
		return row->values;
	}
	if (!sink->reader->is_root && !(key_len == 2 && memcmp(key, "lo", 2) == 0))
		atomic_store(&sink->reader->is_stale, true); /* an interface we have not listed */
	return NULL;
}

static bool is_vanished(ssize_t error)
{
	return error == -ENOENT || error == -ESRCH || error == -ESTALE || error == -EINVAL || error == -ENXIO;
}

/* Opened for this one reading: the process must be in the namespace still once the file is open. (Process 1 is.) */
static ssize_t read_opened(struct pcf_net_source *source, const struct pcf_net_reader *reader)
{
	uint64_t key;
	int fd = pcf_net_dev_open(source->proc_fd, reader->pid);

	if (fd < 0)
		return fd;
	ssize_t size = reader->is_root ? 0 : pcf_netns_key(source->proc_fd, reader->pid, &key);
	if (size == 0)
		size = reader->is_root || key == reader->key ? pcf_net_dev_read(fd, source->text, source->text_bytes)
							     : -ESTALE;
	close(fd);
	return size;
}

/* Bytes of text, 0 when there is nothing to read just now, or -errno. */
static ssize_t read_text(struct pcf_net_source *source, struct pcf_net_reader *reader)
{
	if (!reader->is_kept)
		return read_opened(source, reader);
	if (!pcf_net_reader_enter(reader))
		return 0; /* its process has exited, the resolver looks for another */
	ssize_t size = pcf_net_dev_read(reader->fd, source->text, source->text_bytes);
	pcf_net_reader_leave(reader);
	return size;
}

static void clear_rows(struct pcf_net_reader *reader)
{
	for (uint32_t i = 0; i < reader->count; i++) {
		reader->rows[i].is_seen = false;
		memset(reader->rows[i].values, 0xff, sizeof reader->rows[i].values); /* PCF_ABSENT */
	}
}

static void count_failure(struct pcf_net_source *source, struct pcf_net_reader *reader, ssize_t error, pcf_pass *pass)
{
	if (is_vanished(error)) {
		atomic_store(&reader->is_stale, true);
		return;
	}
	pass->read_errors++;
	pass->truncated += error == -EMSGSIZE;
	source->env.fail(source->env.owner, reader->slot, "net/dev", (int)-error);
}

static void sample_text(struct pcf_net_source *source, struct pcf_net_reader *reader, int which, pcf_pass *pass)
{
	struct sink sink = {reader, which == ERRORS};
	ssize_t size = read_text(source, reader);

	if (size == 0)
		return;
	uint32_t offset = pcf_pass_offset(pass);
	pass->reads++;
	clear_rows(reader);
	if (size > 0 && pcf_rows_parse(source->parsers[which], source->text, (size_t)size, row_of, &sink) < 0)
		size = -EBADMSG;
	if (size < 0) {
		count_failure(source, reader, size, pass);
		return;
	}
	for (uint32_t i = 0; i < reader->count; i++)
		if (reader->rows[i].is_seen)
			store(source, which, reader, &reader->rows[i], offset, reader->rows[i].values, pass);
}

static bool needs_text(const struct pcf_net_reader *reader)
{
	for (uint32_t i = 0; i < reader->count; i++)
		if (!reader->rows[i].host_ifindex)
			return true;
	return false;
}

static bool run_dump(struct pcf_net_source *source, pcf_pass *pass)
{
	if (!source->has_dump)
		return false;
	int rc = pcf_link_dump_run(&source->dump);
	pass->reads++;
	if (rc == 0)
		return true;
	pass->read_errors++;
	source->env.fail(source->env.owner, PCF_NET_NO_ROW, "netlink link statistics", -rc);
	return false;
}

void pcf_net_sample(struct pcf_net_source *source, pcf_pass *pass)
{
	int which = pass->group == PCF_GROUP_NETWORK ? NETWORK : ERRORS;
	bool look = false;

	pcf_net_apply(source, false);
	if (!region_of(source, which))
		return;
	bool has_counts = which == NETWORK && run_dump(source, pass);
	uint32_t offset = pcf_pass_offset(pass);
	for (uint32_t i = 0; i < source->reader_count; i++) {
		struct pcf_net_reader *reader = source->readers[source->order[i]];
		if (has_counts)
			sample_twins(source, reader, offset, pass);
		if (which == ERRORS || needs_text(reader))
			sample_text(source, reader, which, pass);
		look |= atomic_load(&reader->is_stale);
	}
	report(source, look);
	if (source->dump.wants_growth)
		pcf_net_box_signal(source->box.event);
}
