/* Which network namespace a container is in: found by its processes, told to its slot record. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/net/resolver.h"

/* Systemd in a container leaves the container's own cgroup without processes: those are one or two below.  Only for
 * names that carry a container's id: a slice is no container, whatever runs in it. */
static bool has_id(const char *path)
{
	const char *name = strrchr(path, '/');
	size_t digits = 0;

	for (name = name ? name : path; *name && digits < 32; name++)
		digits = strchr("0123456789abcdef", *name) ? digits + 1 : 0;
	return digits >= 32;
}

static int find_below(struct pcf_net_resolver *resolver, const char *mount, const char *path, int depth, pid_t *pid,
		      uint64_t *key)
{
	char name[4096];
	struct dirent *entry;
	int rc = -ESRCH;

	if (snprintf(name, sizeof name, "%s%s", mount, path) >= (int)sizeof name)
		return -ENAMETOOLONG;
	DIR *dir = opendir(name);
	if (!dir)
		return -errno;
	while (rc && (entry = readdir(dir)) != NULL) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (snprintf(name, sizeof name, "%s/%s", path, entry->d_name) >= (int)sizeof name)
			continue;
		rc = pcf_cgroup_netns(mount, name, resolver->source->proc_fd, pid, key);
		if (rc && depth > 1)
			rc = find_below(resolver, mount, name, depth - 1, pid, key);
	}
	closedir(dir);
	return rc;
}

static int find_in(struct pcf_net_resolver *resolver, const struct pcf_net_tenant *tenant, unsigned mount, pid_t *pid,
		   uint64_t *key)
{
	const char *path = tenant->node->path;
	int rc = pcf_cgroup_netns(resolver->mounts[mount], path, resolver->source->proc_fd, pid, key);

	if (rc == -ESRCH && has_id(path))
		rc = find_below(resolver, resolver->mounts[mount], path, 2, pid, key);
	return rc;
}

/* Processes may be in any of the hierarchies: all are tried while it is young, then one a look. */
int pcf_net_tenant_find(struct pcf_net_resolver *resolver, struct pcf_net_tenant *tenant, pid_t *pid, uint64_t *key)
{
	unsigned count = tenant->attempt < PCF_YOUNG_LOOKS || tenant->space ? resolver->mount_count : 1;
	int rc = -ESRCH, denied = 0;

	if (!resolver->mount_count)
		return rc;
	for (unsigned i = 0; i < count; i++) {
		rc = find_in(resolver, tenant, tenant->mount, pid, key);
		if (rc == 0)
			return 0;
		if (rc == -EACCES || rc == -EPERM)
			denied = rc;
		tenant->mount = (uint8_t)((tenant->mount + 1u) % resolver->mount_count);
	}
	return denied ? denied : rc;
}

void pcf_net_tenant_tell(const struct pcf_net_resolver *resolver, const struct pcf_net_tenant *tenant)
{
	const pcf_source_env *env = &resolver->source->env;
	const struct pcf_net_space *space = tenant->space;
	pcf_slot_record fields = {.netns_owner = tenant->node->slot};

	if (space) {
		fields.netns = space->key & PCF_NETNS_BY_TEXT ? 0 : space->key;
		fields.netns_owner = space->owner ? space->owner->node->slot : tenant->node->slot;
		fields.flags = space->owner && space->owner != tenant ? PCF_SLOT_FLAG_SHARED_NETWORK : 0;
	} else if (tenant->is_host) {
		fields.netns = resolver->home.key & PCF_NETNS_BY_TEXT ? 0 : resolver->home.key;
		fields.flags = PCF_SLOT_FLAG_HOST_NETWORK;
	}
	env->annotate(env->owner, tenant->node->slot, tenant->node->generation,
		      PCF_ANNOTATE_NETNS | PCF_ANNOTATE_OWNER | PCF_ANNOTATE_FLAGS, &fields);
}

void pcf_net_tenant_lose(struct pcf_net_resolver *resolver, struct pcf_net_tenant *tenant)
{
	resolver->unknown_count++;
	tenant->attempt = 0;
	tenant->due_ns = pcf_now_ns(CLOCK_MONOTONIC) + pcf_net_retry_ns(resolver, 0);
	pcf_net_tenant_tell(resolver, tenant);
}

static bool is_host(const struct pcf_net_resolver *resolver, uint64_t key)
{
	return key == resolver->home.key || key == resolver->home.text_key;
}

static void set_host(struct pcf_net_resolver *resolver, struct pcf_net_tenant *tenant, bool value)
{
	if (tenant->is_host == value)
		return;
	tenant->is_host = value;
	if (value)
		pcf_net_tenant_tell(resolver, tenant);
}

/* One in the host's namespace is looked at again, too: a runtime's first process enters the container's namespace only
 * after it is in the cgroup. */
void pcf_net_tenant_settle(struct pcf_net_resolver *resolver, struct pcf_net_tenant *tenant)
{
	const pcf_source_env *env = &resolver->source->env;
	uint64_t key;
	pid_t pid;
	int rc = pcf_net_tenant_find(resolver, tenant, &pid, &key);

	tenant->attempt++;
	tenant->due_ns = pcf_now_ns(CLOCK_MONOTONIC) + pcf_net_retry_ns(resolver, tenant->attempt);
	if ((rc == -EACCES || rc == -EPERM) && tenant->attempt == PCF_YOUNG_LOOKS)
		env->fail(env->owner, tenant->node->slot, "ns/net of its processes", -rc);
	if (rc)
		return;
	set_host(resolver, tenant, is_host(resolver, key));
	if (tenant->is_host || pcf_net_space_join(resolver, tenant, key, pid))
		return;
	resolver->unknown_count--;
	tenant->due_ns = UINT64_MAX;
}

void pcf_net_tenant_remove(struct pcf_net_resolver *resolver, struct pcf_net_tenant *tenant)
{
	if (tenant == resolver->root) {
		resolver->root = NULL;
		resolver->root_reader = NULL;
	} else {
		struct pcf_net_tenant *last = resolver->tenants[--resolver->tenant_count];
		resolver->tenants[tenant->place] = last;
		last->place = tenant->place;
		if (!tenant->space)
			resolver->unknown_count--;
		pcf_net_space_leave(resolver, tenant);
	}
	resolver->by_slot[tenant->node->slot] = NULL;
	free(tenant);
}

void pcf_net_tenant_add(struct pcf_net_resolver *resolver, struct pcf_net_node *node)
{
	struct pcf_net_tenant *before = resolver->by_slot[node->slot], *tenant;

	if (before) /* its word that it has gone is behind this one */
		pcf_net_tenant_remove(resolver, before);
	tenant = calloc(1, sizeof *tenant);
	if (!tenant)
		return;
	tenant->node = node;
	resolver->by_slot[node->slot] = tenant;
	if (node->is_root) {
		resolver->root = tenant;
		resolver->root_due = true;
		set_host(resolver, tenant, true);
		return;
	}
	tenant->place = resolver->tenant_count;
	resolver->tenants[resolver->tenant_count++] = tenant;
	resolver->unknown_count++;
}

/* More of its hierarchies are there: its processes may be, too. */
void pcf_net_tenant_refresh(struct pcf_net_resolver *resolver, struct pcf_net_node *node)
{
	struct pcf_net_tenant *tenant = resolver->by_slot[node->slot];

	if (tenant && tenant->node->generation == node->generation && !tenant->node->is_root && !tenant->space) {
		tenant->attempt = 0;
		tenant->due_ns = 0;
	}
	free(node);
}
