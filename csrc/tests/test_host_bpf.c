/* What eBPF can do, and the reasons when it cannot: each is brought about for real, in a child of its own. */
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "host/bpf_facts.h"
#include "host/shared_btf.h"
#include "pcf.h"

static pcf_host host, *theirs; /* theirs: what a child found */

static uint64_t effective(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	CHECK_OR_DIE(syscall(SYS_capget, &head, data) == 0);
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static void keep_only(uint64_t capabilities)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted = (uint32_t)(capabilities >> 32 * i);
	if (syscall(SYS_capset, &head, data) < 0)
		_exit(2);
}

static void drop_all(void)
{
	keep_only(0);
}

static void keep_bpf(void)
{
	keep_only(1ull << CAP_BPF);
}

static void keep_perfmon(void)
{
	keep_only(1ull << CAP_PERFMON);
}

static void keep_both(void)
{
	keep_only(1ull << CAP_BPF | 1ull << CAP_PERFMON);
}

static void forbid(unsigned error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(2);
}

static void filter_eperm(void)
{
	forbid(1);
}

static void filter_enosys(void)
{
	forbid(38);
}

static void hide_btf(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/sys/kernel/btf", "tmpfs", 0, NULL) < 0)
		_exit(2);
}

/* The facts as a child sees them that did something to itself first. */
static const pcf_host *in_child(void (*first)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		first();
		memset(theirs, 0, sizeof *theirs);
		memcpy(theirs->controllers, host.controllers, sizeof host.controllers);
		pcf_bpf_facts_probe(theirs);
		_exit(0);
	}
	CHECK_OR_DIE(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK_EQ(status, 0);
	return theirs;
}

static void test_reasons(void)
{
	CHECK_STR(in_child(drop_all)->bpf.reason, "CAP_BPF and CAP_PERFMON are missing (CAP_SYS_ADMIN holds both)");
	CHECK_EQ(theirs->bpf.answer, PCF_NO);
	CHECK_EQ(theirs->btf.answer, host.btf.answer);
	CHECK(theirs->bpf_tracing.answer != PCF_YES && theirs->css_iter.answer != PCF_YES);
	CHECK_STR(in_child(keep_bpf)->bpf.reason, "CAP_PERFMON is missing (CAP_SYS_ADMIN holds both)");
	CHECK_STR(in_child(keep_perfmon)->bpf.reason, "CAP_BPF is missing (CAP_SYS_ADMIN holds both)");
	CHECK_STR(in_child(filter_eperm)->bpf.reason, "a seccomp filter forbids bpf()");
	CHECK_STR(in_child(filter_enosys)->bpf.reason, "a seccomp filter forbids bpf()");
}

/* CAP_BPF and CAP_PERFMON do for everything that root can do here. */
static void test_smallest_set(void)
{
	const pcf_host *found = in_child(keep_both);

	CHECK_EQ(found->bpf.answer, PCF_YES);
	CHECK_EQ(found->bpf_tracing.answer, host.bpf_tracing.answer);
	CHECK_EQ(found->css_iter.answer, host.css_iter.answer);
	CHECK_EQ(found->cgroup_iter.answer, host.cgroup_iter.answer);
	CHECK_EQ(found->memcg_kfuncs.answer, host.memcg_kfuncs.answer);
}

static void test_hidden(void)
{
	const pcf_host *found = in_child(hide_btf);

	CHECK_EQ(found->btf.answer, PCF_NO);
	CHECK_STR(found->btf.reason, "hidden: something else is mounted over /sys/kernel/btf");
	CHECK_EQ(found->bpf.answer, PCF_YES);
	CHECK_EQ(found->bpf_tracing.answer, PCF_NO);
	CHECK_STR(found->css_iter.reason, "needs the kernel's BTF");
}

static void test_parsed_once(void)
{
	const pcf_btf *one, *two;
	pcf_error err;

	pcf_shared_btf_begin();
	CHECK_EQ(pcf_shared_btf(&one, &err), 0);
	pcf_shared_btf_begin();
	CHECK_EQ(pcf_shared_btf(&two, &err), 0);
	CHECK(one && one == two);
	pcf_shared_btf_end();
	CHECK_EQ(pcf_shared_btf(&two, NULL), 0);
	CHECK(one == two);
	pcf_shared_btf_end();
}

/* Every kernel that the tests meet has BTF; what else is there differs, and has a reason where it is not. */
static void test_facts(void)
{
	const pcf_fact *facts[] = {&host.bpf, &host.bpf_tracing, &host.css_iter, &host.memcg_kfuncs, &host.cgroup_iter};

	CHECK_EQ(host.btf.answer, PCF_YES);
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
		CHECK((facts[i]->answer == PCF_YES) == !facts[i]->reason[0]);
	if (PCF_HAVE_BPF) {
		CHECK_EQ(host.bpf.answer, PCF_YES);
		CHECK_EQ(host.bpf_tracing.answer, PCF_YES);
		CHECK(host.css_iter.answer == PCF_YES || host.cgroup_iter.answer == PCF_YES);
		return;
	}
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
		CHECK(strstr(facts[i]->reason, "built without eBPF"));
}

/* Nothing takes a lockdown back: only in a machine that is thrown away (tests/guest). */
static int lock_down(void)
{
	FILE *file = fopen("/sys/kernel/security/lockdown", "w");
	pcf_error err = {0};

	CHECK_OR_DIE(file && fputs("confidentiality", file) >= 0 && fclose(file) == 0);
	CHECK_EQ(pcf_host_probe(&host, "", &err), 0);
	CHECK_EQ(host.bpf.answer, PCF_NO);
	CHECK_STR(host.bpf.reason, "kernel lockdown (confidentiality) forbids reading kernel memory");
	CHECK_EQ(host.btf.answer, PCF_YES);
	CHECK(host.bpf_tracing.answer != PCF_YES);
	return check_result();
}

int main(int argc, char **argv)
{
	pcf_error err = {0};

	if (argc > 1 && strcmp(argv[1], "lockdown") == 0)
		return lock_down();

	theirs = mmap(NULL, sizeof *theirs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK_OR_DIE(theirs != MAP_FAILED);
	CHECK_OR_DIE(pcf_host_probe(&host, "", &err) == 0);
	if (!(effective() >> CAP_SYS_ADMIN & 1)) {
		fprintf(stderr, "not root: only what needs no right is looked at; CI runs this as root\n");
		CHECK_EQ(host.bpf.answer == PCF_YES, PCF_NO);
		return check_result();
	}
	test_facts();
	if (PCF_HAVE_BPF) {
		test_reasons();
		test_smallest_set();
		test_hidden();
		test_parsed_once();
	}
	return check_result();
}
