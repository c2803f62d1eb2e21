#include "parse/kmsg.h"

#include <errno.h>
#include <string.h>

#include "parse/scan.h"

#define COMM_MAX 15 /* TASK_COMM_LEN less the NUL */

/* "prio|facility,sequence,usec,flags[,more];text\n", then lines that begin with a blank. */
int pcf_kmsg_record_parse(const char *buf, size_t len, pcf_kmsg_record *out)
{
	const char *end = buf + len, *p = buf, *text = memchr(buf, ';', len), *newline;
	uint64_t numbers[3];

	if (!text)
		return -EINVAL;
	for (int i = 0; i < 3; i++) {
		p = pcf_scan_number(p, text, &numbers[i]);
		if (!p || p == text || *p != ',')
			return -EINVAL;
		p++;
	}
	text++;
	newline = memchr(text, '\n', (size_t)(end - text));
	*out = (pcf_kmsg_record){.sequence = numbers[1],
				 .time_usec = numbers[2],
				 .is_kernel = numbers[0] < 8, /* three bits of level below the facility */
				 .text = text,
				 .len = (size_t)((newline ? newline : end) - text)};
	return 0;
}

/* Where word begins in [p, end), NULL: nowhere. */
static const char *find(const char *p, const char *end, const char *word)
{
	return p < end ? memmem(p, (size_t)(end - p), word, strlen(word)) : NULL;
}

/* The last place where word begins. */
static const char *find_last(const char *p, const char *end, const char *word)
{
	const char *last = NULL, *at = p;

	while ((at = find(at, end, word)))
		last = at++;
	return last;
}

static int hex(char c)
{
	if (pcf_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Copies [p, end), undoing the kernel's "\xHH" (printk escapes control characters, the backslash and all above 126).
 * Returns whether it fits; what does not is left out whole. */
static int unescape(char *out, size_t size, const char *p, const char *end)
{
	size_t n = 0;

	while (p < end) {
		char c = *p++;

		if (c == '\\' && end - p >= 3 && *p == 'x' && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
			c = (char)(hex(p[1]) << 4 | hex(p[2]));
			p += 3;
		}
		if (n + 1 >= size || c == '\0') {
			out[0] = '\0';
			return 0;
		}
		out[n++] = c;
	}
	out[n] = '\0';
	return 1;
}

static uint64_t number_at(const char *p, const char *end)
{
	uint64_t number;

	return p && pcf_scan_number(p, end, &number) ? number : PCF_ABSENT;
}

/* The number right behind word, PCF_ABSENT: it is not there. */
static uint64_t number_after(const char *p, const char *end, const char *word)
{
	const char *at = find(p, end, word);

	return at ? number_at(at + strlen(word), end) : PCF_ABSENT;
}

/* The same in kB as the kernel prints them ("%lukB"), in bytes. */
static uint64_t bytes_after(const char *p, const char *end, const char *word)
{
	return pcf_scale(number_after(p, end, word), 1024);
}

static int64_t signed_after(const char *p, const char *end, const char *word)
{
	const char *at = find(p, end, word);
	uint64_t number;
	int is_negative;

	if (!at)
		return INT64_MIN;
	at += strlen(word);
	is_negative = at < end && *at == '-';
	number = number_at(at + is_negative, end);
	if (number > INT16_MAX)
		return INT64_MIN;
	return is_negative ? -(int64_t)number : (int64_t)number;
}

/* ...,oom_memcg=/a,task_memcg=/a/b,task=NAME,pid=77,uid=0: names and paths may hold anything, commas too, so the end is
 * read backwards, and NAME, which has 15 bytes at most (60 when all are escaped), is looked for no further back. */
static void chosen_parse(const char *p, const char *end, pcf_kmsg_line *out)
{
	const char *pid = find_last(p, end, ",pid="), *uid = pid ? find_last(pid, end, ",uid=") : NULL;
	const char *name, *oom, *task, *from;

	if (!pid)
		return;
	from = pid - p > COMM_MAX * 4 + 6 ? pid - (COMM_MAX * 4 + 6) : p;
	name = find_last(from, pid, ",task=");
	if (!name)
		return;
	out->kind = PCF_KMSG_CHOSEN;
	out->pid = number_at(pid + 5, end);
	out->uid = uid ? number_at(uid + 5, end) : PCF_ABSENT;
	unescape(out->comm, sizeof out->comm, name + 6, pid);
	out->is_memcg = find(p, name, "constraint=CONSTRAINT_MEMCG") != NULL;
	oom = find(p, name, ",oom_memcg=");
	task = find(oom ? oom + 1 : p, name, ",task_memcg=");
	if (oom && task)
		unescape(out->oom_memcg, sizeof out->oom_memcg, oom + 11, task);
	if (task)
		unescape(out->task_memcg, sizeof out->task_memcg, task + 12, name);
}

/* [Memory cgroup out|Out] of memory[ (...)]: Killed process 77 (NAME) total-vm:9kB, anon-rss:8kB, file-rss:4kB,
 * shmem-rss:0kB[, UID:0 pgtables:44kB oom_score_adj:0]; before 5.3 "Killed process" begins the line. */
static void killed_parse(const char *text, const char *at, const char *end, pcf_kmsg_line *out)
{
	const char *p = at + strlen("Killed process "), *sizes = find_last(p, end, ") total-vm:");
	uint64_t pid;

	p = pcf_scan_number(p, end, &pid);
	if (!p || !sizes || sizes < p + 2 || p[0] != ' ' || p[1] != '(')
		return;
	if (at != text && (at - text < 2 || memcmp(at - 2, ": ", 2) != 0))
		return;
	out->kind = PCF_KMSG_KILLED;
	out->pid = pid;
	unescape(out->comm, sizeof out->comm, p + 2, sizes);
	out->total_vm_bytes = bytes_after(sizes, end, "total-vm:");
	out->anon_bytes = bytes_after(sizes, end, "anon-rss:");
	out->file_bytes = bytes_after(sizes, end, "file-rss:");
	out->shmem_bytes = bytes_after(sizes, end, "shmem-rss:");
	out->pgtables = bytes_after(sizes, end, "pgtables:");
	out->uid = number_after(sizes, end, "UID:");
	out->oom_score_adj = signed_after(sizes, end, "oom_score_adj:");
	if (find(text, at, "emory cgroup out of memory"))
		out->is_memcg = 1;
	else if (find(text, at, "ut of memory"))
		out->is_memcg = 0;
}

static void invoked_parse(const char *text, const char *at, pcf_kmsg_line *out)
{
	out->kind = PCF_KMSG_INVOKED;
	unescape(out->comm, sizeof out->comm, text, at);
}

static int begins(const char *p, const char *end, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(end - p) >= len && memcmp(p, word, len) == 0;
}

void pcf_kmsg_line_parse(const char *text, size_t len, pcf_kmsg_line *out)
{
	const char *end = text + len, *at;

	*out = (pcf_kmsg_line){.kind = PCF_KMSG_OTHER,
			       .pid = PCF_ABSENT,
			       .uid = PCF_ABSENT,
			       .total_vm_bytes = PCF_ABSENT,
			       .anon_bytes = PCF_ABSENT,
			       .file_bytes = PCF_ABSENT,
			       .shmem_bytes = PCF_ABSENT,
			       .pgtables = PCF_ABSENT,
			       .usage_bytes = PCF_ABSENT,
			       .limit_bytes = PCF_ABSENT,
			       .oom_score_adj = INT64_MIN,
			       .is_memcg = -1};
	if (begins(text, end, "oom-kill:")) {
		chosen_parse(text, end, out);
	} else if (begins(text, end, "CPU: ")) {
		out->pid = number_after(text, end, " PID: ");
		out->kind = out->pid == PCF_ABSENT ? PCF_KMSG_OTHER : PCF_KMSG_CPU;
	} else if (begins(text, end, "memory: usage ")) {
		out->kind = PCF_KMSG_USAGE;
		out->usage_bytes = bytes_after(text, end, "usage ");
		out->limit_bytes = bytes_after(text, end, "limit ");
	} else if (begins(text, end, "Memory cgroup stats for ") && (at = find_last(text, end, ":"))) {
		out->kind = PCF_KMSG_STATS;
		unescape(out->oom_memcg, sizeof out->oom_memcg, text + strlen("Memory cgroup stats for "), at);
	} else if (begins(text, end, "Out of memory and no killable processes")) {
		out->kind = PCF_KMSG_NO_VICTIM;
	} else if ((at = find(text, end, " invoked oom-killer: "))) {
		invoked_parse(text, at, out);
	} else if ((at = find(text, end, "Killed process "))) {
		killed_parse(text, at, end, out);
	}
}

static void take_header(pcf_kmsg_pairing *pairing, pcf_kmsg_oom *out)
{
	out->trigger_pid = pairing->has_header ? pairing->trigger_pid : PCF_ABSENT;
	out->all.usage_bytes = pairing->has_header ? pairing->usage_bytes : PCF_ABSENT;
	out->all.limit_bytes = pairing->has_header ? pairing->limit_bytes : PCF_ABSENT;
	memcpy(out->trigger_comm, pairing->trigger_comm, sizeof out->trigger_comm);
	if (!pairing->has_header)
		out->trigger_comm[0] = '\0';
}

/* What the header told belongs to the victim that the "oom-kill:" record names; a kill without one (the rest of a group,
 * or a header that was left out) has the last record alone. */
static void complete(pcf_kmsg_pairing *pairing, const pcf_kmsg_line *killed, pcf_kmsg_oom *out)
{
	int is_chosen = pairing->has_chosen && pairing->chosen.pid == killed->pid;

	if (!is_chosen)
		pairing->has_header = 0;
	out->is_kill = 1;
	out->all = *killed;
	take_header(pairing, out);
	if (is_chosen) {
		memcpy(out->all.oom_memcg, pairing->chosen.oom_memcg, sizeof out->all.oom_memcg);
		memcpy(out->all.task_memcg, pairing->chosen.task_memcg, sizeof out->all.task_memcg);
		out->all.is_memcg = pairing->chosen.is_memcg;
		if (out->all.uid == PCF_ABSENT)
			out->all.uid = pairing->chosen.uid;
	}
	pairing->has_header = pairing->has_chosen = 0;
}

int pcf_kmsg_pair(pcf_kmsg_pairing *pairing, const pcf_kmsg_line *line, pcf_kmsg_oom *out)
{
	switch (line->kind) {
	case PCF_KMSG_INVOKED:
		pairing->has_header = 1;
		pairing->has_chosen = 0;
		pairing->trigger_pid = pairing->usage_bytes = pairing->limit_bytes = PCF_ABSENT;
		pairing->oom_memcg[0] = '\0';
		memcpy(pairing->trigger_comm, line->comm, sizeof pairing->trigger_comm);
		return 0;
	case PCF_KMSG_CPU: /* only the first: another core may have something to say, too */
		if (pairing->has_header && pairing->trigger_pid == PCF_ABSENT)
			pairing->trigger_pid = line->pid;
		return 0;
	case PCF_KMSG_USAGE:
		pairing->usage_bytes = line->usage_bytes;
		pairing->limit_bytes = line->limit_bytes;
		return 0;
	case PCF_KMSG_STATS:
		memcpy(pairing->oom_memcg, line->oom_memcg, sizeof pairing->oom_memcg);
		return 0;
	case PCF_KMSG_CHOSEN:
		pairing->chosen = *line;
		pairing->has_chosen = 1;
		return 0;
	case PCF_KMSG_KILLED:
		complete(pairing, line, out);
		return 1;
	case PCF_KMSG_NO_VICTIM:
		out->is_kill = 0;
		out->all = *line;
		take_header(pairing, out);
		if (pairing->has_header)
			memcpy(out->all.oom_memcg, pairing->oom_memcg, sizeof pairing->oom_memcg);
		pairing->has_header = pairing->has_chosen = 0;
		return 1;
	default:
		return 0;
	}
}
