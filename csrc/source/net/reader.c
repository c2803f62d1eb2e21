#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "source/net/net.h"

struct pcf_net_reader *pcf_net_reader_new(uint32_t slot, uint32_t generation, uint32_t count)
{
	struct pcf_net_reader *reader = calloc(1, sizeof *reader + count * sizeof reader->rows[0]);

	if (!reader)
		return NULL;
	reader->slot = slot;
	reader->generation = generation;
	reader->fd = -1;
	reader->count = count;
	atomic_init(&reader->door, PCF_DOOR_CLOSED);
	for (uint32_t i = 0; i < count; i++)
		for (int group = 0; group < PCF_NET_GROUPS; group++)
			reader->rows[i].rows[group] = PCF_NET_NO_ROW;
	return reader;
}

void pcf_net_reader_free(struct pcf_net_reader *reader)
{
	if (!reader)
		return;
	pcf_net_reader_shut(reader);
	free(reader);
}

bool pcf_net_reader_enter(struct pcf_net_reader *reader)
{
	int open = PCF_DOOR_OPEN;

	return atomic_compare_exchange_strong(&reader->door, &open, PCF_DOOR_BUSY);
}

void pcf_net_reader_leave(struct pcf_net_reader *reader)
{
	int busy = PCF_DOOR_BUSY;

	if (atomic_compare_exchange_strong(&reader->door, &busy, PCF_DOOR_OPEN))
		return;
	close(reader->fd); /* it is CLOSING: left to us */
	atomic_store(&reader->door, PCF_DOOR_CLOSED);
}

void pcf_net_reader_shut(struct pcf_net_reader *reader)
{
	for (;;) {
		int open = PCF_DOOR_OPEN, busy = PCF_DOOR_BUSY;
		if (atomic_compare_exchange_strong(&reader->door, &open, PCF_DOOR_CLOSED)) {
			close(reader->fd);
			return;
		}
		if (open == PCF_DOOR_CLOSING || open == PCF_DOOR_CLOSED)
			return;
		if (atomic_compare_exchange_strong(&reader->door, &busy, PCF_DOOR_CLOSING))
			return;
	}
}

int pcf_net_box_open(struct pcf_net_box *box)
{
	*box = (struct pcf_net_box){.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
				    .event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	box->added_end = &box->added;
	box->published_end = &box->published;
	pthread_mutex_init(&box->lock, NULL);
	return box->wake < 0 || box->event < 0 ? -errno : 0;
}

static void free_readers(struct pcf_net_reader *reader)
{
	while (reader) {
		struct pcf_net_reader *next = reader->next;
		pcf_net_reader_free(reader);
		reader = next;
	}
}

void pcf_net_box_close(struct pcf_net_box *box)
{
	free_readers(box->published);
	free_readers(box->retired);
	if (box->wake >= 0)
		close(box->wake);
	if (box->event >= 0)
		close(box->event);
	pthread_mutex_destroy(&box->lock);
}

void pcf_net_box_signal(int fd)
{
	uint64_t one = 1;
	ssize_t done = write(fd, &one, sizeof one); /* full: it is readable anyway */

	(void)done;
}

void pcf_net_box_clear(int fd)
{
	uint64_t count;
	ssize_t done = read(fd, &count, sizeof count);

	(void)done;
}
