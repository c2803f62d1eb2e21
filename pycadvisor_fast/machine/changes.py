"""Notices that something of the host changes, and which part of the machine that is: descriptors that wake a poll.

- uevents of the kernel: CPUs, memory blocks and nodes, block devices, memory controllers, persistent memory
- rtnetlink: links, of the network namespace of this process
- /proc/swaps and /proc/sys/kernel/hostname, which can be polled
"""

from __future__ import annotations

import os
import select
import socket
import struct
import threading
from collections.abc import Iterator

from .root import Root

_KOBJECT_UEVENT = 15  # NETLINK_KOBJECT_UEVENT, linux/netlink.h
_KERNEL_GROUP = 1  # what the kernel itself sends; udev's own messages are group 2
_LINK_GROUP = 1  # RTMGRP_LINK
_BRIDGE_FAMILY = 7  # AF_BRIDGE: what happens to ports of bridges, not to devices
_HEADER = struct.Struct("=IHHII")  # nlmsghdr
_MOST_BYTES = 65536
_MOST_AT_ONCE = 10_000  # datagrams; the rest wakes the next poll

PARTS_OF_SUBSYSTEM = {
    "cpu": {"processors"},
    "node": {"processors", "memory"},
    "memory": {"processors", "memory"},
    "block": {"disks"},
    "edac": {"memory"},
    "nd": {"memory"},
}


class Changes:
    """Closed by the thread that waits, which alone knows when it does not any more. What cannot be had is in
    ``missing``, and the interval has to do for it."""

    def __init__(self, root: Root) -> None:
        self.missing: list[str] = []
        self.is_ended = False
        self._lock = threading.Lock()  # between end() and close()
        self._poll = select.poll()
        self._sockets: dict[int, tuple[socket.socket, bool]] = {}
        self._files: dict[int, str] = {}
        self._waker = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll.register(self._waker, select.POLLIN)
        self._listen(_KOBJECT_UEVENT, _KERNEL_GROUP, "uevents", is_uevent=True)
        self._listen(socket.NETLINK_ROUTE, _LINK_GROUP, "link changes", is_uevent=False)
        for name, part in (("swaps", "memory"), ("sys/kernel/hostname", "identity")):
            self._watch(str(root.proc / name), part)

    def wait(self, seconds: float | None) -> set[str]:
        """Parts of the machine that have changed; empty when the time is over or ``end`` was called."""
        changed: set[str] = set()
        for descriptor, _ in self._poll.poll(None if seconds is None else max(0.0, seconds) * 1000):
            if descriptor in self._files:
                changed.add(self._files[descriptor])
            elif descriptor in self._sockets:
                sock, is_uevent = self._sockets[descriptor]
                changed |= _uevents(sock) if is_uevent else _links(sock)
        return changed

    def end(self) -> None:
        """Ends this wait and all later ones, from any thread."""
        with self._lock:
            self.is_ended = True
            if self._waker >= 0:
                os.eventfd_write(self._waker, 1)

    def close(self) -> None:
        """Closes all descriptors. The second time it does nothing."""
        with self._lock:
            for sock, _ in self._sockets.values():
                sock.close()
            for descriptor in (*self._files, self._waker):
                if descriptor >= 0:
                    os.close(descriptor)
            self._sockets, self._files, self._waker = {}, {}, -1

    def _listen(self, protocol: int, group: int, what: str, *, is_uevent: bool) -> None:
        try:
            kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
            sock = socket.socket(socket.AF_NETLINK, kind, protocol)
        except OSError as error:
            self.missing.append(f"{what}: {error.strerror}")
            return
        try:
            sock.bind((0, group))
        except OSError as error:
            sock.close()
            self.missing.append(f"{what}: {error.strerror}")
            return
        self._sockets[sock.fileno()] = (sock, is_uevent)
        self._poll.register(sock, select.POLLIN)

    def _watch(self, path: str, part: str) -> None:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self.missing.append(f"{path}: {error.strerror}")
            return
        self._files[descriptor] = part
        self._poll.register(descriptor, select.POLLPRI)


def _datagrams(sock: socket.socket) -> Iterator[bytes | None]:
    """What the kernel has sent; None = some of it was lost."""
    for _ in range(_MOST_AT_ONCE):
        try:
            data, sender = sock.recvfrom(_MOST_BYTES)
        except BlockingIOError:
            return
        except OSError:  # ENOBUFS
            yield None
            continue
        if sender[0] == 0:  # port 0 is the kernel; anybody may send to a netlink socket
            yield data


def _uevents(sock: socket.socket) -> set[str]:
    changed: set[str] = set()
    for data in _datagrams(sock):
        if data is None:
            changed |= {part for parts in PARTS_OF_SUBSYSTEM.values() for part in parts}
        else:
            changed |= parts_of_uevent(data)
    return changed


def parts_of_uevent(data: bytes) -> set[str]:
    """Parts that a uevent (lines of KEY=value, each ended by NUL) concerns."""
    for line in data.split(b"\0"):
        if line.startswith(b"SUBSYSTEM="):
            return PARTS_OF_SUBSYSTEM.get(line.removeprefix(b"SUBSYSTEM=").decode("ascii", "replace"), set())
    return set()


def _links(sock: socket.socket) -> set[str]:
    is_changed = False
    for data in _datagrams(sock):  # all of it: what is not taken out would wake the next poll
        is_changed = is_changed or data is None or is_link_change(data)
    return {"network"} if is_changed else set()


def is_link_change(data: bytes) -> bool:
    """Whether a datagram of rtnetlink is about anything else than ends of veth pairs and ports of bridges."""
    offset = 0
    while offset + _HEADER.size < len(data):
        length = _HEADER.unpack_from(data, offset)[0]
        if length <= _HEADER.size:
            return True  # not what netlink writes: look for oneself
        message = data[offset : offset + length]
        # IFLA_INFO_KIND is a text with a NUL behind it
        if message[_HEADER.size] != _BRIDGE_FAMILY and b"\0veth\0" not in message:
            return True
        offset += (length + 3) & ~3
    return False
