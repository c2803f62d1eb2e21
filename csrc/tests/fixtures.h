/* The captured kernel text under tests/fixtures, for tests of parsers; tests/fixtures/capture says what lies where. */
#ifndef PCF_TESTS_FIXTURES_H
#define PCF_TESTS_FIXTURES_H
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "parse/parse.h"

typedef struct {
	char path[512];
	char kernel[64]; /* "6.1-v2" */
	char file[256];  /* as columns.def spells it */
	int version;     /* PCF_VERSION_*; net/dev is the same for all */
	char *text;      /* of exactly len bytes */
	size_t len;
} fixture;

typedef void (*fixture_visit)(const fixture *fixture);

/* "hugetlb.2MB.current" -> "hugetlb.current", "blkio.throttle.io_serviced_recursive" -> "blkio.io_serviced". */
static inline void fixture_file_name(char out[static 256], const char *name)
{
	const char *dot = strchr(name, '.'), *second = dot ? strchr(dot + 1, '.') : NULL;
	char *recursive;

	if (second && (strncmp(name, "hugetlb.", 8) == 0 || strncmp(name, "blkio.", 6) == 0))
		snprintf(out, 256, "%.*s%s", (int)(dot - name), name, second);
	else
		snprintf(out, 256, "%s", name);
	recursive = strstr(out, "_recursive");
	if (recursive && strncmp(out, "blkio.", 6) == 0)
		*recursive = '\0';
}

static inline char *fixture_read(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	char *text;

	if (!file || fstat(fileno(file), &st) != 0) {
		perror(path);
		exit(1);
	}
	text = malloc(st.st_size ? (size_t)st.st_size : 1);
	*len = fread(text, 1, (size_t)st.st_size, file);
	fclose(file);
	return text;
}

static inline void fixture_file(const char *kernel, const char *folder, const char *path, const char *name,
				fixture_visit visit)
{
	fixture found = {.version = PCF_VERSION_V1};

	snprintf(found.path, sizeof found.path, "%s", path);
	snprintf(found.kernel, sizeof found.kernel, "%s", kernel);
	if (strcmp(folder, "proc") == 0) {
		found.version = PCF_VERSION_ROOT;
		snprintf(found.file, sizeof found.file, "%s", name);
	} else {
		found.version = strcmp(folder, "unified") == 0 ? PCF_VERSION_V2 : PCF_VERSION_V1;
		fixture_file_name(found.file, name);
	}
	found.text = fixture_read(path, &found.len);
	visit(&found);
	free(found.text);
}

/* All files below a folder of one kernel; name is the path from there ("pressure/cpu"). */
static inline void fixture_folder(const char *kernel, const char *folder, const char *path, const char *prefix,
				  fixture_visit visit)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char below[512], name[256];
		struct stat st;

		if (entry->d_name[0] == '.')
			continue;
		if ((size_t)snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= sizeof below ||
		    (size_t)snprintf(name, sizeof name, "%s%s", prefix, entry->d_name) >= sizeof name - 1 ||
		    stat(below, &st) != 0)
			continue;
		if (S_ISREG(st.st_mode)) {
			fixture_file(kernel, folder, below, name, visit);
		} else if (S_ISDIR(st.st_mode)) {
			strcat(name, "/");
			fixture_folder(kernel, folder, below, name, visit);
		}
	}
	if (dir)
		closedir(dir);
}

static inline int fixture_is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Calls visit for every captured file of every kernel; returns how many kernels there are. */
static inline int fixture_each(fixture_visit visit)
{
	DIR *kernels = opendir(PCF_FIXTURES);
	struct dirent *kernel, *folder;
	int count = 0;

	while (kernels && (kernel = readdir(kernels))) {
		char path[256], below[512];
		DIR *dir;

		snprintf(path, sizeof path, "%s/%.60s", PCF_FIXTURES, kernel->d_name);
		if (kernel->d_name[0] == '.' || !fixture_is_folder(path))
			continue;
		count++;
		dir = opendir(path);
		while (dir && (folder = readdir(dir))) {
			snprintf(below, sizeof below, "%s/%.60s", path, folder->d_name);
			if (folder->d_name[0] != '.' && fixture_is_folder(below))
				fixture_folder(kernel->d_name, folder->d_name, below, "", visit);
		}
		if (dir)
			closedir(dir);
	}
	if (kernels)
		closedir(kernels);
	return count;
}
#endif
