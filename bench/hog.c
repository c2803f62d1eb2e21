/* One process after another that wants more memory than its cgroup may have.
 *
 *   hog MIB PROCS...     for each cgroup.procs file a child that enters it and touches so many MiB
 *
 * On stdout: for each child its number and the signal that ended it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void want(const char *procs, size_t bytes)
{
	int fd = open(procs, O_WRONLY | O_CLOEXEC);
	char *memory;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd < 0 || write(fd, "0", 1) != 1) {
		perror(procs);
		_exit(1);
	}
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; memory != MAP_FAILED && i < bytes; i += 4096)
		memory[i] = 1;
	_exit(2);
}

int main(int count, char **words)
{
	size_t bytes = count > 1 ? strtoul(words[1], NULL, 10) << 20 : 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 2; i < count; i++) {
		pid_t child = fork();
		int status = 0;

		if (child == 0)
			want(words[i], bytes);
		if (child < 0 || waitpid(child, &status, 0) != child)
			return 1;
		printf("%d %d\n", (int)child, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
		fflush(stdout);
	}
	return 0;
}
