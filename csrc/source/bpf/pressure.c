#include "source/bpf/pressure.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "schema/clock.h"
#include "schema/error.h"
#include "source/bpf/psi_probe.h"

#define AGAIN_SECONDS 60 /* CLOCK_MONOTONIC_RAW keeps psi's rate; this is for suspends */
#define RETRY_SECONDS 5

struct pcf_pressure {
	pcf_psi_facts facts;
	char mount[256];
	pthread_t thread;
	int has_thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	_Atomic int is_stopping;
	int is_ending; /* under lock, as the next */
	pcf_psi_clock clock;
};

static int is_known(const pcf_psi_clock *clock)
{
	return clock->has_cpu && clock->has_sched;
}

/* Opens the probe only for as long as it is needed: it is a program of its own. */
static void learn(pcf_pressure *pressure, pcf_psi_clock *clock)
{
	pcf_psi_probe *probe;
	pcf_error err;

	if (pcf_psi_clock_read(clock, &err) < 0 || clock->has_sched)
		return;
	if (pcf_psi_probe_open(&probe, &pressure->facts, pressure->mount, &err) < 0)
		return;
	(void)pcf_psi_probe_learn(probe, clock, &pressure->is_stopping, &err);
	pcf_psi_probe_close(probe);
}

/* Returns whether to end. */
static int sleep_until_asked(pcf_pressure *pressure, const pcf_psi_clock *clock)
{
	uint64_t at = pcf_now_ns(CLOCK_MONOTONIC) / 1000000000 + (is_known(clock) ? AGAIN_SECONDS : RETRY_SECONDS);
	struct timespec until = {.tv_sec = (time_t)at};
	int is_ending;

	pthread_mutex_lock(&pressure->lock);
	pressure->clock = *clock;
	while (!pressure->is_ending && pthread_cond_timedwait(&pressure->wake, &pressure->lock, &until) != ETIMEDOUT)
		;
	is_ending = pressure->is_ending;
	pthread_mutex_unlock(&pressure->lock);
	return is_ending;
}

static void *run(void *arg)
{
	pcf_pressure *pressure = arg;
	pcf_psi_clock clock = {0};

	(void)prctl(PR_SET_NAME, "pcf-psi");
	do
		learn(pressure, &clock);
	while (!sleep_until_asked(pressure, &clock));
	return NULL;
}

/* Signals are the program's. */
static int start(pcf_pressure *pressure)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	code = pthread_create(&pressure->thread, NULL, run, pressure);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pressure->has_thread = code == 0;
	return -code;
}

int pcf_pressure_open(pcf_pressure **out, const pcf_btf *btf, unsigned cpus, const char *mount, pcf_error *err)
{
	pcf_pressure *pressure = calloc(1, sizeof *pressure);
	pthread_condattr_t attributes;
	int code;

	*out = NULL;
	if (!pressure)
		return pcf_error_say(err, -ENOMEM, "no memory for pressure");
	pthread_mutex_init(&pressure->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&pressure->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	memcpy(pressure->mount, mount, strnlen(mount, sizeof pressure->mount - 1));
	code = pcf_psi_find(btf, cpus, &pressure->facts, err);
	if (code == 0 && (code = start(pressure)) < 0)
		pcf_error_say(err, code, "cannot start the thread that learns psi's clock: %s", strerror(-code));
	if (code < 0) {
		pcf_pressure_close(pressure);
		return code;
	}
	*out = pressure;
	return 0;
}

void pcf_pressure_close(pcf_pressure *pressure)
{
	if (!pressure)
		return;
	pressure->is_stopping = 1;
	pthread_mutex_lock(&pressure->lock);
	pressure->is_ending = 1;
	pthread_cond_signal(&pressure->wake);
	pthread_mutex_unlock(&pressure->lock);
	if (pressure->has_thread)
		pthread_join(pressure->thread, NULL);
	pthread_cond_destroy(&pressure->wake);
	pthread_mutex_destroy(&pressure->lock);
	free(pressure);
}

const pcf_psi_facts *pcf_pressure_facts(const pcf_pressure *pressure)
{
	return &pressure->facts;
}

int pcf_pressure_clock(pcf_pressure *pressure, pcf_psi_clock *clock)
{
	pthread_mutex_lock(&pressure->lock);
	*clock = pressure->clock;
	pthread_mutex_unlock(&pressure->lock);
	return is_known(clock);
}
