/* Programs of a few instructions, written out: no compiler, no relocation, so that a trial costs what the kernel takes
 * for it and nothing else. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/bpf_facts.h"

#define LOG_BYTES   32768
#define DESCENDANTS 2 /* BPF_CGROUP_ITER_DESCENDANTS_PRE */

typedef struct bpf_insn insn;
#define SET(to, value)     ((insn){.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (to), .imm = (value)})
#define COPY(to, from)     ((insn){.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (to), .src_reg = (from)})
#define ADD(to, value)     ((insn){.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = (to), .imm = (value)})
#define HELPER(id)         ((insn){.code = BPF_JMP | BPF_CALL, .imm = (id)})
#define KFUNC(id)          ((insn){.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL, .imm = (id)})
#define IF_ZERO(reg, over) ((insn){.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = (reg), .off = (over)})
#define BACK(by)           ((insn){.code = BPF_JMP | BPF_JA, .off = -(by)})
#define LEAVE              ((insn){.code = BPF_JMP | BPF_EXIT})
#define COUNT(array)       (sizeof(array) / sizeof((array)[0]))

/* The last line of a verifier's log that is not its statistics. */
static void last_word(char *log, char *said, size_t size)
{
	char *rest = log;

	said[0] = '\0';
	for (char *line; (line = strsep(&rest, "\n"));)
		if (*line && strncmp(line, "processed ", 10) != 0)
			snprintf(said, size, "%s", line);
}

static pcf_trial load(enum bpf_prog_type type, const insn *program, size_t count, struct bpf_prog_load_opts *options,
		      int *keep)
{
	pcf_trial trial = {0};
	char *log = calloc(1, LOG_BYTES);
	int fd;

	options->log_buf = log;
	options->log_size = log ? LOG_BYTES : 0;
	fd = bpf_prog_load(type, "pcf_trial", "GPL", program, count, options);
	if (fd < 0) {
		trial.code = -errno;
		if (log)
			last_word(log, trial.said, sizeof trial.said);
	} else if (keep) {
		*keep = fd;
	} else {
		close(fd);
	}
	free(log);
	return trial;
}

pcf_trial pcf_trial_array(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "pcf_trial", 4, 8, 1, &options);
	pcf_trial trial = {.code = fd < 0 ? -errno : 0};

	if (fd >= 0)
		close(fd);
	return trial;
}

pcf_trial pcf_trial_kernel_read(void)
{
	const insn program[] = {
		COPY(BPF_REG_3, BPF_REG_1),
		COPY(BPF_REG_1, BPF_REG_10),
		ADD(BPF_REG_1, -8),
		SET(BPF_REG_2, 8),
		HELPER(BPF_FUNC_probe_read_kernel),
		SET(BPF_REG_0, 0),
		LEAVE,
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options);

	return load(BPF_PROG_TYPE_RAW_TRACEPOINT, program, COUNT(program), &options, NULL);
}

pcf_trial pcf_trial_tracepoint(int typedef_id)
{
	const insn program[] = {SET(BPF_REG_0, 0), LEAVE};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_RAW_TP,
		    .attach_btf_id = (unsigned)typedef_id);
	int fd = -1, link;
	pcf_trial trial = load(BPF_PROG_TYPE_TRACING, program, COUNT(program), &options, &fd);

	if (fd < 0)
		return trial;
	link = bpf_raw_tracepoint_open(NULL, fd);
	if (link < 0) {
		trial.code = -errno;
		snprintf(trial.said, sizeof trial.said, "attaching: %s", strerror(errno));
	} else {
		close(link);
	}
	close(fd);
	return trial;
}

pcf_trial pcf_trial_cgroup_iterator(int function_id)
{
	const insn program[] = {SET(BPF_REG_0, 0), LEAVE};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_ITER,
		    .attach_btf_id = (unsigned)function_id);

	return load(BPF_PROG_TYPE_TRACING, program, COUNT(program), &options, NULL);
}

/* r6 = the cgroup to begin at; the caller's next instruction sees r0 = r6. */
static size_t begin_at(insn *program, const pcf_kfunc_ids *ids, int is_v1)
{
	size_t n = 0;

	if (is_v1) {
		program[n++] = HELPER(BPF_FUNC_get_current_task_btf);
		program[n++] = COPY(BPF_REG_1, BPF_REG_0);
		program[n++] = SET(BPF_REG_2, 1);
		program[n++] = KFUNC(ids->of_task);
	} else {
		program[n++] = SET(BPF_REG_1, 1);
		program[n++] = KFUNC(ids->from_id);
	}
	program[n++] = COPY(BPF_REG_6, BPF_REG_0);
	return n;
}

static size_t leave_through(insn *program, const insn *body, size_t count)
{
	size_t n = 0;

	program[n++] = IF_ZERO(BPF_REG_6, (short)count);
	for (size_t i = 0; i < count; i++)
		program[n++] = body[i];
	program[n++] = SET(BPF_REG_0, 0);
	program[n++] = LEAVE;
	return n;
}

pcf_trial pcf_trial_css_walk(const pcf_kfunc_ids *ids, int is_v1)
{
	insn program[40];
	const insn root[] = {
		/* v1: the root of the hierarchy is the ancestor at level 0 */
		COPY(BPF_REG_1, BPF_REG_6), SET(BPF_REG_2, 0),   KFUNC(ids->ancestor),       COPY(BPF_REG_7, BPF_REG_0),
		COPY(BPF_REG_1, BPF_REG_6), KFUNC(ids->release), COPY(BPF_REG_6, BPF_REG_7),
	};
	const insn walk[] = {
		KFUNC(ids->rcu_lock),        COPY(BPF_REG_1, BPF_REG_10),
		ADD(BPF_REG_1, -24), /* struct bpf_iter_css: three words on the stack */
		COPY(BPF_REG_2, BPF_REG_6),  SET(BPF_REG_3, DESCENDANTS),
		KFUNC(ids->css_new),         COPY(BPF_REG_1, BPF_REG_10),
		ADD(BPF_REG_1, -24),         KFUNC(ids->css_next),
		IF_ZERO(BPF_REG_0, 1),       BACK(5),
		COPY(BPF_REG_1, BPF_REG_10), ADD(BPF_REG_1, -24),
		KFUNC(ids->css_destroy),     KFUNC(ids->rcu_unlock),
		COPY(BPF_REG_1, BPF_REG_6),  KFUNC(ids->release),
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_SLEEPABLE); /* syscall programs are */
	size_t n = begin_at(program, ids, is_v1);

	if (is_v1) {
		program[n++] = IF_ZERO(BPF_REG_6, COUNT(root));
		memcpy(program + n, root, sizeof root);
		n += COUNT(root);
	}
	n += leave_through(program + n, walk, COUNT(walk));
	return load(BPF_PROG_TYPE_SYSCALL, program, n, &options, NULL);
}

/* The memory controller's state of one cgroup, taken and put back. */
pcf_trial pcf_trial_memcg(const pcf_kfunc_ids *ids)
{
	insn program[24];
	const insn take[] = {
		COPY(BPF_REG_1, BPF_REG_6), KFUNC(ids->memcg_get), IF_ZERO(BPF_REG_0, 2),
		COPY(BPF_REG_1, BPF_REG_0), KFUNC(ids->memcg_put), COPY(BPF_REG_1, BPF_REG_6),
		KFUNC(ids->release),
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_SLEEPABLE); /* syscall programs are */
	size_t n = begin_at(program, ids, 0);

	n += leave_through(program + n, take, COUNT(take));
	return load(BPF_PROG_TYPE_SYSCALL, program, n, &options, NULL);
}
