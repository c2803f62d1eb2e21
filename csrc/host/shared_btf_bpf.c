#include <pthread.h>
#include <string.h>

#include "host/shared_btf.h"

static struct {
	pthread_mutex_t lock;
	unsigned users;
	int is_tried, code;
	pcf_error error;
	pcf_btf *btf;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

void pcf_shared_btf_begin(void)
{
	pthread_mutex_lock(&shared.lock);
	shared.users++;
	pthread_mutex_unlock(&shared.lock);
}

void pcf_shared_btf_end(void)
{
	pthread_mutex_lock(&shared.lock);
	if (--shared.users == 0) {
		pcf_btf_close(shared.btf);
		shared.btf = NULL;
		shared.is_tried = 0;
	}
	pthread_mutex_unlock(&shared.lock);
}

int pcf_shared_btf(const pcf_btf **out, pcf_error *err)
{
	int code;

	pthread_mutex_lock(&shared.lock);
	if (!shared.is_tried) {
		shared.code = pcf_btf_open(&shared.btf, &shared.error);
		shared.is_tried = 1;
	}
	*out = shared.btf;
	code = shared.code;
	if (code < 0 && err)
		*err = shared.error;
	pthread_mutex_unlock(&shared.lock);
	return code;
}
