/* How many descriptors this process has open. */
#ifndef PCF_TESTS_OPEN_DESCRIPTORS_H
#define PCF_TESTS_OPEN_DESCRIPTORS_H
#include <unistd.h>
#include <dirent.h>

static inline unsigned open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (dir && readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* The fewest of several looks: the tick thread opens a file now and then and closes it again. */
static inline unsigned kept_descriptors(void)
{
	unsigned fewest = open_descriptors();

	for (int i = 0; i < 20; i++) {
		unsigned now = open_descriptors();

		fewest = now < fewest ? now : fewest;
		usleep(2000);
	}
	return fewest;
}
#endif
