#include "source/bpf/cputime.h"

static uint64_t share(uint64_t part, uint64_t other, uint64_t whole)
{
	unsigned __int128 product = (unsigned __int128)part * whole;
	uint64_t result = (uint64_t)(product / (part + other));

	return result > whole ? whole : result;
}

void pcf_cputime_split(uint64_t run_ns, uint64_t *user_ns, uint64_t *system_ns, uint64_t *shown_user_ns,
		       uint64_t *shown_system_ns)
{
	uint64_t user, system;

	if (*shown_user_ns + *shown_system_ns < run_ns) {
		if (*system_ns == 0)
			system = 0;
		else if (*user_ns == 0)
			system = run_ns;
		else
			system = share(*system_ns, *user_ns, run_ns);
		if (system < *shown_system_ns)
			system = *shown_system_ns;
		user = run_ns - system;
		if (user < *shown_user_ns) {
			user = *shown_user_ns;
			system = run_ns - user;
		}
		*shown_user_ns = user;
		*shown_system_ns = system;
	}
	*user_ns = *shown_user_ns;
	*system_ns = *shown_system_ns;
}
