/* Groups tcp, tcp6, udp, udp6 and tcp_advanced: the resolver counts the sockets of one namespace after the other, shortly
 * before the tick that wants them (source/ahead.h). */
#include "source/net/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct pcf_net_sockets {
	pcf_ahead *ahead;
	struct pcf_socket_counter counter;
};

int pcf_net_sockets_open(struct pcf_net_source *source)
{
	struct pcf_net_sockets *sockets = calloc(1, sizeof *sockets);

	if (!sockets)
		return -ENOMEM;
	source->sockets = sockets;
	sockets->ahead = pcf_ahead_new(&source->env, pcf_sockets_groups, PCF_SOCKETS_KINDS, source->box.wake);
	return sockets->ahead ? pcf_socket_counter_open(&sockets->counter) : -ENOMEM;
}

void pcf_net_sockets_close(struct pcf_net_source *source)
{
	if (!source->sockets)
		return;
	pcf_ahead_free(source->sockets->ahead);
	pcf_socket_counter_close(&source->sockets->counter);
	free(source->sockets);
	source->sockets = NULL;
}

pcf_ahead *pcf_net_sockets_ahead(const struct pcf_net_source *source)
{
	return source->sockets ? source->sockets->ahead : NULL;
}

static bool is_vanished(int error)
{
	return error == -ENOENT || error == -ESRCH || error == -ESTALE || error == -EINVAL || error == -ENXIO;
}

/* space: NULL for the machine's own namespace. */
static void count(struct pcf_net_resolver *resolver, const struct pcf_sockets_place *place,
		  const struct pcf_net_node *node, const struct pcf_net_space *space, unsigned kinds)
{
	const pcf_source_env *env = &resolver->source->env;
	struct pcf_net_sockets *sockets = resolver->source->sockets;
	struct pcf_socket_counts counts;
	int rc = pcf_sockets_count(&sockets->counter, place, kinds, &counts);

	/* Its files were found by a process number: it must still be the same namespace's. */
	if (space && !pcf_net_space_is_in(resolver, space, place->pid))
		return;
	for (int kind = 0; kind < PCF_SOCKETS_KINDS; kind++)
		if (counts.has >> kind & 1)
			pcf_ahead_publish(sockets->ahead, node->slot, node->generation, kind,
					  pcf_socket_counts_row(&counts, kind));
	if (rc < 0 && !is_vanished(rc))
		env->fail(env->owner, node->slot, "sockets of its network namespace", -rc);
}

static void count_space(struct pcf_net_resolver *resolver, struct pcf_net_space *space, unsigned kinds)
{
	struct pcf_sockets_place place = {.proc_fd = resolver->source->proc_fd, .home_fd = resolver->home.home_fd};

	if (!space->owner || !pcf_net_space_has_process(resolver, space))
		return;
	place.pid = space->pid;
	place.ns_fd = place.home_fd < 0 ? -EPERM : pcf_netns_open(place.proc_fd, place.pid, space->key);
	if (place.ns_fd != -ESTALE)
		count(resolver, &place, space->owner->node, space, kinds);
	if (place.ns_fd >= 0)
		close(place.ns_fd);
}

static void count_all(struct pcf_net_resolver *resolver, unsigned kinds)
{
	const struct pcf_net_home *home = &resolver->home;
	struct pcf_sockets_place host = {.proc_fd = resolver->source->proc_fd,
					 .pid = 1,
					 .ns_fd = home->host_fd,
					 .home_fd = home->home_fd,
					 .is_home = home->is_ours};

	if (resolver->root)
		count(resolver, &host, resolver->root->node, NULL, kinds);
	for (uint32_t i = 0; i < resolver->space_count && !atomic_load(&resolver->source->box.stop); i++)
		count_space(resolver, resolver->spaces[i], kinds);
}

uint64_t pcf_net_sockets_work(struct pcf_net_resolver *resolver)
{
	struct pcf_net_sockets *sockets = resolver->source->sockets;

	if (!sockets)
		return UINT64_MAX;
	unsigned kinds = pcf_ahead_begin(sockets->ahead);
	if (kinds)
		count_all(resolver, kinds);
	pcf_ahead_done(sockets->ahead, kinds);
	return pcf_ahead_next_ns(sockets->ahead);
}
