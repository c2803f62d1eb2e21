/* How objects are opened: with what this process may ask. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>

#include "btf/btf.h"

int pcf_bpf_may_list_modules(void)
{
	unsigned id = 0;

	return bpf_btf_get_next_id(0, &id) == 0 || errno != EPERM;
}

/* What vmlinux lacks libbpf seeks in the types of modules. Those only CAP_SYS_ADMIN may list, and libbpf 1.1 gives up when
 * it may not. Told where the types are, it looks nowhere else; that costs parsing them once more. */
const struct bpf_object_open_opts *pcf_bpf_open_options(void)
{
	static const struct bpf_object_open_opts vmlinux_only = {
		.sz = sizeof(struct bpf_object_open_opts),
		.btf_custom_path = "/sys/kernel/btf/vmlinux",
	};

	return pcf_bpf_may_list_modules() ? NULL : &vmlinux_only;
}
