/* The network source as the collector sees it: opening, and the life of a container in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/net/links.h"
#include "source/net/namespace.h"
#include "source/net/net.h"
#include "source/net/sockets.h"

/* Text of net/dev: 2500 interfaces of 100 bytes; memory that is never touched costs nothing. */
#define TEXT_BYTES (256u << 10)

static struct pcf_net_source *source_of(pcf_source *source)
{
	return (struct pcf_net_source *)source; /* base is the first member */
}

/* Inode of the container's cgroup: a smaller number was made earlier (kernfs counts up). */
static uint64_t rank_of(const pcf_host *host, const char *path)
{
	char name[4096];
	struct stat st;

	for (int i = 0; i < PCF_CTL_COUNT; i++) {
		const pcf_controller_fact *fact = &host->controllers[i];
		if (!fact->version || snprintf(name, sizeof name, "%s%s", fact->mount, path) >= (int)sizeof name)
			continue;
		if (stat(name, &st) == 0)
			return st.st_ino;
	}
	return UINT64_MAX;
}

static int prepare(pcf_source *base, uint32_t slot, uint32_t generation, const char *path, void **prepared)
{
	struct pcf_net_node *node = calloc(1, sizeof *node + strlen(path) + 1);

	if (!node)
		return -ENOMEM;
	strcpy(node->path, path);
	node->slot = slot;
	node->generation = generation;
	node->is_root = path[0] == '\0' || strcmp(path, "/") == 0;
	node->rank = node->is_root ? 0 : rank_of(source_of(base)->env.host, path);
	*prepared = node;
	return 0;
}

static void discard(pcf_source *base, void *prepared)
{
	(void)base;
	free(prepared);
}

static void drop(pcf_source *base, uint32_t slot, uint32_t generation)
{
	struct pcf_net_source *source = source_of(base);
	struct pcf_net_node *node = source->nodes[slot];
	pcf_ahead *ahead = pcf_net_sockets_ahead(source);

	if (!node || node->generation != generation)
		return;
	if (ahead)
		pcf_ahead_drop(ahead, slot);
	pthread_mutex_lock(&source->box.lock);
	source->nodes[slot] = NULL;
	pcf_net_retire(source, slot);
	node->next_gone = source->box.gone;
	source->box.gone = node;
	pthread_mutex_unlock(&source->box.lock);
	pcf_net_box_signal(source->box.wake);
}

static void adopt(pcf_source *base, uint32_t slot, uint32_t generation, void *prepared)
{
	struct pcf_net_source *source = source_of(base);
	struct pcf_net_node *node = prepared, *before = source->nodes[slot];

	if (before && before->generation != generation)
		drop(base, slot, before->generation);
	if (pcf_net_sockets_ahead(source))
		pcf_ahead_adopt(pcf_net_sockets_ahead(source), slot, generation);
	pthread_mutex_lock(&source->box.lock);
	node->is_refresh = before && before->generation == generation;
	if (!node->is_refresh)
		source->nodes[slot] = node;
	node->next_added = NULL;
	*source->box.added_end = node;
	source->box.added_end = &node->next_added;
	pthread_mutex_unlock(&source->box.lock);
	pcf_net_box_signal(source->box.wake);
}

static void sample(pcf_source *base, pcf_pass *pass)
{
	if (pass->group == PCF_GROUP_NETWORK || pass->group == PCF_GROUP_NETWORK_ERRORS)
		pcf_net_sample(source_of(base), pass);
	else if (pcf_net_sockets_ahead(source_of(base)))
		pcf_ahead_sample(pcf_net_sockets_ahead(source_of(base)), pass);
}

static void gather(pcf_source *base, uint64_t groups)
{
	pcf_ahead *ahead = pcf_net_sockets_ahead(source_of(base));

	if (ahead)
		pcf_ahead_gather(ahead, groups);
}

static int event_fd(pcf_source *base)
{
	return source_of(base)->box.event;
}

static void event(pcf_source *base)
{
	struct pcf_net_source *source = source_of(base);

	pcf_net_box_clear(source->box.event);
	pcf_net_apply(source, true);
	if (source->dump.wants_growth)
		pcf_link_dump_grow(&source->dump);
}

static void stats(pcf_source *base, pcf_source_stats *add)
{
	struct pcf_net_source *source = source_of(base);

	add->descriptors += atomic_load(&source->descriptors);
	add->netns += atomic_load(&source->spaces);
}

static void free_nodes(struct pcf_net_source *source)
{
	struct pcf_net_node *node, *next;

	for (node = source->box.added; node; node = next) { /* the others are in nodes or gone */
		next = node->next_added;
		if (node->is_refresh)
			free(node);
	}
	for (node = source->box.gone; node; node = next) {
		next = node->next_gone;
		free(node);
	}
	for (uint32_t i = 0; source->nodes && i < source->env.max_slots; i++)
		free(source->nodes[i]);
}

static void close_source(pcf_source *base)
{
	struct pcf_net_source *source = source_of(base);

	pcf_net_resolver_close(source);
	pcf_net_sockets_close(source);
	while (source->reader_count)
		pcf_net_retire(source, source->order[0]);
	free_nodes(source);
	pcf_net_box_close(&source->box);
	if (source->has_dump)
		pcf_link_dump_close(&source->dump);
	if (source->proc_fd >= 0)
		close(source->proc_fd);
	free(source->nodes);
	free(source->readers);
	free(source->order);
	free(source->place);
	free(source->text);
	free(source);
}

static const pcf_source_ops ops = {
	.name = "net",
	.groups = UINT64_C(1) << PCF_GROUP_NETWORK | UINT64_C(1) << PCF_GROUP_NETWORK_ERRORS |
		  UINT64_C(1) << PCF_GROUP_TCP | UINT64_C(1) << PCF_GROUP_TCP6 | UINT64_C(1) << PCF_GROUP_UDP |
		  UINT64_C(1) << PCF_GROUP_UDP6 | UINT64_C(1) << PCF_GROUP_TCP_ADVANCED,
	.prepare = prepare,
	.discard = discard,
	.adopt = adopt,
	.drop = drop,
	.sample = sample,
	.gather = gather,
	.event_fd = event_fd,
	.event = event,
	.stats = stats,
	.close = close_source,
};

static int inode_of(int proc_fd, const char *name, uint64_t *inode)
{
	struct stat st;

	if (fstatat(proc_fd, name, &st, 0))
		return -errno;
	*inode = st.st_ino;
	return 0;
}

/* The host's namespace is that of process 1.  Without the right to look at it, ours is taken when both show one and
 * the same net/dev. */
static void find_home(const struct pcf_net_source *source, struct pcf_net_home *home)
{
	uint64_t ours = 0, our_text = 0;

	*home = (struct pcf_net_home){.home_fd = -1, .host_fd = -1, .host_socket = -1};
	home->home_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	home->host_fd = openat(source->proc_fd, "1/ns/net", O_RDONLY | O_CLOEXEC);
	inode_of(AT_FDCWD, "/proc/thread-self/ns/net", &ours);
	inode_of(AT_FDCWD, "/proc/thread-self/net/dev", &our_text);
	if (inode_of(source->proc_fd, "1/net/dev", &home->text_key))
		home->text_key = our_text;
	if (inode_of(source->proc_fd, "1/ns/net", &home->key))
		home->key = home->text_key == our_text ? ours : 0;
	home->text_key |= PCF_NETNS_BY_TEXT;
	home->is_ours = home->key == ours;
	if (home->is_ours) {
		home->host_socket = pcf_links_socket();
		if (home->host_fd < 0) /* not ours to open, but we are in it */
			home->host_fd = fcntl(home->home_fd, F_DUPFD_CLOEXEC, 0);
	}
	if (home->key != ours && home->host_fd >= 0 && home->home_fd >= 0)
		home->host_socket = -2; /* made by a thread of its own, below */
}

/* A pidfd is opened by our number of a process, its files by that of the /proc we read: they must be one. */
static bool has_same_pids(const struct pcf_net_source *source)
{
	char self[32];
	ssize_t len = readlinkat(source->proc_fd, "self", self, sizeof self - 1);

	if (len <= 0)
		return false;
	self[len] = '\0';
	return atoi(self) == getpid() && source->env.host->pidfd.answer != PCF_NO;
}

struct errand {
	const struct pcf_net_home *home;
	int sockets[2];
};

static void *fetch_sockets(void *arg)
{
	struct errand *errand = arg;

	for (int i = 0; i < 2; i++)
		errand->sockets[i] = pcf_links_socket_inside(errand->home->host_fd, errand->home->home_fd);
	return NULL;
}

/* One for the resolver, one for the tick thread; both in the host's namespace even if the collector is in another. */
static int open_sockets(struct pcf_net_home *home)
{
	struct errand errand = {home, {-1, -1}};
	pthread_t thread;

	if (home->host_socket != -2)
		return home->host_socket >= 0 ? pcf_links_socket() : -1;
	if (pthread_create(&thread, NULL, fetch_sockets, &errand) == 0)
		pthread_join(thread, NULL);
	home->host_socket = errand.sockets[0] >= 0 ? errand.sockets[0] : -1;
	return errand.sockets[1];
}

/* Tried once, so that a kernel or a sandbox that does not give statistics is known before containers are looked at. */
static void open_dump(struct pcf_net_source *source, int socket)
{
	if (socket < 0 || pcf_link_dump_open(&source->dump, socket))
		return;
	int rc = pcf_link_dump_run(&source->dump);
	while (source->dump.wants_growth && pcf_link_dump_grow(&source->dump) == 0)
		rc = pcf_link_dump_run(&source->dump);
	source->has_dump = rc == 0;
	if (rc == 0)
		pcf_link_dump_forget(&source->dump);
	else
		pcf_link_dump_close(&source->dump);
}

static bool is_planned(const pcf_plan *plan, int group)
{
	return plan->group[group].interval_ns != 0 && plan->group[group].source != PCF_SOURCE_NONE;
}

static int allocate(struct pcf_net_source *source)
{
	uint32_t slots = source->env.max_slots;

	source->nodes = calloc(slots, sizeof *source->nodes);
	source->readers = calloc(slots, sizeof *source->readers);
	source->order = calloc(slots, sizeof *source->order);
	source->place = calloc(slots, sizeof *source->place);
	source->text_bytes = TEXT_BYTES;
	source->text = malloc(TEXT_BYTES);
	return source->nodes && source->readers && source->order && source->place && source->text ? 0 : -ENOMEM;
}

static int open_parts(struct pcf_net_source *source)
{
	const pcf_source_env *env = &source->env;
	struct pcf_net_home home;
	char proc[300];
	int rc = allocate(source);

	snprintf(proc, sizeof proc, "%.280s/proc", env->options->sysroot ? env->options->sysroot : "");
	source->proc_fd = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rc == 0 && source->proc_fd < 0)
		rc = -errno;
	source->parsers[0] = pcf_parser_find("net/dev", PCF_VERSION_V2, PCF_GROUP_NETWORK);
	source->parsers[1] = pcf_parser_find("net/dev", PCF_VERSION_V2, PCF_GROUP_NETWORK_ERRORS);
	if (rc == 0 && (!source->parsers[0] || !source->parsers[1]))
		rc = -ENOSYS;
	if (rc)
		return rc;
	source->has_pidfd = has_same_pids(source);
	if (source->counts_sockets)
		rc = pcf_net_sockets_open(source);
	if (rc)
		return rc;
	find_home(source, &home);
	int socket = open_sockets(&home);
	if (source->is_on[0] && env->plan->group[PCF_GROUP_NETWORK].source != PCF_SOURCE_PROC)
		open_dump(source, socket);
	else if (socket >= 0)
		close(socket);
	return pcf_net_resolver_open(source, &home);
}

int pcf_net_source_open(pcf_source **out, const pcf_source_env *env, pcf_error *err)
{
	bool is_on[PCF_NET_GROUPS] = {is_planned(env->plan, PCF_GROUP_NETWORK),
				      is_planned(env->plan, PCF_GROUP_NETWORK_ERRORS)};

	bool counts_sockets = pcf_ahead_is_wanted(env, pcf_sockets_groups, PCF_SOCKETS_KINDS);

	*out = NULL;
	if (!is_on[0] && !is_on[1] && !counts_sockets)
		return 0;
	struct pcf_net_source *source = calloc(1, sizeof *source);
	int rc = source ? 0 : -ENOMEM;
	if (source) {
		source->base.ops = &ops;
		source->env = *env;
		memcpy(source->is_on, is_on, sizeof is_on);
		source->proc_fd = source->dump.socket = -1;
		source->counts_sockets = counts_sockets;
		rc = pcf_net_box_open(&source->box);
		if (rc == 0)
			rc = open_parts(source);
		if (rc)
			close_source(&source->base);
	}
	if (rc && err) {
		err->code = rc;
		snprintf(err->text, sizeof err->text,
			 "cannot open the network source: %s; turn it off with the interval 0 for groups network, "
			 "network_errors, tcp, tcp6, udp, udp6 and tcp_advanced",
			 strerror(-rc));
	}
	if (rc == 0)
		*out = &source->base;
	return rc;
}
