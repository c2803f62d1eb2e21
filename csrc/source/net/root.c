/* The host's own links: rows of "/", and whose veth it is that just appeared. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "source/net/resolver.h"

/* Names only: there veths are told by what runtimes call them. */
static int list_by_text(struct pcf_net_resolver *resolver, struct pcf_links *links)
{
	int fd = pcf_net_dev_open(resolver->source->proc_fd, 1);

	if (fd < 0)
		return fd;
	ssize_t size = pcf_net_dev_read(fd, resolver->text, resolver->text_bytes);
	close(fd);
	int rc = size < 0 ? (int)size : pcf_links_from_text(resolver->text, (size_t)size, links);
	for (uint32_t i = 0; rc == 0 && i < links->count; i++)
		if (strncmp(links->list[i].name, "veth", 4) == 0)
			links->list[i].is_veth = true;
	return rc;
}

static int list_host(struct pcf_net_resolver *resolver, struct pcf_links *links)
{
	uint32_t kept = 0;
	int rc = resolver->home.host_socket >= 0 ? pcf_links_list(resolver->home.host_socket, 0, links)
						 : list_by_text(resolver, links);

	if (rc)
		return rc;
	for (uint32_t i = 0; i < links->count; i++)
		if (!links->list[i].is_loopback && !links->list[i].is_veth)
			links->list[kept++] = links->list[i];
	links->count = kept;
	return 0;
}

void pcf_net_root_settle(struct pcf_net_resolver *resolver)
{
	struct pcf_links links = {.host_nsid = -1};
	struct pcf_net_reader *reader = NULL;

	resolver->root_due = false;
	if (!resolver->root)
		return;
	resolver->root_looked_ns = pcf_now_ns(CLOCK_MONOTONIC);
	if (list_host(resolver, &links) == 0)
		reader = pcf_net_reader_of(resolver->root, &links);
	if (reader) {
		reader->is_root = true;
		reader->key = resolver->home.key;
		reader->pid = 1;
		for (uint32_t i = 0; i < links.count; i++)
			reader->rows[i].host_ifindex = resolver->source->has_dump ? links.list[i].ifindex : 0;
	}
	pcf_links_free(&links);
	if (reader && resolver->root_reader && pcf_net_reader_is_same(reader, resolver->root_reader)) {
		atomic_store(&resolver->root_reader->is_stale, false);
		pcf_net_reader_free(reader);
	} else if (reader) {
		resolver->root_reader = reader;
		pcf_net_publish(resolver, reader);
	}
}

static bool kick_nsid(struct pcf_net_resolver *resolver, int32_t nsid)
{
	bool found = false;

	for (uint32_t i = 0; i < resolver->space_count; i++) {
		if (resolver->spaces[i]->nsid != nsid)
			continue;
		resolver->spaces[i]->due_ns = 0;
		resolver->spaces[i]->attempt = 1;
		found = true;
	}
	return found;
}

/* A veth of a namespace nobody knows by its number yet: those without links, and containers just made, look now. */
static void kick_young(struct pcf_net_resolver *resolver)
{
	for (uint32_t i = 0; i < resolver->space_count; i++)
		if (!resolver->spaces[i]->reader) {
			resolver->spaces[i]->due_ns = 0;
			resolver->spaces[i]->attempt =
				1; /* and a few times more: the other end is moved in after it was made */
		}
	for (uint32_t i = 0; i < resolver->tenant_count; i++)
		if (!resolver->tenants[i]->space && resolver->tenants[i]->attempt < PCF_YOUNG_LOOKS)
			resolver->tenants[i]->due_ns = 0;
}

void pcf_net_root_appeared(struct pcf_net_resolver *resolver, const int32_t *ifindexes, uint32_t count)
{
	struct pcf_links links = {.host_nsid = -1};

	if (count > PCF_LINKS_APPEARED || resolver->home.host_socket < 0) {
		kick_young(resolver);
		resolver->root_due = true;
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t before = links.count;
		if (pcf_links_list(resolver->home.host_socket, ifindexes[i], &links) || links.count == before)
			continue;
		const struct pcf_link *link = &links.list[before];
		if (!link->is_veth)
			resolver->root_due = true;
		else if (link->peer_nsid < 0 || !kick_nsid(resolver, link->peer_nsid))
			kick_young(resolver);
	}
	pcf_links_free(&links);
}
