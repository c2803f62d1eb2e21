/* What a C program pays that opens, reads, parses and closes every file of every container, every time; or, with "keep",
 * that opens them once and preads: what kept descriptors can cost at least on this machine.
 *
 *   baseline [keep] < LIST     paths, one a line, ended by an empty line; then one byte a round
 *
 * For each round: "CPU_NS WALL_NS SUM\n".  The sum of all numbers found keeps the parser from being optimised away and
 * makes it comparable in work to a real one: every number of every file is read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 16];

static uint64_t numbers(const char *text, size_t length)
{
	uint64_t sum = 0, value = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned digit = (unsigned)(text[i] - '0');

		if (digit < 10) {
			value = value * 10 + digit;
		} else {
			sum += value;
			value = 0;
		}
	}
	return sum + value;
}

static uint64_t one(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t sum = 0;
	ssize_t got;

	if (fd < 0)
		return 0;
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		sum += numbers(buffer, (size_t)got);
	close(fd);
	return sum;
}

/* As many as the descriptor limit allows, less some to open the others with; -1: opened each time. */
static int *open_all(char **paths, size_t count)
{
	int *fds = malloc((count + 1) * sizeof(*fds));
	struct rlimit limit;
	size_t most = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 64 ? limit.rlim_cur - 64 : 0;

	for (size_t i = 0; fds && i < count; i++)
		fds[i] = i < most ? open(paths[i], O_RDONLY | O_CLOEXEC) : -1;
	return fds;
}

static uint64_t kept(int fd)
{
	ssize_t got = pread(fd, buffer, sizeof(buffer), 0);

	return got > 0 ? numbers(buffer, (size_t)got) : 0;
}

static uint64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static char **read_list(size_t *count)
{
	size_t size = 0, room = 0;
	char **paths = NULL, *line = NULL;
	ssize_t length;

	*count = 0;
	while ((length = getline(&line, &room, stdin)) > 1) {
		line[length - 1] = '\0';
		if (*count == size) {
			size = size ? size * 2 : 1024;
			paths = realloc(paths, size * sizeof(*paths));
			if (!paths)
				return NULL;
		}
		paths[(*count)++] = strdup(line);
	}
	free(line);
	return paths;
}

int main(int argc, char **argv)
{
	int *fds = NULL;
	size_t count;
	char **paths;

	setvbuf(stdin, NULL, _IONBF, 0); /* the byte of a round must not be read together with the list */
	paths = read_list(&count);
	if (!paths) {
		fprintf(stderr, "baseline: no list of files on stdin\n");
		return 2;
	}
	if (argc > 1 && strcmp(argv[1], "keep") == 0)
		fds = open_all(paths, count);
	while (getchar() != EOF) {
		uint64_t cpu = now(CLOCK_PROCESS_CPUTIME_ID), wall = now(CLOCK_MONOTONIC), sum = 0;

		for (size_t i = 0; i < count; i++)
			sum += fds && fds[i] >= 0 ? kept(fds[i]) : one(paths[i]);
		printf("%llu %llu %llu\n", (unsigned long long)(now(CLOCK_PROCESS_CPUTIME_ID) - cpu),
		       (unsigned long long)(now(CLOCK_MONOTONIC) - wall), (unsigned long long)sum);
		fflush(stdout);
	}
	return 0;
}
