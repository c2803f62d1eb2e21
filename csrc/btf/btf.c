#include "btf/btf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "schema/error.h"

struct pcf_btf {
	struct btf *btf;
};

int pcf_btf_open(pcf_btf **out, pcf_error *err)
{
	pcf_btf *btf = calloc(1, sizeof *btf);

	*out = NULL;
	if (!btf)
		return pcf_error_say(err, -ENOMEM, "no memory for the kernel's BTF");
	pcf_bpf_log_begin();
	btf->btf = btf__load_vmlinux_btf();
	if (!btf->btf) {
		int code = -errno;

		free(btf);
		return pcf_error_say(err, code ? code : -ENOENT,
				     "no kernel BTF at /sys/kernel/btf/vmlinux: %s; the kernel needs "
				     "CONFIG_DEBUG_INFO_BTF, and /sys must show it",
				     strerror(code ? -code : ENOENT));
	}
	*out = btf;
	return 0;
}

void pcf_btf_close(pcf_btf *btf)
{
	if (!btf)
		return;
	btf__free(btf->btf);
	free(btf);
}

const struct btf *pcf_btf_raw(const pcf_btf *btf)
{
	return btf->btf;
}

static int64_t value_of(const struct btf *btf, const struct btf_type *t, const char *name)
{
	const struct btf_enum *value = btf_enum(t);

	for (int i = 0; i < btf_vlen(t); i++)
		if (strcmp(btf__name_by_offset(btf, value[i].name_off), name) == 0)
			return (uint32_t)value[i].val;
	return -1;
}

/* Of an enum without a name, such as the one with the flags of a css. */
static int64_t nameless_value(const struct btf *btf, const char *name)
{
	int64_t found = -1;

	for (unsigned id = 1; id < btf__type_cnt(btf) && found < 0; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (btf_is_enum(t) && !t->name_off)
			found = value_of(btf, t, name);
	}
	return found;
}

int64_t pcf_btf_enum(const pcf_btf *btf, const char *type, const char *name)
{
	int id;

	if (!type)
		return nameless_value(btf->btf, name);
	id = btf__find_by_name_kind(btf->btf, type, BTF_KIND_ENUM);
	return id < 0 ? -1 : value_of(btf->btf, btf__type_by_id(btf->btf, (unsigned)id), name);
}

/* Through typedefs, const and volatile. */
static const struct btf_type *plain(const struct btf *btf, unsigned id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t)))
		t = btf__type_by_id(btf, t->type);
	return t;
}

/* The member's type; looks into unnamed structs and unions too. */
static const struct btf_type *member_type(const struct btf *btf, const struct btf_type *t, const char *member)
{
	const struct btf_member *members = t ? btf_members(t) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(btf, members[i].name_off);
		const struct btf_type *of = plain(btf, members[i].type);

		if (name && strcmp(name, member) == 0)
			return of;
		if (name && !*name && of && btf_is_composite(of)) {
			const struct btf_type *found = member_type(btf, of, member);

			if (found)
				return found;
		}
	}
	return NULL;
}

static const struct btf_type *struct_of(const pcf_btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf->btf, name, BTF_KIND_STRUCT);

	return id < 0 ? NULL : btf__type_by_id(btf->btf, (unsigned)id);
}

int pcf_btf_has_type(const pcf_btf *btf, const char *name)
{
	return struct_of(btf, name) != NULL;
}

int pcf_btf_has_member(const pcf_btf *btf, const char *type, const char *member)
{
	return member_type(btf->btf, struct_of(btf, type), member) != NULL;
}

unsigned pcf_btf_array_length(const pcf_btf *btf, const char *type, const char *member)
{
	const struct btf_type *t = member_type(btf->btf, struct_of(btf, type), member);
	unsigned length = t && btf_is_array(t) ? 1 : 0;

	while (t && btf_is_array(t)) {
		length *= btf_array(t)->nelems;
		t = plain(btf->btf, btf_array(t)->type);
	}
	return length;
}

int pcf_btf_has_function(const pcf_btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf->btf, name, BTF_KIND_FUNC) >= 0;
}

int pcf_btf_parameters(const pcf_btf *btf, const char *function)
{
	int id = btf__find_by_name_kind(btf->btf, function, BTF_KIND_TYPEDEF);
	const struct btf_type *t;

	if (id < 0)
		id = btf__find_by_name_kind(btf->btf, function, BTF_KIND_FUNC);
	t = id < 0 ? NULL : btf__type_by_id(btf->btf, (unsigned)id);
	while (t && !btf_is_func_proto(t))
		t = btf_is_func(t) || btf_is_ptr(t) || btf_is_typedef(t) || btf_is_mod(t)
			    ? btf__type_by_id(btf->btf, t->type)
			    : NULL;
	return t ? btf_vlen(t) : -1;
}
