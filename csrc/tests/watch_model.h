/* What a caller of the watch knows: the paths below the test's own directory that events told it. */
#ifndef PCF_TESTS_WATCH_MODEL_H
#define PCF_TESTS_WATCH_MODEL_H
#include "watch_tree.h"

struct model {
	char paths[4096][128];
	int count, created, deleted, overflows;
};

static inline int model_find(const struct model *model, const char *path)
{
	for (int i = 0; i < model->count; i++)
		if (strcmp(model->paths[i], path) == 0)
			return i;
	return -1;
}

static inline void model_delete(struct model *model, const char *path)
{
	size_t len = strlen(path);

	for (int i = 0; i < model->count;) {
		const char *have = model->paths[i];
		if (strncmp(have, path, len) == 0 && (have[len] == '\0' || have[len] == '/'))
			memmove(model->paths[i], model->paths[--model->count], sizeof model->paths[0]);
		else
			i++;
	}
}

static inline void model_apply(struct model *model, const pcf_watch_event *event)
{
	size_t len = strlen(top);

	if (event->kind == PCF_WATCH_OVERFLOW) {
		model->overflows++;
		return;
	}
	if (strncmp(event->path, top, len) != 0)
		return; /* another test's */
	const char *path = event->path + len;
	if (event->kind == PCF_WATCH_DELETED) {
		model->deleted++;
		model_delete(model, path);
	} else {
		model->created++;
		if (model_find(model, path) < 0)
			snprintf(model->paths[model->count++], sizeof model->paths[0], "%s", path);
	}
}

/* Reads until nothing came for a while. */
static inline void drain(pcf_watch *watch, int mount, struct model *model)
{
	static pcf_watch_event events[64];
	int count;

	while ((count = pcf_watch_read(watch, events, 64, 40)) > 0)
		for (int i = 0; i < count; i++)
			if (events[i].mount == mount)
				model_apply(model, &events[i]);
	CHECK_EQ(count, 0);
}

static inline pcf_watch *open_watch(int mechanism, int *indexes)
{
	pcf_watch *watch = NULL;
	pcf_error err = {0};

	CHECK_EQ(pcf_watch_open(&watch, mechanism, &err), 0);
	CHECK_OR_DIE(watch);
	for (int i = 0; i < mount_count; i++)
		if (pcf_watch_add_mount(watch, mounts[i], &indexes[i], &err)) {
			fprintf(stderr, "%s\n", err.text);
			exit(1);
		}
	return watch;
}

#endif
