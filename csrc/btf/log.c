/* libbpf's words: kept to find the reason in, shown only when asked for. */
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "btf/btf.h"

#define KEPT_BYTES 16384
#define LONGEST    (KEPT_BYTES / 2)

static _Atomic int is_verbose;
static _Thread_local struct {
	size_t used;
	char text[KEPT_BYTES];
	char reason[200];
} kept;

/* The end is what tells: a verifier's log ends with what it refused. */
static void keep(const char *line, size_t len)
{
	if (len >= sizeof kept.text)
		return;
	if (kept.used + len >= sizeof kept.text) {
		size_t half = kept.used / 2;

		memmove(kept.text, kept.text + half, kept.used - half);
		kept.used -= half;
		if (kept.used + len >= sizeof kept.text)
			kept.used = 0;
	}
	memcpy(kept.text + kept.used, line, len);
	kept.used += len;
	kept.text[kept.used] = '\0';
}

static int print(enum libbpf_print_level level, const char *format, va_list list)
{
	char *text;
	int len = vasprintf(&text, format, list), cut; /* a verifier's log is one long text */

	if (len < 0)
		return 0;
	cut = len > LONGEST ? len - LONGEST : 0;
	if (level != LIBBPF_DEBUG)
		keep(text + cut, (size_t)(len - cut));
	if (atomic_load(&is_verbose))
		fputs(text, stderr);
	free(text);
	return 0;
}

static void install(void)
{
	libbpf_set_print(print);
}

void pcf_bpf_log_begin(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, install);
	kept.used = 0;
	kept.text[0] = '\0';
}

void pcf_bpf_log_verbose(int on)
{
	atomic_store(&is_verbose, on);
}

static int is_noise(const char *line, size_t len)
{
	static const char *const words[] = {
		"-- BEGIN PROG LOAD LOG",      "-- END PROG LOAD LOG", "processed ",       "failed to load object",
		"failed to load BPF skeleton", "failed to load: ",     "verification time"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (memmem(line, len, words[i], strlen(words[i])))
			return 1;
	return len == 0;
}

/* The last line before the load was given up that is not about the giving up. */
const char *pcf_bpf_log_reason(void)
{
	size_t end = kept.used;

	kept.reason[0] = '\0';
	while (end > 0) {
		size_t begin = end;

		while (begin > 0 && kept.text[begin - 1] != '\n')
			begin--;
		if (!is_noise(kept.text + begin, end - begin)) {
			snprintf(kept.reason, sizeof kept.reason, "%.*s", (int)(end - begin), kept.text + begin);
			break;
		}
		end = begin ? begin - 1 : 0;
	}
	/* Named by hand: what libbpf says here blames the kernel. A newer libbpf takes such a function for absent. */
	if (strstr(kept.reason, "module BTFs") && !pcf_bpf_may_list_modules())
		snprintf(kept.reason, sizeof kept.reason,
			 "CAP_SYS_ADMIN is missing: this libbpf seeks in modules what this kernel has not got");
	return kept.reason;
}
