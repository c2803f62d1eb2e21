/* The files of one container: opened, looked for again, closed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/file/file_source.h"

#define FIRST_LOOK   100000000ULL /* runtimes make a container's directories one after another, within milliseconds */
#define LOOKS_DOUBLE 10           /* then 0.2 s, 0.4 s, ... about a minute */
#define FAMILY_LOOKS 6            /* from 3 s on */

int pcf_file_slot_is_absent(const pcf_file_slot *slot, int unit)
{
	return (int)(slot->absent[unit / 64] >> (unit % 64) & 1);
}

void pcf_file_slot_set_absent(pcf_file_slot *slot, int unit)
{
	slot->absent[unit / 64] |= 1ULL << (unit % 64);
}

pcf_file_slot *pcf_file_slot_new(pcf_file_source *source, uint32_t generation, const char *path)
{
	size_t fds = source->kept_count * sizeof(int), len;
	pcf_file_slot *slot;

	while (*path == '/')
		path++;
	len = strlen(path) + 1;
	slot = calloc(1, sizeof *slot + fds + len);
	if (!slot)
		return NULL;
	slot->generation = generation;
	slot->fd_count = source->kept_count;
	slot->path = (char *)slot->fds + fds;
	memcpy(slot->path, path, len);
	slot->is_root = !*path;
	slot->family = atomic_load_explicit(&source->family, memory_order_relaxed);
	memset(slot->fds, 0xff, fds);
	return slot;
}

static void close_fd(pcf_file_source *source, int *fd)
{
	if (*fd < 0)
		return;
	close(*fd);
	*fd = -1;
	pcf_descriptors_give(source->env.descriptors, 1);
	atomic_fetch_sub_explicit(&source->descriptors, 1, memory_order_relaxed);
}

static void close_all(pcf_file_source *source, pcf_file_slot *slot)
{
	for (unsigned i = 0; i < slot->fd_count; i++)
		close_fd(source, &slot->fds[i]);
}

static void set_by_name(pcf_file_source *source, pcf_file_slot *slot, int by_name)
{
	if (slot->by_name == by_name)
		return;
	slot->by_name = (uint8_t)by_name;
	if (by_name)
		atomic_fetch_add_explicit(&source->slots_by_name, 1, memory_order_relaxed);
	else
		atomic_fetch_sub_explicit(&source->slots_by_name, 1, memory_order_relaxed);
}

/* Returns 0, or -EMFILE: no descriptor may be kept, or none is to be had. */
static int open_unit(pcf_file_source *source, pcf_file_slot *slot, int directory, int index)
{
	const pcf_unit *unit = &source->units[index];
	const char *name = pcf_unit_name(unit, slot->family);
	int fd;

	if (unit->kept < 0 || slot->fds[unit->kept] >= 0 || !name)
		return 0;
	if (pcf_descriptors_take(source->env.descriptors, 1) < 0)
		return -EMFILE;
	fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		slot->fds[unit->kept] = fd;
		atomic_fetch_add_explicit(&source->descriptors, 1, memory_order_relaxed);
		return 0;
	}
	pcf_descriptors_give(source->env.descriptors, 1);
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		return -EMFILE;
	pcf_file_slot_set_absent(slot, index);
	if (errno != ENOENT && errno != ENODEV)
		source->env.fail(source->env.owner, UINT32_MAX, name, errno);
	return 0;
}

/* Where the container is in a hierarchy, -ENOENT: not there (any more). */
static int find_directory(pcf_file_source *source, pcf_file_slot *slot, int controller)
{
	struct stat st;

	if (fstatat(source->directories[controller], *slot->path ? slot->path : ".", &st, 0) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode)) /* a cgroup2 cgroup called "tasks", as a file of v1 is */
		return -ENOENT;
	slot->controllers |= (uint16_t)(1u << controller);
	if (source->env.walk)
		pcf_kernel_walk_place(source->env.walk, &slot->walker, controller, st.st_ino);
	return 0;
}

static int keeps_any(const pcf_file_source *source, int controller)
{
	for (int u = 0; u < source->unit_count; u++)
		if (source->units[u].controller == controller && source->units[u].kept >= 0)
			return 1;
	return 0;
}

static int open_controller(pcf_file_source *source, pcf_file_slot *slot, int controller)
{
	int code = find_directory(source, slot, controller), directory;

	if (code < 0 || !keeps_any(source, controller))
		return code < 0 ? -ENOENT : 0;
	directory = openat(source->directories[controller], *slot->path ? slot->path : ".",
			   O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return errno == EMFILE || errno == ENFILE ? -EMFILE : -ENOENT;
	for (int u = 0; u < source->unit_count && code == 0 && !slot->by_name; u++)
		if (source->units[u].controller == controller)
			code = open_unit(source, slot, directory, u);
	close(directory);
	return code;
}

/* Without descriptors: is the directory there? */
static void find_controllers(pcf_file_source *source, pcf_file_slot *slot)
{
	for (int c = 0; c < PCF_CTL_COUNT; c++)
		if (source->wanted >> c & 1)
			(void)find_directory(source, slot, c);
}

/* Whether a container that is read by name could keep its files open now: asked before they are opened one by one only to
 * be closed again. */
static int has_room(pcf_file_source *source, const pcf_file_slot *slot)
{
	unsigned files = 0;

	for (int u = 0; u < source->unit_count; u++)
		files += source->units[u].kept >= 0 && (slot->controllers >> source->units[u].controller & 1) &&
			 !pcf_file_slot_is_absent(slot, u);
	if (pcf_descriptors_take(source->env.descriptors, files) < 0)
		return 0;
	pcf_descriptors_give(source->env.descriptors, files);
	return 1;
}

/* Removed and made again without anybody telling: the path is the same, the directory another. */
void pcf_file_slot_place(pcf_file_source *source, pcf_file_slot *slot)
{
	for (int c = 0; c < PCF_CTL_COUNT; c++)
		if (slot->controllers >> c & 1)
			(void)find_directory(source, slot, c);
}

int pcf_file_slot_open(pcf_file_source *source, pcf_file_slot *slot)
{
	if (!pcf_reader_keeps(source->reader))
		set_by_name(source, slot, 1);
	for (int c = 0; c < PCF_CTL_COUNT && !slot->by_name; c++) {
		if (!(source->wanted >> c & 1) || open_controller(source, slot, c) != -EMFILE)
			continue;
		/* Half of the descriptors kept would be a container whose groups differ in price; all or none. */
		close_all(source, slot);
		set_by_name(source, slot, 1);
	}
	if (slot->by_name)
		find_controllers(source, slot);
	/* With only groups of the network or of the machine on, nothing is asked of any hierarchy. */
	return slot->controllers || !source->wanted ? 0 : -ENOENT;
}

void pcf_file_slot_switch(pcf_file_source *source, pcf_file_slot *slot, int family)
{
	slot->family = (uint8_t)family;
	for (int u = 0; u < source->unit_count; u++)
		if (source->units[u].has_families && source->units[u].kept >= 0)
			close_fd(source, &slot->fds[source->units[u].kept]);
	(void)pcf_file_slot_open(source, slot);
}

static int is_complete(const pcf_file_source *source, const pcf_file_slot *slot)
{
	for (size_t i = 0; i < sizeof slot->absent / sizeof slot->absent[0]; i++)
		if (slot->absent[i])
			return 0;
	return (source->wanted & ~slot->controllers) == 0;
}

void pcf_file_slot_look(pcf_file_source *source, pcf_file_slot *slot, uint64_t now_ns)
{
	int wants_descriptors = slot->by_name && pcf_reader_keeps(source->reader) && has_room(source, slot);
	uint64_t wait;

	if (slot->look_ns && now_ns >= slot->look_ns) {
		/* Reading every family is dear, and that another one began to count is rare. */
		if (slot->looks >= FAMILY_LOOKS)
			pcf_blkio_look(source, slot);
		if (!is_complete(source, slot) || wants_descriptors) {
			memset(slot->absent, 0, sizeof slot->absent);
			if (wants_descriptors)
				set_by_name(source, slot, 0);
			(void)pcf_file_slot_open(source, slot);
		}
	}
	slot->looks += slot->looks < LOOKS_DOUBLE;
	wait = FIRST_LOOK << (slot->looks - 1);
	/* Containers found in one walk must not all be looked at in one tick for ever. */
	slot->look_ns = now_ns + wait + wait / 64 * ((slot->generation * 7 + (uintptr_t)slot / 64) % 64);
}

void pcf_file_slot_lose(pcf_file_source *source, pcf_file_slot *slot, int controller)
{
	slot->controllers &= (uint16_t) ~(1u << controller);
	if (source->env.walk)
		pcf_kernel_walk_place(source->env.walk, &slot->walker, controller, 0);
	for (int u = 0; u < source->unit_count; u++)
		if (source->units[u].controller == controller && source->units[u].kept >= 0)
			close_fd(source, &slot->fds[source->units[u].kept]);
}

void pcf_file_slot_refresh(pcf_file_source *source, pcf_file_slot *slot)
{
	if (is_complete(source, slot))
		return;
	memset(slot->absent, 0, sizeof slot->absent);
	(void)pcf_file_slot_open(source, slot);
	slot->looks = 0;
	slot->look_ns = 0;
}

void pcf_file_slot_free(pcf_file_source *source, pcf_file_slot *slot)
{
	if (!slot)
		return;
	close_all(source, slot);
	set_by_name(source, slot, 0);
	free(slot);
}
