/* How many descriptors this process has open. */
#ifndef PCF_TESTS_OPEN_DESCRIPTORS_H
#define PCF_TESTS_OPEN_DESCRIPTORS_H
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

#endif
