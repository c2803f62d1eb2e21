/* Subscribers that cost almost nothing: each sends one prepared HTTP/2 request and then throws away what arrives.
 *
 *   sink SOCKET COUNT < REQUEST     connects COUNT times to a unix socket, sends REQUEST on each, reads until killed
 *
 * A subscriber that parsed what it gets would take the processor that the server is measured on.  Flow control is kept
 * open: for every megabyte read, a WINDOW_UPDATE (RFC 9113, 6.9) for the connection and for stream 1.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <signal.h>
#include <unistd.h>

#define CREDIT (1u << 20)

struct subscriber {
	int fd;
	uint32_t unread; /* read and not yet given back as credit */
	int is_acknowledged;
};

static char buffer[1 << 18];

static void put_window_update(uint8_t *out, uint32_t stream, uint32_t credit)
{
	const uint8_t frame[13] = {0,
				   0,
				   4,
				   8,
				   0,
				   0,
				   0,
				   0,
				   (uint8_t)stream,
				   (uint8_t)(credit >> 24),
				   (uint8_t)(credit >> 16),
				   (uint8_t)(credit >> 8),
				   (uint8_t)credit};

	memcpy(out, frame, sizeof frame);
}

static int give_credit(struct subscriber *one)
{
	uint8_t frames[26];

	put_window_update(frames, 0, one->unread);
	put_window_update(frames + 13, 1, one->unread);
	one->unread = 0;
	return write(one->fd, frames, sizeof frames) == (ssize_t)sizeof frames ? 0 : -1;
}

static int acknowledge(struct subscriber *one)
{
	const uint8_t settings_ack[9] = {0, 0, 0, 4, 1, 0, 0, 0, 0};

	one->is_acknowledged = 1;
	return write(one->fd, settings_ack, sizeof settings_ack) == (ssize_t)sizeof settings_ack ? 0 : -1;
}

static int on_readable(struct subscriber *one)
{
	ssize_t got = read(one->fd, buffer, sizeof buffer);

	if (got <= 0)
		return -1;
	one->unread += (uint32_t)got;
	if (!one->is_acknowledged && acknowledge(one))
		return -1;
	return one->unread >= CREDIT ? give_credit(one) : 0;
}

static int subscribe(const char *path, const char *request, size_t length)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) ||
	    write(fd, request, length) != (ssize_t)length) {
		fprintf(stderr, "sink: %s: %s\n", path, strerror(errno));
		return -1;
	}
	return fd;
}

int main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[2]) : 0, epoll = epoll_create1(EPOLL_CLOEXEC);
	struct subscriber *all = calloc(count > 0 ? (size_t)count : 1, sizeof *all);
	static char request[1 << 16];
	size_t length = fread(request, 1, sizeof request, stdin);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (count <= 0 || !all || !length) {
		fprintf(stderr, "usage: sink SOCKET COUNT < REQUEST\n");
		return 2;
	}
	for (int i = 0; i < count; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};

		all[i].fd = subscribe(argv[1], request, length);
		if (all[i].fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event))
			return 1;
	}
	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		return 1;
	for (;;) {
		struct epoll_event events[64];
		int found = epoll_wait(epoll, events, 64, -1);

		for (int i = 0; i < found; i++)
			if (on_readable(events[i].data.ptr)) {
				fprintf(stderr, "sink: the server closed a stream\n");
				return 1;
			}
	}
}
