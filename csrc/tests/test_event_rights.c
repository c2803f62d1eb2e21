/* What each source says when a right is missing: in a child that has dropped it for good. */
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "event/fallback.h"
#include "event_rig.h"

static void drop(int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	CHECK_OR_DIE(syscall(SYS_capget, &header, data) == 0);
	data[capability / 32].effective &= ~(1u << capability % 32);
	data[capability / 32].permitted &= ~(1u << capability % 32);
	CHECK_OR_DIE(syscall(SYS_capset, &header, data) == 0);
}

static int open_without(const pcf_event_source_ops *ops, const int *capabilities, int count, pcf_error *err)
{
	static pcf_events_options options;
	void *fallback = NULL;
	pcf_event_env env = {.host = &rig_host, .options = &options, .fallback = &fallback};
	pcf_event_source *source;

	for (int i = 0; i < count; i++)
		drop(capabilities[i]);
	int rc = ops->open(&source, &env, ops->kinds, err);
	fprintf(stderr, "%d %s\n", rc, rc ? err->text : "");
	CHECK((source == NULL) == (rc != 0));
	CHECK((fallback == NULL) == (rc != 0)); /* nothing is left of one that did not open */
	if (rc == 0)
		ops->close(source);
	CHECK(fallback == NULL);
	return rc;
}

/* Since 6.6 the kernel lets anybody listen (drivers/connector: NL_CFG_F_NONROOT_RECV): refused with its reason, or served. */
static void no_net_admin(void)
{
	pcf_error err = {0};
	int rc = open_without(&pcf_event_connector, (const int[]){CAP_NET_ADMIN}, 1, &err);

	CHECK(rc == 0 || (rc == -EPERM && strstr(err.text, "CAP_NET_ADMIN")));
}

static void no_syslog(void)
{
	pcf_error err = {0};
	char restrict_text[8] = "";
	FILE *file = fopen("/proc/sys/kernel/dmesg_restrict", "r");

	CHECK_OR_DIE(file && fgets(restrict_text, sizeof restrict_text, file));
	fclose(file);
	int rc = open_without(&pcf_event_kmsg, (const int[]){CAP_SYSLOG, CAP_SYS_ADMIN}, 2, &err);
	if (restrict_text[0] == '1')
		CHECK(rc == -EPERM && strstr(err.text, "CAP_SYSLOG"));
	else
		CHECK_EQ(rc, 0);
}

/* Another pid namespace hears nothing: the kernel does not even answer. */
static void no_first_namespace(void)
{
	pcf_error err = {0};

	CHECK_OR_DIE(unshare(CLONE_NEWPID) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		int rc = open_without(&pcf_event_connector, NULL, 0, &err);
		CHECK(rc == 0 || strstr(err.text, "namespace"));
		_exit(check_result());
	}
	int status;
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void nothing_mounted(void)
{
	pcf_error err = {0};

	memset(rig_host.controllers, 0, sizeof rig_host.controllers);
	CHECK(open_without(&pcf_event_watch, NULL, 0, &err) == -ENODEV && strstr(err.text, "cgroup"));
	CHECK(open_without(&pcf_event_memory_events, NULL, 0, &err) == -ENODEV);
	CHECK_EQ(open_without(&pcf_event_kmsg, NULL, 0, &err), 0); /* kmsg alone is worth having */
}

static void in_child(void (*run)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		run();
		fflush(NULL);
		_exit(check_result());
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

int main(void)
{
	rig_begin();
	in_child(no_net_admin);
	in_child(no_syslog);
	in_child(no_first_namespace);
	in_child(nothing_mounted);
	return check_result();
}
