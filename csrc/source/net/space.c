/* Namespaces: one reader each, carried by the container that was made first. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "source/net/resolver.h"

static struct pcf_net_space **bucket_of(struct pcf_net_resolver *resolver, uint64_t key)
{
	return &resolver->buckets[(key * 0x9e3779b97f4a7c15u) >> 54]; /* 10 bits: PCF_NET_SPACE_BUCKETS */
}

static struct pcf_net_space *find(struct pcf_net_resolver *resolver, uint64_t key)
{
	struct pcf_net_space *space = *bucket_of(resolver, key);

	while (space && space->key != key)
		space = space->next;
	return space;
}

static struct pcf_net_space *add_space(struct pcf_net_resolver *resolver, uint64_t key)
{
	if (resolver->space_count == resolver->space_room) {
		uint32_t room = resolver->space_room ? resolver->space_room * 2 : 64;
		struct pcf_net_space **bigger = realloc(resolver->spaces, room * sizeof *bigger);
		if (!bigger)
			return NULL;
		resolver->spaces = bigger;
		resolver->space_room = room;
	}
	struct pcf_net_space *space = calloc(1, sizeof *space);
	if (!space)
		return NULL;
	*space = (struct pcf_net_space){
		.key = key, .pidfd = -1, .nsid = -1, .place = resolver->space_count, .next = *bucket_of(resolver, key)};
	*bucket_of(resolver, key) = space;
	resolver->spaces[resolver->space_count++] = space;
	atomic_store(&resolver->source->spaces, resolver->space_count);
	return space;
}

/* Closes what is kept open of it: from here on we do not hold the namespace. */
static void let_go(struct pcf_net_resolver *resolver, struct pcf_net_space *space)
{
	struct pcf_net_source *source = resolver->source;

	if (space->reader)
		pcf_net_reader_shut(space->reader);
	if (space->pidfd < 0)
		return;
	epoll_ctl(resolver->epoll, EPOLL_CTL_DEL, space->pidfd, NULL); /* a fork may hold it open */
	close(space->pidfd);
	space->pidfd = -1;
	pcf_descriptors_give(source->env.descriptors, 2);
	atomic_fetch_sub(&source->descriptors, 2);
}

static void free_space(struct pcf_net_resolver *resolver, struct pcf_net_space *space)
{
	struct pcf_net_space **at = bucket_of(resolver, space->key), *last = resolver->spaces[--resolver->space_count];

	let_go(resolver, space);
	while (*at != space)
		at = &(*at)->next;
	*at = space->next;
	resolver->spaces[space->place] = last;
	last->place = space->place;
	atomic_store(&resolver->source->spaces, resolver->space_count);
	free(space);
}

static void withdraw(struct pcf_net_resolver *resolver, struct pcf_net_space *space)
{
	if (!space->reader)
		return;
	pcf_net_reader_shut(space->reader);
	pcf_net_publish_none(resolver, space->reader->slot, space->reader->generation);
	space->reader = NULL;
}

/* No process of it is left: its containers are looked at anew. */
static void end(struct pcf_net_resolver *resolver, struct pcf_net_space *space)
{
	struct pcf_net_tenant *tenant = space->tenants, *next;

	withdraw(resolver, space);
	for (; tenant; tenant = next) {
		next = tenant->next;
		tenant->space = NULL;
		tenant->next = NULL;
		pcf_net_tenant_lose(resolver, tenant);
	}
	free_space(resolver, space);
}

void pcf_net_space_free_all(struct pcf_net_resolver *resolver)
{
	while (resolver->space_count)
		free_space(resolver, resolver->spaces[0]);
	free(resolver->spaces);
}

static void choose_owner(struct pcf_net_space *space)
{
	space->owner = space->tenants;
	for (struct pcf_net_tenant *tenant = space->tenants; tenant; tenant = tenant->next)
		if (tenant->node->rank < space->owner->node->rank)
			space->owner = tenant;
}

bool pcf_net_space_is_in(const struct pcf_net_resolver *resolver, const struct pcf_net_space *space, pid_t pid)
{
	uint64_t key;

	return pid > 0 && pcf_netns_key(resolver->source->proc_fd, pid, &key) == 0 && key == space->key;
}

/* A process that is in it now: the one known, else one of its containers'. */
bool pcf_net_space_has_process(struct pcf_net_resolver *resolver, struct pcf_net_space *space)
{
	if (pcf_net_space_is_in(resolver, space, space->pid))
		return true;
	space->pid = 0;
	let_go(resolver, space);
	for (struct pcf_net_tenant *tenant = space->tenants; tenant; tenant = tenant->next) {
		uint64_t key;
		pid_t pid;
		if (pcf_net_tenant_find(resolver, tenant, &pid, &key) || key != space->key)
			continue;
		space->pid = pid;
		return true;
	}
	return false;
}

int pcf_net_space_join(struct pcf_net_resolver *resolver, struct pcf_net_tenant *tenant, uint64_t key, pid_t pid)
{
	struct pcf_net_space *space = find(resolver, key);

	/* Numbers of namespaces are used again: one whose processes are all gone is another by now. */
	if (space && !pcf_net_space_is_in(resolver, space, space->pid)) {
		if (!pcf_net_space_has_process(resolver, space)) {
			end(resolver, space);
			space = NULL;
		}
	}
	if (!space)
		space = add_space(resolver, key);
	if (!space)
		return -ENOMEM;
	if (!space->pid)
		space->pid = pid;
	tenant->space = space;
	tenant->next = space->tenants;
	space->tenants = tenant;
	space->attempt = 0;
	space->due_ns = 0;
	return 0;
}

void pcf_net_space_leave(struct pcf_net_resolver *resolver, struct pcf_net_tenant *tenant)
{
	struct pcf_net_space *space = tenant->space;

	if (!space)
		return;
	struct pcf_net_tenant **at = &space->tenants;
	while (*at != tenant)
		at = &(*at)->next;
	*at = tenant->next;
	tenant->space = NULL;
	if (space->reader && space->reader->slot == tenant->node->slot)
		withdraw(resolver, space);
	space->attempt = 0;
	space->due_ns = 0;
	if (space->owner == tenant)
		space->owner = NULL;
	if (!space->tenants)
		free_space(resolver, space);
}

/* Links of the namespace: by netlink inside it, else by the names in its net/dev. */
static int list_links(struct pcf_net_resolver *resolver, struct pcf_net_space *space, struct pcf_links *links)
{
	struct pcf_net_source *source = resolver->source;
	int fd = resolver->home.home_fd < 0 ? -EPERM : pcf_netns_open(source->proc_fd, space->pid, space->key), rc = fd;

	if (fd >= 0) {
		rc = pcf_links_inside(fd, resolver->home.home_fd, resolver->home.host_fd, links);
		if (rc == 0 && links->host_nsid >= 0 && space->nsid < 0 && resolver->home.host_socket >= 0)
			space->nsid = pcf_links_nsid(resolver->home.host_socket, fd);
		close(fd);
	}
	if (rc != -EPERM && rc != -EACCES && rc != -EPROTONOSUPPORT && rc != -EAFNOSUPPORT)
		return rc;
	fd = pcf_net_dev_open(source->proc_fd, space->pid);
	if (fd < 0)
		return fd;
	ssize_t size = pcf_net_dev_read(fd, resolver->text, resolver->text_bytes);
	close(fd);
	links->count = 0;
	return size < 0 ? (int)size : pcf_links_from_text(resolver->text, (size_t)size, links);
}

struct pcf_net_reader *pcf_net_reader_of(const struct pcf_net_tenant *tenant, const struct pcf_links *links)
{
	struct pcf_net_reader *reader = pcf_net_reader_new(tenant->node->slot, tenant->node->generation, links->count);

	for (uint32_t i = 0; reader && i < links->count; i++) {
		memcpy(reader->rows[i].name, links->list[i].name, sizeof reader->rows[i].name);
		reader->rows[i].name_len = (uint8_t)strlen(links->list[i].name);
	}
	return reader;
}

bool pcf_net_reader_is_same(const struct pcf_net_reader *a, const struct pcf_net_reader *b)
{
	if (a->slot != b->slot || a->generation != b->generation || a->pid != b->pid || a->count != b->count ||
	    a->key != b->key)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (a->rows[i].host_ifindex != b->rows[i].host_ifindex || strcmp(a->rows[i].name, b->rows[i].name) != 0)
			return false;
	return true;
}

/* Without lo; an end of a veth whose other end is on the host is read there.  Runtimes move a link in, rename it to eth0
 * and then set it up: of a young namespace links that are down are not taken yet, so that no row gets a passing name.
 * Links that are down and would have to be read inside are left out at any age: where the tunnel modules are loaded
 * every namespace has a tunl0 and a sit0 that count nothing.  Once one is up, network_errors meets it as unknown. */
static void pick_links(const struct pcf_net_resolver *resolver, bool is_young, struct pcf_links *links)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < links->count; i++) {
		struct pcf_link *link = &links->list[i];
		if (!resolver->source->has_dump || links->host_nsid < 0 || link->peer_nsid != links->host_nsid)
			link->peer = 0;
		if (link->is_loopback || (!link->is_up && (is_young || !link->peer)))
			continue;
		links->list[kept++] = *link;
	}
	links->count = kept;
}

/* Keeps net/dev open where the tick reads it, as long as its process lives; without descriptors it is opened anew
 * each time.  The process is checked again once its pidfd exists: from then on the number is its own. */
static void keep_open(struct pcf_net_resolver *resolver, struct pcf_net_space *space, struct pcf_net_reader *reader)
{
	struct pcf_net_source *source = resolver->source;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = space};

	if (!source->is_on[0] || !source->has_pidfd || pcf_descriptors_take(source->env.descriptors, 2))
		return;
	int pidfd = pcf_pidfd_open(space->pid), fd = -1;
	if (pidfd >= 0 && pcf_net_space_is_in(resolver, space, space->pid))
		fd = pcf_net_dev_open(source->proc_fd, space->pid);
	if (fd < 0 || !pcf_pidfd_is_alive(pidfd) || epoll_ctl(resolver->epoll, EPOLL_CTL_ADD, pidfd, &event)) {
		if (fd >= 0)
			close(fd);
		if (pidfd >= 0)
			close(pidfd);
		pcf_descriptors_give(source->env.descriptors, 2);
		return;
	}
	atomic_fetch_add(&source->descriptors, 2);
	space->pidfd = pidfd;
	reader->fd = fd;
	reader->is_kept = true;
	atomic_store(&reader->door, PCF_DOOR_OPEN);
}

static struct pcf_net_reader *make_reader(struct pcf_net_space *space, const struct pcf_links *links)
{
	struct pcf_net_reader *reader = pcf_net_reader_of(space->owner, links);

	for (uint32_t i = 0; reader && i < links->count; i++)
		reader->rows[i].host_ifindex = links->list[i].peer;
	if (reader) {
		reader->key = space->key;
		reader->pid = space->pid;
	}
	return reader;
}

static bool has_inside(const struct pcf_net_reader *reader)
{
	for (uint32_t i = 0; i < reader->count; i++)
		if (!reader->rows[i].host_ifindex)
			return true;
	return false;
}

static void publish_links(struct pcf_net_resolver *resolver, struct pcf_net_space *space, const struct pcf_links *links)
{
	struct pcf_net_reader *reader = make_reader(space, links);

	if (!reader)
		return;
	if (space->reader && pcf_net_reader_is_same(space->reader, reader) &&
	    (!space->reader->is_kept || space->pidfd >= 0)) {
		atomic_store(&space->reader->is_stale, false);
		pcf_net_reader_free(reader);
		return;
	}
	let_go(resolver, space);
	if (space->reader && space->reader->slot != reader->slot)
		withdraw(resolver, space);
	if (has_inside(reader))
		keep_open(resolver, space, reader);
	space->reader = reader;
	pcf_net_publish(resolver, reader);
}

static void tell_all(struct pcf_net_resolver *resolver, const struct pcf_net_space *space)
{
	for (const struct pcf_net_tenant *tenant = space->tenants; tenant; tenant = tenant->next)
		pcf_net_tenant_tell(resolver, tenant);
}

/* Containers start before they get their links, so a young namespace, and one with lo alone, is looked at again and
 * again; another only when its reader is stale. */
void pcf_net_space_settle(struct pcf_net_resolver *resolver, struct pcf_net_space *space)
{
	struct pcf_links links = {.host_nsid = -1};

	if (!pcf_net_space_has_process(resolver, space)) {
		end(resolver, space);
		return;
	}
	choose_owner(space);
	int rc = list_links(resolver, space, &links);
	if (rc == 0)
		pick_links(resolver, space->attempt < PCF_YOUNG_LOOKS, &links);
	if (rc == 0 && links.count)
		publish_links(resolver, space, &links);
	else if (rc == 0)
		withdraw(resolver, space);
	if (space->attempt++ == 0) /* somebody joined or left */
		tell_all(resolver, space);
	bool is_done = rc == 0 && links.count && space->attempt >= PCF_YOUNG_LOOKS;
	space->looked_ns = pcf_now_ns(CLOCK_MONOTONIC);
	space->due_ns = is_done ? UINT64_MAX : space->looked_ns + pcf_net_retry_ns(resolver, space->attempt);
	pcf_links_free(&links);
}

void pcf_net_space_exited(struct pcf_net_resolver *resolver, struct pcf_net_space *space)
{
	let_go(resolver, space);
	space->pid = 0;
	pcf_net_space_settle(resolver, space);
}
