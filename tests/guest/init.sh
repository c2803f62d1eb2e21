#!/bin/busybox sh
# First program of a guest, in its initramfs: loads the modules the image lacks, lays a tmpfs over the host's
# read-only root, mounts what the session asks for (words pcf.* of the kernel command line), and goes there.
/bin/busybox --install -s /bin
export PATH=/bin

die() {
	echo "guest: $*" >/dev/kmsg
	poweroff -f
	sleep 60
}

value() { # the value of pcf.NAME on the kernel command line
	tr ' ' '\n' </proc/cmdline | sed -n "s/^pcf\.$1=//p"
}

share() { # TAG WHERE OPTIONS: a folder of the host
	mount -t 9p -o "trans=virtio,version=9p2000.L,msize=1048576,access=any,$3" "$1" "$2" || die "cannot mount the share $1"
}

unified() { # WHERE: cgroup2 with every controller handed down
	mount -t cgroup2 cgroup2 "$1" || die "no cgroup2 in this kernel"
	for controller in $(cat "$1/cgroup.controllers"); do
		echo "+$controller" >"$1/cgroup.subtree_control" 2>/dev/null
	done
}

controllers() { # BASE: each v1 controller this kernel has at its own mount, those that belong together at one
	mount -t tmpfs -o mode=755 tmpfs "$1"
	for together in cpu,cpuacct memory blkio pids cpuset hugetlb freezer devices; do
		mkdir "$1/$together"
		mount -t cgroup -o "$together" cgroup "$1/$together" 2>/dev/null || rmdir "$1/$together"
	done
	ln -s cpu,cpuacct "$1/cpu"
	ln -s cpu,cpuacct "$1/cpuacct"
	mkdir "$1/systemd"
	mount -t cgroup -o none,name=systemd systemd "$1/systemd"
}

units() { # a systemd that starts our session and nothing else: a whole boot takes minutes when emulated
	mkdir -p /new/run/systemd/system
	printf '%s\n' '[Unit]' 'DefaultDependencies=no' 'Requires=pcf-session.service' >/new/run/systemd/system/pcf-session.target
	printf '%s\n' '[Unit]' 'DefaultDependencies=no' '[Service]' 'Type=oneshot' 'TimeoutStartSec=infinity' \
		'ExecStart=/bin/sh /guest/session.sh' >/new/run/systemd/system/pcf-session.service
	mount -t tmpfs tmpfs /new/usr/lib/systemd/system-generators # they look for disks and consoles that are not there
	tr -d - </proc/sys/kernel/random/uuid >/new/etc/machine-id
}

mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
for module in $(cat /modules/order); do
	insmod "/modules/$module" || echo "guest: module $module does not load" >/dev/kmsg
done

share host /host ro,cache=loose
mount -t tmpfs -o size=70% tmpfs /over
mkdir /over/upper /over/work
mount -t overlay -o lowerdir=/host,upperdir=/over/upper,workdir=/over/work,xino=off overlay /new || die "cannot lay the overlay"
for where in proc sys dev run tmp guest; do
	mkdir -p "/new/$where"
done
mount -t proc proc /new/proc
mount -t sysfs sysfs /new/sys
mount -t devtmpfs devtmpfs /new/dev
mount -t tmpfs -o mode=755 tmpfs /new/run
mkdir -p /new/dev/shm /new/dev/pts
mount -t tmpfs -o mode=1777 tmpfs /new/dev/shm
mount -t devpts devpts /new/dev/pts
ln -s /proc/self/fd /new/dev/fd
share session /new/guest rw,cache=none
# What eBPF programs, tracing and lockdown are looked at through; a kernel may lack one.
mount -t bpf bpf /new/sys/fs/bpf 2>/dev/null
mount -t tracefs tracefs /new/sys/kernel/tracing 2>/dev/null
mount -t securityfs securityfs /new/sys/kernel/security 2>/dev/null
mount -t debugfs debugfs /new/sys/kernel/debug 2>/dev/null

case $(value layout) in
v2) unified /new/sys/fs/cgroup ;;
v1) controllers /new/sys/fs/cgroup ;;
hybrid)
	controllers /new/sys/fs/cgroup
	mkdir /new/sys/fs/cgroup/unified
	unified /new/sys/fs/cgroup/unified
	;;
*) die "unknown layout $(value layout)" ;;
esac
mkdir -p /new/lib/modules # a machine that never had a kernel of its own has no such folder
mount --bind "/new$(value modules)" /new/lib/modules # for modprobe: veth and friends
ip link set lo up
ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0
hostname guest
case $(value first) in
systemd)
	units
	exec switch_root /new /lib/systemd/systemd --unit=pcf-session.target --log-target=kmsg --show-status=no
	;;
*) exec switch_root /new /bin/sh /guest/session.sh ;;
esac
