/* A process in each of N cgroups that faults pages when told to, so that every cgroup has changed since the last read.
 *
 *   busy COUNT PAGES DIR...     child number i goes into DIR/c<i> of every DIR
 *
 * On stdin: a number a line = a kick of every so manieth child, the others sleep on; end of file = the end.  On stdout:
 * "ready\n" once, then "done\n" for each kick, when each of these children has faulted its pages.  Children die with the
 * parent (PR_SET_PDEATHSIG), so nothing is left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
	_Atomic uint32_t left;    /* the parent waits for it to become 0 */
	_Atomic uint32_t kicks[]; /* each child waits for its own to change: nobody is woken who is not to be active */
};

static void futex_wait(_Atomic uint32_t *word, uint32_t seen)
{
	syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static void fault(char *memory, size_t pages, size_t page)
{
	madvise(memory, pages * page, MADV_DONTNEED);
	for (size_t i = 0; i < pages; i++)
		memory[i * page] = 1;
}

static void child(struct shared *shared, uint32_t index, size_t pages, pid_t parent)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t seen = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (memory == MAP_FAILED || getppid() != parent)
		_exit(1);
	for (;;) {
		uint32_t now = atomic_load(&shared->kicks[index]);

		if (now == seen) {
			futex_wait(&shared->kicks[index], seen);
			continue;
		}
		seen = now;
		fault(memory, pages, page);
		if (atomic_fetch_sub(&shared->left, 1) == 1)
			futex_wake(&shared->left);
	}
}

static int enter(const char *dir, uint32_t index, pid_t pid)
{
	char path[4096], text[16];
	int length = snprintf(text, sizeof(text), "%d", (int)pid), fd, failed;

	snprintf(path, sizeof(path), "%s/c%05u/cgroup.procs", dir, index);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	failed = fd < 0 || write(fd, text, (size_t)length) != length;
	if (failed)
		fprintf(stderr, "busy: %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return failed ? -1 : 0;
}

static int kick(struct shared *shared, uint32_t count, uint32_t every)
{
	uint32_t left;

	atomic_store(&shared->left, (count + every - 1) / every);
	for (uint32_t i = 0; i < count; i += every) {
		atomic_fetch_add(&shared->kicks[i], 1);
		futex_wake(&shared->kicks[i]);
	}
	while ((left = atomic_load(&shared->left)) != 0)
		futex_wait(&shared->left, left);
	return write(STDOUT_FILENO, "done\n", 5) == 5 ? 0 : -1;
}

static int start_children(struct shared *shared, uint32_t count, size_t pages, char **dirs, pid_t *pids)
{
	pid_t self = getpid();

	for (uint32_t i = 0; i < count; i++) {
		pids[i] = fork();
		if (pids[i] < 0) {
			fprintf(stderr, "busy: fork of child %u: %s\n", i, strerror(errno));
			return -1;
		}
		if (pids[i] == 0)
			child(shared, i, pages, self);
		for (char **dir = dirs; *dir; dir++)
			if (enter(*dir, i, pids[i]))
				return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t count = argc > 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	size_t pages = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct shared *shared = mmap(NULL, sizeof(*shared) + count * sizeof(shared->kicks[0]), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t *pids = calloc(count ? count : 1, sizeof(*pids));
	int code = 1;
	char line[16];

	if (!count || !pages || shared == MAP_FAILED || !pids) {
		fprintf(stderr, "usage: busy COUNT PAGES DIR...\n");
		return 2;
	}
	if (start_children(shared, count, pages, argv + 3, pids) == 0 && write(STDOUT_FILENO, "ready\n", 6) == 6) {
		code = 0;
		while (code == 0 && fgets(line, sizeof(line), stdin) != NULL) {
			uint32_t every = (uint32_t)strtoul(line, NULL, 10);

			code = every == 0 || kick(shared, count, every) ? 1 : 0;
		}
	}
	for (uint32_t i = 0; i < count; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return code;
}
