/* The thread that finds out where containers are on the network. It may wait for the kernel as long as it likes. */
#include "source/net/resolver.h"

#include "source/net/sockets.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* A cgroup has no process when it is made, and its process no link when it starts; most have both within 100 ms.
 * At the end of the row, hosts with thousands of cgroups without processes (slices) are asked even less often. */
static const uint32_t retry_ms[] = {20, 50, 100, 200, 500, 1000, 2000, 5000, 10000};
#define RETRIES       (sizeof retry_ms / sizeof retry_ms[0])
#define RETRY_EACH_MS 10
/* A stale reader is looked at no more often than this, whatever the tick. */
#define STALE_NS      UINT64_C(100000000)

uint64_t pcf_net_retry_ns(const struct pcf_net_resolver *resolver, unsigned attempt)
{
	uint64_t ms = retry_ms[attempt == 0 ? 0 : attempt < RETRIES ? attempt - 1 : RETRIES - 1];

	if (attempt >= RETRIES && (uint64_t)resolver->unknown_count * RETRY_EACH_MS > ms)
		ms = (uint64_t)resolver->unknown_count * RETRY_EACH_MS;
	return ms * 1000000u;
}

void pcf_net_publish(struct pcf_net_resolver *resolver, struct pcf_net_reader *reader)
{
	struct pcf_net_box *box = &resolver->source->box;

	reader->next = NULL;
	pthread_mutex_lock(&box->lock);
	*box->published_end = reader;
	box->published_end = &reader->next;
	pthread_mutex_unlock(&box->lock);
	pcf_net_box_signal(box->event);
}

void pcf_net_publish_none(struct pcf_net_resolver *resolver, uint32_t slot, uint32_t generation)
{
	struct pcf_net_reader *none = pcf_net_reader_new(slot, generation, 0);

	if (none)
		pcf_net_publish(resolver, none);
}

static void take_added(struct pcf_net_resolver *resolver, struct pcf_net_node *node)
{
	while (node) {
		struct pcf_net_node *next = node->next_added;
		if (node->is_refresh)
			pcf_net_tenant_refresh(resolver, node);
		else
			pcf_net_tenant_add(resolver, node);
		node = next;
	}
}

static void take_gone(struct pcf_net_resolver *resolver, struct pcf_net_node *node)
{
	while (node) {
		struct pcf_net_node *next = node->next_gone;
		struct pcf_net_tenant *tenant = resolver->by_slot[node->slot];
		if (tenant && tenant->node == node)
			pcf_net_tenant_remove(resolver, tenant);
		free(node);
		node = next;
	}
}

static void take_retired(struct pcf_net_resolver *resolver, struct pcf_net_reader *reader)
{
	while (reader) {
		struct pcf_net_reader *next = reader->next;
		struct pcf_net_tenant *tenant = resolver->by_slot[reader->slot];
		if (tenant && tenant->space && tenant->space->reader == reader)
			tenant->space->reader = NULL;
		if (resolver->root_reader == reader)
			resolver->root_reader = NULL;
		pcf_net_reader_free(reader);
		reader = next;
	}
}

static void look_at_stale(struct pcf_net_resolver *resolver)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);

	for (uint32_t i = 0; i < resolver->space_count; i++) {
		struct pcf_net_space *space = resolver->spaces[i];
		if (!space->reader || !atomic_load(&space->reader->is_stale))
			continue;
		uint64_t due = space->looked_ns + STALE_NS > now ? space->looked_ns + STALE_NS : now;
		if (due < space->due_ns)
			space->due_ns = due;
	}
	if (resolver->root_reader && atomic_load(&resolver->root_reader->is_stale))
		resolver->root_due = true;
}

/* Takes everything out of the box, then works on it with the box open. */
static void take_box(struct pcf_net_resolver *resolver)
{
	struct pcf_net_box *box = &resolver->source->box;

	pthread_mutex_lock(&box->lock);
	struct pcf_net_node *added = box->added, *gone = box->gone;
	struct pcf_net_reader *retired = box->retired;
	int32_t appeared[PCF_LINKS_APPEARED];
	uint32_t appeared_count = box->appeared_count;
	bool look = box->look;
	memcpy(appeared, box->appeared, sizeof appeared);
	box->added = NULL;
	box->added_end = &box->added;
	box->gone = NULL;
	box->retired = NULL;
	box->appeared_count = 0;
	box->look = false;
	pthread_mutex_unlock(&box->lock);
	if (atomic_exchange(&box->has_missed, false))
		appeared_count = PCF_LINKS_APPEARED + 1;
	take_added(resolver, added);
	take_gone(resolver, gone);
	take_retired(resolver, retired);
	if (appeared_count)
		pcf_net_root_appeared(resolver, appeared, appeared_count);
	if (look)
		look_at_stale(resolver);
}

/* Everything that is due; returns when the next is. Containers first, so that a namespace is listed once for all that
 * have just turned out to be in it. Both lists may lose and swap entries on the way: what moves is seen next time. */
static uint64_t work(struct pcf_net_resolver *resolver)
{
	const struct pcf_net_box *box = &resolver->source->box;
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC), next = UINT64_MAX;

	for (uint32_t i = 0; i < resolver->tenant_count && !atomic_load(&box->stop); i++)
		if (resolver->tenants[i]->due_ns <= now)
			pcf_net_tenant_settle(resolver, resolver->tenants[i]);
	for (uint32_t i = 0; i < resolver->space_count && !atomic_load(&box->stop); i++)
		if (resolver->spaces[i]->due_ns <= now)
			pcf_net_space_settle(resolver, resolver->spaces[i]);
	if (resolver->root_due && resolver->root_looked_ns + STALE_NS <= now)
		pcf_net_root_settle(resolver);
	if (resolver->root_due)
		next = resolver->root_looked_ns + STALE_NS;
	for (uint32_t i = 0; i < resolver->tenant_count; i++)
		next = resolver->tenants[i]->due_ns < next ? resolver->tenants[i]->due_ns : next;
	for (uint32_t i = 0; i < resolver->space_count; i++)
		next = resolver->spaces[i]->due_ns < next ? resolver->spaces[i]->due_ns : next;
	return next;
}

static int timeout_until(uint64_t due)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);

	if (due == UINT64_MAX)
		return -1;
	return due <= now ? 0 : (int)((due - now) / 1000000 > 60000 ? 60000 : (due - now) / 1000000 + 1);
}

static void *run(void *arg)
{
	struct pcf_net_resolver *resolver = arg;
	struct pcf_net_box *box = &resolver->source->box;
	uint64_t due = 0;

	while (!atomic_load(&box->stop)) {
		struct epoll_event event; /* one at a time: handling one may free what another points at */
		if (epoll_wait(resolver->epoll, &event, 1, timeout_until(due)) == 1) {
			if (event.data.ptr)
				pcf_net_space_exited(resolver, event.data.ptr);
			else
				pcf_net_box_clear(box->wake);
		}
		take_box(resolver);
		due = work(resolver);
		uint64_t count = pcf_net_sockets_work(resolver);
		due = count < due ? count : due;
	}
	if (resolver->source->sockets)
		pcf_ahead_end(pcf_net_sockets_ahead(resolver->source));
	return NULL;
}

/* Signals are for the program's own threads. */
static int start(struct pcf_net_resolver *resolver)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&resolver->thread, NULL, run, resolver);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		pthread_setname_np(resolver->thread, "pcf-net");
	return -rc;
}

/* Hierarchies to look for processes in, each once; memory first, as everything that runs containers uses it. */
static void find_mounts(struct pcf_net_resolver *resolver)
{
	static const int order[] = {PCF_CTL_MEMORY, PCF_CTL_UNIFIED, PCF_CTL_CPU,     PCF_CTL_PIDS, PCF_CTL_CPUACCT,
				    PCF_CTL_IO,     PCF_CTL_CPUSET,  PCF_CTL_HUGETLB, PCF_CTL_NAMED};

	for (unsigned i = 0; i < sizeof order / sizeof order[0]; i++) {
		const pcf_controller_fact *fact = &resolver->source->env.host->controllers[order[i]];
		bool is_new = fact->version != 0 && fact->mount[0];
		for (unsigned j = 0; is_new && j < resolver->mount_count; j++)
			is_new = strcmp(resolver->mounts[j], fact->mount) != 0;
		if (is_new)
			resolver->mounts[resolver->mount_count++] = fact->mount;
	}
}

static int open_parts(struct pcf_net_resolver *resolver)
{
	struct epoll_event event = {.events = EPOLLIN};

	resolver->by_slot = calloc(resolver->source->env.max_slots, sizeof *resolver->by_slot);
	resolver->tenants = calloc(resolver->source->env.max_slots, sizeof *resolver->tenants);
	resolver->text_bytes = resolver->source->text_bytes;
	resolver->text = malloc(resolver->text_bytes);
	if (!resolver->by_slot || !resolver->tenants || !resolver->text)
		return -ENOMEM;
	find_mounts(resolver);
	resolver->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (resolver->epoll < 0 || epoll_ctl(resolver->epoll, EPOLL_CTL_ADD, resolver->source->box.wake, &event))
		return -errno;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void free_resolver(struct pcf_net_resolver *resolver)
{
	for (uint32_t i = 0; resolver->by_slot && i < resolver->source->env.max_slots; i++)
		free(resolver->by_slot[i]);
	free(resolver->by_slot);
	free(resolver->tenants);
	free(resolver->text);
	close_fd(resolver->epoll);
	close_fd(resolver->home.home_fd);
	close_fd(resolver->home.host_fd);
	close_fd(resolver->home.host_socket);
	free(resolver);
}

int pcf_net_resolver_open(struct pcf_net_source *source, const struct pcf_net_home *home)
{
	struct pcf_net_resolver *resolver = calloc(1, sizeof *resolver);

	if (!resolver) {
		close_fd(home->home_fd);
		close_fd(home->host_fd);
		close_fd(home->host_socket);
		return -ENOMEM;
	}
	resolver->source = source;
	resolver->home = *home;
	resolver->epoll = -1;
	int rc = open_parts(resolver);
	if (rc == 0)
		rc = start(resolver);
	if (rc) {
		free_resolver(resolver);
		return rc;
	}
	source->resolver = resolver;
	return 0;
}

void pcf_net_resolver_close(struct pcf_net_source *source)
{
	struct pcf_net_resolver *resolver = source->resolver;

	if (!resolver)
		return;
	atomic_store(&source->box.stop, true);
	pcf_net_box_signal(source->box.wake);
	pthread_join(resolver->thread, NULL);
	pcf_net_space_free_all(resolver);
	free_resolver(resolver);
	source->resolver = NULL;
}
