/* From the threads that add and remove to the tick thread: a list, taken whole before each pass and at once when
 * the thread sleeps. Nobody waits for anybody longer than it takes to hang up or take a list. */
#include <stdlib.h>
#include <unistd.h>

#include "tick/collector.h"

pcf_command *pcf_command_new(uint32_t slot, uint32_t generation, int what)
{
	pcf_command *command = calloc(1, sizeof *command);

	if (command) {
		command->slot = slot;
		command->generation = generation;
		command->what = what;
	}
	return command;
}

void pcf_collector_wake(pcf_collector *collector)
{
	uint64_t one = 1;
	ssize_t n = write(collector->wake_fd, &one, sizeof one);

	(void)n; /* full means that it is awake */
}

void pcf_command_send(pcf_collector *collector, pcf_command *command)
{
	pthread_mutex_lock(&collector->lock);
	*collector->commands_end = command;
	collector->commands_end = &command->next;
	pthread_mutex_unlock(&collector->lock);
	if (atomic_load(&collector->running))
		pcf_collector_wake(collector);
	else
		pcf_commands_do(collector);
}

static pcf_command *take_all(pcf_collector *collector)
{
	pcf_command *first;

	pthread_mutex_lock(&collector->lock);
	first = collector->commands;
	collector->commands = NULL;
	collector->commands_end = &collector->commands;
	pthread_mutex_unlock(&collector->lock);
	return first;
}

static void drop(pcf_collector *collector, const pcf_command *command)
{
	uint64_t tick = atomic_load(&collector->latest_tick);

	for (int i = 0; i < collector->source_count; i++)
		collector->sources[i]->ops->drop(collector->sources[i], command->slot, command->generation);
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		if (collector->regions[g])
			pcf_region_slot_release(collector->regions[g], command->slot, command->generation, tick);
}

static void adopt(pcf_collector *collector, const pcf_command *command)
{
	for (int i = 0; i < collector->source_count; i++) {
		pcf_source *source = collector->sources[i];

		if (command->prepared[i])
			source->ops->adopt(source, command->slot, command->generation, command->prepared[i]);
		else if (command->what == PCF_DO_REFRESH && source->ops->refresh)
			source->ops->refresh(source, command->slot, command->generation);
	}
}

void pcf_commands_do(pcf_collector *collector)
{
	pcf_command *command = take_all(collector);

	while (command) {
		pcf_command *next = command->next;

		if (command->what == PCF_DO_DROP)
			drop(collector, command);
		else
			adopt(collector, command);
		free(command);
		command = next;
	}
}

void pcf_commands_discard(pcf_collector *collector, pcf_command *command)
{
	for (int i = 0; i < collector->source_count; i++)
		if (command->prepared[i])
			collector->sources[i]->ops->discard(collector->sources[i], command->prepared[i]);
	free(command);
}
