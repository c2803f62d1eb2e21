/* Any bytes as records of /dev/kmsg, one a line: what the OOM killer says has names of processes and cgroups in it, which
 * anybody on the host may choose. Also as /proc/<pid>/cgroup and as a datagram of the process connector.
 *
 * Besides what the sanitizers see: strings end inside their arrays, and numbers are absent or in range. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse/kmsg.h"
#include "parse/proc_event.h"
#include "parse/proc_pid_cgroup.h"

#define PROMISED(cond)                                                                                                 \
	do {                                                                                                           \
		if (!(cond))                                                                                           \
			abort();                                                                                       \
	} while (0)

static void check_line(const pcf_kmsg_line *line)
{
	PROMISED(line->kind >= PCF_KMSG_OTHER && line->kind <= PCF_KMSG_NO_VICTIM);
	PROMISED(memchr(line->comm, 0, sizeof line->comm));
	PROMISED(memchr(line->oom_memcg, 0, sizeof line->oom_memcg));
	PROMISED(memchr(line->task_memcg, 0, sizeof line->task_memcg));
	PROMISED(line->oom_score_adj == INT64_MIN || llabs(line->oom_score_adj) <= INT16_MAX);
}

static void feed(pcf_kmsg_pairing *pairing, const char *text, size_t len)
{
	pcf_kmsg_line line;
	pcf_kmsg_oom oom;

	pcf_kmsg_line_parse(text, len, &line);
	check_line(&line);
	if (!pcf_kmsg_pair(pairing, &line, &oom))
		return;
	check_line(&oom.all);
	PROMISED(memchr(oom.trigger_comm, 0, sizeof oom.trigger_comm));
}

static void as_records(const char *text, size_t size)
{
	pcf_kmsg_pairing pairing = {0};

	for (size_t at = 0; at < size;) {
		const char *newline = memchr(text + at, '\n', size - at);
		size_t len = newline ? (size_t)(newline - text) - at : size - at;
		pcf_kmsg_record record;

		if (pcf_kmsg_record_parse(text + at, len, &record) == 0) {
			PROMISED(record.text >= text + at && record.text + record.len <= text + at + len);
			feed(&pairing, record.text, record.len);
		}
		feed(&pairing, text + at, len);
		at += len + 1;
	}
}

static void as_cgroup(const char *text, size_t size)
{
	char path[64];

	for (int v1 = 0; v1 < 2; v1++) {
		int len = pcf_proc_pid_cgroup_parse(text, size, v1, path, sizeof path);
		PROMISED(len == -EINVAL || len == -ENAMETOOLONG || (len > 0 && (size_t)len < sizeof path));
		PROMISED(len < 0 || path[0] == '/');
	}
}

static void as_datagram(const char *bytes, size_t size)
{
	pcf_proc_event event;
	size_t at = 0, before = 0;

	while (pcf_proc_event_next(bytes, size, &at, &event) == 1) {
		PROMISED(at > before && at <= size);
		PROMISED(memchr(event.comm, 0, sizeof event.comm));
		before = at;
	}
	PROMISED(at == size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* of the exact size: a byte read past it is seen */

	PROMISED(text);
	if (size)
		memcpy(text, data, size);
	as_records(text, size);
	as_cgroup(text, size);
	as_datagram(text, size);
	free(text);
	return 0;
}
