/* Containers coming and going, as discovery says. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "schema/error.h"
#include "tick/collector.h"

/* The hierarchy whose directory stands for the cgroup: always asked in this order, so that a restarted collector
 * comes to the same number. */
static const int hierarchies[] = {PCF_CTL_UNIFIED, PCF_CTL_MEMORY, PCF_CTL_CPUACCT, PCF_CTL_CPU,
				  PCF_CTL_IO,      PCF_CTL_PIDS,   PCF_CTL_CPUSET,  PCF_CTL_HUGETLB};

int pcf_cgroup_look(const pcf_host *host, const char *path, uint64_t *cgroup_id, uint64_t *created_ns)
{
	char full[4096];
	struct stat st;
	size_t first = host->layout == PCF_LAYOUT_V2 ? 0 : 1; /* beside v1 controllers not every cgroup is on cgroup2 */

	for (size_t i = 0; i <= sizeof hierarchies / sizeof hierarchies[0]; i++) {
		const pcf_controller_fact *fact = &host->controllers[hierarchies[i == 8 ? 0 : i]];

		if (i < first || (i == 8 && first == 0) || !fact->version)
			continue;
		snprintf(full, sizeof full, "%s%s", fact->mount, path);
		if (stat(full, &st) < 0)
			continue;
		*cgroup_id = st.st_ino;
		*created_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
		return 0;
	}
	return -ENOENT;
}

static uint64_t present_tick(const pcf_collector *collector)
{
	return pcf_now_ns(CLOCK_MONOTONIC) / collector->plan.base_ns;
}

/* Opens its files in every source; one that says it is gone decides. */
static int prepare(pcf_collector *collector, pcf_command *command, const char *path)
{
	int code = 0;

	for (int i = 0; i < collector->source_count && code == 0; i++) {
		if (command->what == PCF_DO_REFRESH && collector->sources[i]->ops->refresh)
			continue;
		code = collector->sources[i]->ops->prepare(collector->sources[i], command->slot, command->generation,
							   path, &command->prepared[i]);
	}
	return code;
}

static int release(pcf_collector *collector, uint32_t slot, uint32_t generation)
{
	pcf_command *command;
	int is_here;

	pthread_mutex_lock(&collector->lock);
	is_here = pcf_tenant_is(collector, slot, generation);
	pthread_mutex_unlock(&collector->lock);
	if (!is_here)
		return -ESTALE;
	command = pcf_command_new(slot, generation, PCF_DO_DROP);
	if (!command)
		return -ENOMEM;
	pthread_mutex_lock(&collector->lock);
	pcf_tenant_leave(collector, slot);
	pthread_mutex_unlock(&collector->lock);
	/* The tick thread hears of it before the slot can have a new tenant: commands keep their order. */
	(void)pcf_slots_release(collector->slots, slot, generation, present_tick(collector));
	pcf_command_send(collector, command);
	return 0;
}

static void write_created(pcf_collector *collector, uint32_t slot, uint64_t created_ns)
{
	pcf_slot_record record;

	if (pcf_slots_read(collector->slots, slot, &record) < 0 || record.created_ns)
		return;
	record.created_ns = created_ns;
	(void)pcf_slots_write(collector->slots, slot, &record);
}

/* Events name their container from now on. */
static void identify(pcf_collector *collector, const char *path, uint32_t slot, uint32_t generation)
{
	pcf_slot_record record;

	if (collector->events && pcf_slots_read(collector->slots, slot, &record) == 0)
		pcf_events_identify(collector->events, path, (uint64_t)generation << 32 | slot, record.runtime,
				    record.id, record.name);
}

static int refuse(pcf_collector *collector, const char *path, int code, pcf_error *err)
{
	if (code != -ENOSPC)
		return pcf_error_say(err, code, "container %s cannot be followed: %s", path, strerror(-code));
	pthread_mutex_lock(&collector->lock);
	collector->refused++;
	pthread_mutex_unlock(&collector->lock);
	return pcf_error_say(err, code,
			     "container %s cannot be followed: all %u slots are in use or the ring's file system is "
			     "full; raise max_containers, or give more memory",
			     path, collector->env.max_slots);
}

static int enter(pcf_collector *collector, const char *path, uint64_t id, uint64_t created_ns, uint32_t *slot,
		 uint32_t *generation, pcf_error *err)
{
	pcf_command *command;
	int code = pcf_slots_claim(collector->slots, path, id, present_tick(collector), slot, generation);

	if (code < 0)
		return refuse(collector, path, code, err);
	command = pcf_command_new(*slot, *generation, PCF_DO_ADOPT);
	code = command ? prepare(collector, command, path) : -ENOMEM;
	if (collector->walk)
		pcf_kernel_walk_reserve(collector->walk, (unsigned)collector->live + 1);
	if (code == 0) {
		pthread_mutex_lock(&collector->lock);
		code = pcf_tenant_enter(collector, *slot, *generation, path, id);
		if (code == 0)
			write_created(collector, *slot, created_ns);
		pthread_mutex_unlock(&collector->lock);
	}
	if (code < 0) {
		if (command)
			pcf_commands_discard(collector, command);
		(void)pcf_slots_release(collector->slots, *slot, *generation, present_tick(collector));
		return code == -ENOENT ? pcf_error_say(err, code, "container %s is gone again", path)
				       : refuse(collector, path, code, err);
	}
	pcf_command_send(collector, command);
	identify(collector, path, *slot, *generation);
	return 0;
}

static int refresh(pcf_collector *collector, uint32_t slot, uint32_t generation, const char *path)
{
	pcf_command *command = pcf_command_new(slot, generation, PCF_DO_REFRESH);
	int code = command ? prepare(collector, command, path) : -ENOMEM;

	if (code == 0)
		pcf_command_send(collector, command);
	else if (command)
		pcf_commands_discard(collector, command);
	return code;
}

/* The root is there from the beginning or not at all.  The number of its directory tells nothing: 1, or inside a
 * cgroup namespace that of the cgroup which is the root there. */
static int add_root(const pcf_collector *collector, uint32_t *slot, uint32_t *generation, pcf_error *err)
{
	if (collector->root_slot == PCF_NO_INDEX)
		return pcf_error_say(err, -EPERM, "the root container is off: the options disable it");
	*slot = collector->root_slot;
	*generation = collector->root_generation;
	return 0;
}

static int add(pcf_collector *collector, const char *path, uint64_t created_ns, uint32_t *slot, uint32_t *generation,
	       pcf_error *err)
{
	uint64_t id, made_ns;
	int code = pcf_cgroup_look(&collector->host, path, &id, &made_ns);

	if (code < 0)
		return pcf_error_say(err, code, "container %s is gone again", path);
	pthread_mutex_lock(&collector->lock);
	*slot = pcf_tenant_find(collector, path);
	if (*slot != PCF_NO_INDEX) {
		*generation = collector->tenants[*slot].generation;
		if (collector->tenants[*slot].cgroup_id != id)
			code = -ESTALE;
	}
	pthread_mutex_unlock(&collector->lock);
	if (*slot != PCF_NO_INDEX && code == 0)
		return refresh(collector, *slot, *generation, path);
	/* Removed and made again before anybody told: another cgroup of the same name. */
	if (code == -ESTALE)
		(void)release(collector, *slot, *generation);
	return enter(collector, path, id, created_ns ? created_ns : made_ns, slot, generation, err);
}

int pcf_collector_add(pcf_collector *collector, const char *path, uint64_t created_ns, uint32_t *slot,
		      uint32_t *generation, pcf_error *err)
{
	uint32_t at = PCF_NO_INDEX, of = 0;
	int code;

	if (path[0] != '/')
		return pcf_error_say(err, -EINVAL, "container path \"%s\" does not begin with a slash", path);
	pthread_mutex_lock(&collector->doing);
	code = strcmp(path, "/") == 0 ? add_root(collector, &at, &of, err)
				      : add(collector, path, created_ns, &at, &of, err);
	pthread_mutex_unlock(&collector->doing);
	if (slot)
		*slot = at;
	if (generation)
		*generation = of;
	return code;
}

/* Slot 0: claimed before anybody else. */
int pcf_containers_add_root(pcf_collector *collector, pcf_error *err)
{
	int code;

	collector->root_slot = PCF_NO_INDEX;
	if (collector->options.disable_root)
		return 0;
	/* Without any cgroup mount the machine itself can still be sampled. */
	pthread_mutex_lock(&collector->doing);
	code = enter(collector, "/", 1, 0, &collector->root_slot, &collector->root_generation, err);
	pthread_mutex_unlock(&collector->doing);
	if (code < 0)
		collector->root_slot = PCF_NO_INDEX;
	return code;
}

int pcf_collector_refresh(pcf_collector *collector, uint32_t slot, uint32_t generation)
{
	char path[4096];
	int code = -ESTALE;

	pthread_mutex_lock(&collector->doing);
	pthread_mutex_lock(&collector->lock);
	if (pcf_tenant_is(collector, slot, generation)) {
		snprintf(path, sizeof path, "%s", collector->tenants[slot].path);
		code = 0;
	}
	pthread_mutex_unlock(&collector->lock);
	if (code == 0)
		code = refresh(collector, slot, generation, path);
	pthread_mutex_unlock(&collector->doing);
	return code;
}

int pcf_collector_remove(pcf_collector *collector, uint32_t slot, uint32_t generation)
{
	int code;

	pthread_mutex_lock(&collector->doing);
	code = slot == collector->root_slot ? -EPERM : release(collector, slot, generation);
	pthread_mutex_unlock(&collector->doing);
	return code;
}

static void set(char *field, size_t size, const char *value)
{
	if (value)
		snprintf(field, size, "%s", value);
}

int pcf_collector_describe(pcf_collector *collector, uint32_t slot, uint32_t generation, const char *runtime,
			   const char *id, const char *name, const char *image)
{
	pcf_slot_record record;
	int code = -ESTALE;

	pthread_mutex_lock(&collector->lock);
	if (pcf_tenant_is(collector, slot, generation))
		code = pcf_slots_read(collector->slots, slot, &record);
	if (code == 0) {
		set(record.runtime, sizeof record.runtime, runtime);
		set(record.id, sizeof record.id, id);
		set(record.name, sizeof record.name, name);
		set(record.image, sizeof record.image, image);
		code = pcf_slots_write(collector->slots, slot, &record);
	}
	pthread_mutex_unlock(&collector->lock);
	if (code == 0)
		identify(collector, record.path, slot, generation);
	return code;
}

int pcf_collector_settle(pcf_collector *collector)
{
	uint32_t slot = 0, generation;

	pthread_mutex_lock(&collector->doing);
	for (; pcf_slots_unclaimed(collector->slots, &slot, &generation) == 0; slot++) {
		pcf_command *command = pcf_command_new(slot, generation, PCF_DO_DROP);

		if (!command)
			break;
		(void)pcf_slots_release(collector->slots, slot, generation, present_tick(collector));
		pcf_command_send(collector, command);
	}
	atomic_store(&collector->wants_pass, 1);
	pcf_collector_wake(collector);
	pthread_mutex_unlock(&collector->doing);
	return 0;
}
