/* A program of five instructions, written out: in an object, the function that this kernel has not got (it is either
 * css_rstat_flush or cgroup_rstat_flush) would have libbpf 1.1 look into modules, and that takes CAP_SYS_ADMIN. */
#include "source/bpf/flush.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CGROUP_IN_CONTEXT 8 /* struct bpf_iter__cgroup: meta, then the cgroup, each 8 bytes by the kernel's interface */

static int load(int function, int iterator)
{
	const struct bpf_insn program[] = {
		{.code = BPF_LDX | BPF_MEM | BPF_DW,
		 .dst_reg = BPF_REG_1,
		 .src_reg = BPF_REG_1,
		 .off = CGROUP_IN_CONTEXT},
		{.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_1, .off = 1},
		/* A cgroup begins with its own css: the pointer is good for both functions. */
		{.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL, .imm = function},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_ITER,
		    .attach_btf_id = (unsigned)iterator, .prog_flags = BPF_F_SLEEPABLE);

	return bpf_prog_load(BPF_PROG_TYPE_TRACING, "pcf_flush", "GPL", program, sizeof program / sizeof *program,
			     &options);
}

static int link_at(int program, const char *mount)
{
	union bpf_iter_link_info info = {0};
	LIBBPF_OPTS(bpf_link_create_opts, options, .iter_info = &info, .iter_info_len = sizeof info);
	int fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC), link;

	if (fd < 0)
		return -1;
	info.cgroup.cgroup_fd = (unsigned)fd;
	info.cgroup.order = BPF_CGROUP_ITER_SELF_ONLY;
	link = bpf_link_create(program, 0, BPF_TRACE_ITER, &options);
	close(fd);
	return link;
}

void pcf_flush_open(pcf_flush *flush, const pcf_btf *btf, const char *mount)
{
	const struct btf *types = pcf_btf_raw(btf);
	int css = btf__find_by_name_kind(types, "css_rstat_flush", BTF_KIND_FUNC);
	int all = css > 0 ? 0 : btf__find_by_name_kind(types, "cgroup_rstat_flush", BTF_KIND_FUNC);
	int iterator = btf__find_by_name_kind(types, "bpf_iter_cgroup", BTF_KIND_FUNC), program;

	*flush = (pcf_flush){.link = -1};
	if (css <= 0 && all <= 0) {
		flush->no_reason = "this kernel lets no program add up cgroup2 CPU time (no rstat flush function)";
		return;
	}
	program = load(css > 0 ? css : all, iterator);
	if (program >= 0) {
		flush->link = link_at(program, mount);
		close(program);
	}
	if (flush->link < 0)
		flush->no_reason = "the kernel refuses the program that adds up cgroup2 CPU time";
	flush->adds_all = all > 0 && flush->link >= 0;
}

int pcf_iterator_run(int link)
{
	int fd = bpf_iter_create(link);
	char nothing[64];
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, nothing, sizeof nothing);
	while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

int pcf_flush_run(const pcf_flush *flush)
{
	return pcf_iterator_run(flush->link);
}

void pcf_flush_close(pcf_flush *flush)
{
	if (flush->link >= 0)
		close(flush->link);
	flush->link = -1;
}
