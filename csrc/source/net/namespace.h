/* Which network namespace a container is in: by a process of its cgroup. */
#ifndef PCF_SOURCE_NET_NAMESPACE_H
#define PCF_SOURCE_NET_NAMESPACE_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A namespace's key: the inode of ns/net, or, where that may not be looked at (it needs ptrace rights), the inode of
 * net/dev, which every namespace has its own of, with this bit set. */
#define PCF_NETNS_BY_TEXT (UINT64_C(1) << 63)

int pcf_netns_key(int proc_fd, pid_t pid, uint64_t *key);
/* ns/net of a process, only if it is the namespace of that key.  -ESTALE: it is not, any more. */
int pcf_netns_open(int proc_fd, pid_t pid, uint64_t key);
/* Text of net/dev of a process, whole.  Returns its size or -errno; -EMSGSIZE: it does not fit. */
ssize_t pcf_net_dev_read(int fd, char *buffer, size_t size);
int pcf_net_dev_open(int proc_fd, pid_t pid);
int pcf_pidfd_open(pid_t pid); /* or -errno */
bool pcf_pidfd_is_alive(int pidfd);

/* Finds a process of the cgroup in one of the mounts that is in a namespace of its own right: *pid and *key.
 * -ESRCH: no process; -ENOENT: no such cgroup in this mount; -EACCES: its namespace may not be looked at. */
int pcf_cgroup_netns(const char *mount, const char *path, int proc_fd, pid_t *pid, uint64_t *key);
#endif
