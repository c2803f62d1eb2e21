/* Spawns a program again and again.
 *
 *   spawner PROGRAM [PROCS...]     PROCS: cgroup.procs files to enter first
 *
 * On stdin: a number a line, so many spawns; end of file = the end.  On stdout for each: wall and CPU nanoseconds, the
 * CPU of the children included.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t used_ns(int who)
{
	struct rusage used;

	getrusage(who, &used);
	return (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000 +
	       (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
}

static void enter(const char *procs)
{
	int fd = open(procs, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1) {
		perror(procs);
		exit(1);
	}
	close(fd);
}

static void spawn(char *program)
{
	char *arguments[] = {program, NULL}, *environment[] = {NULL};
	int status;
	pid_t pid;

	if (posix_spawn(&pid, program, NULL, NULL, arguments, environment) != 0 || waitpid(pid, &status, 0) != pid ||
	    status != 0) {
		perror(program);
		exit(1);
	}
}

int main(int count, char **words)
{
	char line[32];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 2; i < count; i++)
		enter(words[i]);
	while (count > 1 && fgets(line, sizeof line, stdin) != NULL) {
		uint64_t wall = now_ns(), cpu = used_ns(RUSAGE_SELF) + used_ns(RUSAGE_CHILDREN);

		for (long left = strtol(line, NULL, 10); left > 0; left--)
			spawn(words[1]);
		cpu = used_ns(RUSAGE_SELF) + used_ns(RUSAGE_CHILDREN) - cpu;
		printf("%llu %llu\n", (unsigned long long)(now_ns() - wall), (unsigned long long)cpu);
		fflush(stdout);
	}
	return 0;
}
