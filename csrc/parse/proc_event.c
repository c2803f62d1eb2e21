#include "parse/proc_event.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <string.h>

static void take_comm(const struct proc_event *event, pcf_proc_event *out)
{
	out->kind = PCF_PROC_COMM;
	out->pid = (uint32_t)event->event_data.comm.process_pid;
	out->tgid = (uint32_t)event->event_data.comm.process_tgid;
	memcpy(out->comm, event->event_data.comm.comm, sizeof out->comm);
	out->comm[sizeof out->comm - 1] = '\0';
}

static void take_exit(const struct proc_event *event, pcf_proc_event *out)
{
	out->kind = PCF_PROC_EXIT;
	out->pid = (uint32_t)event->event_data.exit.process_pid;
	out->tgid = (uint32_t)event->event_data.exit.process_tgid;
	out->parent = (uint32_t)event->event_data.exit.parent_tgid; /* since 4.18; 0 before */
	out->wait_status = event->event_data.exit.exit_code;
}

static void take(const struct proc_event *event, const struct cn_msg *message, pcf_proc_event *out)
{
	*out = (pcf_proc_event){.kind = PCF_PROC_OTHER, .time_ns = event->timestamp_ns};
	/* Compared as numbers: later kernels have further kinds, and older headers fewer. */
	switch ((uint32_t)event->what) {
	case 0x00000000: /* PROC_EVENT_NONE */
		out->kind = PCF_PROC_ACK;
		out->status = event->event_data.ack.err;
		out->reply = message->ack;
		break;
	case 0x00000001: /* PROC_EVENT_FORK */
		out->kind = PCF_PROC_FORK;
		out->pid = (uint32_t)event->event_data.fork.child_pid;
		out->tgid = (uint32_t)event->event_data.fork.child_tgid;
		out->parent = (uint32_t)event->event_data.fork.parent_tgid;
		break;
	case 0x00000002: /* PROC_EVENT_EXEC */
		out->kind = PCF_PROC_EXEC;
		out->pid = (uint32_t)event->event_data.exec.process_pid;
		out->tgid = (uint32_t)event->event_data.exec.process_tgid;
		break;
	case 0x00000200: /* PROC_EVENT_COMM */
		take_comm(event, out);
		break;
	case 0x80000000: /* PROC_EVENT_EXIT */
		take_exit(event, out);
		break;
	default:
		break;
	}
}

/* A netlink header, a connector header, the event. Copied out: nothing in a datagram need be aligned, and a message of
 * an older kernel may be shorter than this struct, whose tail then stays 0. */
int pcf_proc_event_next(const char *buf, size_t len, size_t *at, pcf_proc_event *out)
{
	struct nlmsghdr head;
	struct cn_msg message;
	struct proc_event event = {0};
	size_t left = len - *at, inner, used;

	if (left < sizeof head) {
		*at = len;
		return left ? -EINVAL : 0;
	}
	memcpy(&head, buf + *at, sizeof head);
	if (head.nlmsg_len < NLMSG_HDRLEN + sizeof message || head.nlmsg_len > left) {
		*at = len;
		return -EINVAL;
	}
	memcpy(&message, buf + *at + NLMSG_HDRLEN, sizeof message);
	inner = head.nlmsg_len - NLMSG_HDRLEN - sizeof message;
	used = message.len < inner ? message.len : inner;
	if (used > sizeof event)
		used = sizeof event;
	memcpy(&event, buf + *at + NLMSG_HDRLEN + sizeof message, used);
	*at += NLMSG_ALIGN(head.nlmsg_len) < left ? NLMSG_ALIGN(head.nlmsg_len) : left;
	*out = (pcf_proc_event){.kind = PCF_PROC_OTHER};
	if (message.id.idx == CN_IDX_PROC && message.id.val == CN_VAL_PROC &&
	    used >= offsetof(struct proc_event, event_data) + sizeof event.event_data.ack)
		take(&event, &message, out);
	return 1;
}
