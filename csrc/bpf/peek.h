/* Plain loads from kernel objects. */
#ifndef PCF_BPF_PEEK_H
#define PCF_BPF_PEEK_H
#include "bpf/kernel.h"

const volatile __u8 has_cast; /* bpf_rdonly_cast is there; set before loading, 0: everything is read by helper */

extern void *bpf_rdonly_cast(const void *obj, u32 btf_id) __weak __ksym;

/* Where the kernel lets a program say what a pointer is (6.2) the verifier sees to it that a bad address gives zero, and a
 * read is one instruction. By helper it costs several times as much: 1.5 us a cgroup and walk. */
#define pcf_peek(ptr, field)                                                                                           \
	(has_cast ? ((typeof(ptr))bpf_rdonly_cast(ptr, bpf_core_type_id_kernel(typeof(*(ptr)))))->field                \
		  : pcf_read(ptr, field))

#endif
