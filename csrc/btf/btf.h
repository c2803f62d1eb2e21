/* What the running kernel's BTF says, and loading of programs with the reason when one is refused. Kernels are asked,
 * never known by version: enum values, members and functions differ between configurations and backports. */
#ifndef PCF_BTF_BTF_H
#define PCF_BTF_BTF_H
#include "pcf.h"

struct btf;
struct bpf_object_open_opts;
typedef struct pcf_btf pcf_btf;

/* The kernel's own types, /sys/kernel/btf/vmlinux (below sysroot when that has it).  -ENOENT: the kernel has none
 * (CONFIG_DEBUG_INFO_BTF), or /sys hides it.  Costs some 20 ms and 6 MiB until it is closed. */
int pcf_btf_open(pcf_btf **out, pcf_error *err);
void pcf_btf_close(pcf_btf *btf);
const struct btf *pcf_btf_raw(const pcf_btf *btf);

/* Its value, or -1; type NULL: of an enum without a name. */
int64_t pcf_btf_enum(const pcf_btf *btf, const char *type, const char *name);
int pcf_btf_has_type(const pcf_btf *btf, const char *name); /* a struct of that name */
int pcf_btf_has_member(const pcf_btf *btf, const char *type, const char *member);
/* Elements of an array member, all dimensions together; 0: no such member, or no array. */
unsigned pcf_btf_array_length(const pcf_btf *btf, const char *type, const char *member);
int pcf_btf_has_function(const pcf_btf *btf, const char *name); /* a kernel function with BTF, so also each kfunc */
/* Parameters of a BTF-typed function or tracepoint ("btf_trace_" + name), -1: there is none. */
int pcf_btf_parameters(const pcf_btf *btf, const char *function);

/* For pcf_NAME__open_opts: also without CAP_SYS_ADMIN the types of the kernel are found. */
const struct bpf_object_open_opts *pcf_bpf_open_options(void);
int pcf_bpf_may_list_modules(void); /* CAP_SYS_ADMIN, asked */

/* libbpf writes about each object it loads. What it says is kept, a thread for itself, from pcf_bpf_log_begin on;
 * pcf_bpf_log_reason gives the line that says why a load failed, "" when none does. With pcf_bpf_log_verbose(1)
 * everything, the verifier's log included, goes to stderr as well. */
void pcf_bpf_log_begin(void);
const char *pcf_bpf_log_reason(void);
void pcf_bpf_log_verbose(int on);
#endif
