"""The thread that follows mounts and asks filesystems, and what it knows, for anybody at any time."""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..filesystem import Filesystem, Storage
from .asking import Ask, Asker, ask
from .devices import BlockDevices
from .mounts import MOUNTINFO, PLACES, Mounted, MountTable

log = logging.getLogger(__name__)

_FIRST_S = 2.5
_SETTLE_S = 0.2  # mounts come in bursts
_SHARE = 50  # after a pass over the mount table that many times its duration passes: at most 2 % of a core


class StorageWatch:
    """Knows the host's filesystems. ``start`` and ``stop`` for one thread, ``current`` for any.

    ``sysroot``: where the host's root is, "" or such as "/rootfs". ``interval_s``: how often filesystems are asked,
    besides at each change of the mount table; 0 = filesystems are not
    followed, and there are none.
    """

    def __init__(
        self,
        sysroot: str = "",
        interval_s: float = 15.0,
        *,
        places: Mapping[str, Sequence[str]] = PLACES,
        ask: Ask = ask,
        table: str = MOUNTINFO,
    ) -> None:
        self._sysroot = sysroot
        self._interval_s = interval_s
        self._table = table
        self._asker = Asker(ask)
        self._mounted = Mounted(self._asker, sysroot, places)
        self._devices = BlockDevices(sysroot)
        self._filesystems: tuple[Filesystem, ...] = ()
        self._asked_ns = 0
        self._passed = threading.Condition()
        self._passes = 0
        self._wanted = 0  # number of the newest call of ``fresh``
        self._served = 0  # that of the newest one that a pass began after
        self._error = ""
        self._wake_fd = -1
        self._thread: threading.Thread | None = None
        self._is_ending = False

    def start(self) -> None:
        """Begins; returns at once. Filesystems appear when they have answered."""
        if self._thread is None and self._interval_s:
            self._is_ending = False
            self._asker.begin()
            self._wake_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            self._thread = threading.Thread(target=self._run, name="pcf-storage", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends it; what is known stays. Does not wait for a filesystem that hangs."""
        if self._thread is None:
            return
        self._is_ending = True
        self._asker.stop()
        os.eventfd_write(self._wake_fd, 1)
        self._thread.join()
        os.close(self._wake_fd)
        self._thread = None

    @property
    def filesystems(self) -> tuple[Filesystem, ...]:
        """What is known already, without block devices: never waits."""
        return self._filesystems

    def current(self) -> Storage:
        """What is known now: filesystems as they last answered, block devices as they are at this moment.

        Waits for the first pass, two seconds at most, when it has just been started.
        """
        with self._passed:
            if self._thread is not None:
                self._passed.wait_for(lambda: self._passes > 0 or bool(self._error) or self._is_ending, _FIRST_S)
        devices = self._devices.read()
        return Storage(
            filesystems=self._devices.joined(self._filesystems, devices),
            devices=devices,
            taken_ns=time.time_ns(),
            notes=self.notes(),
        )

    def fresh(self, within_s: float = 5.0) -> Storage:
        """The same after all filesystems that do not hang were asked again. Blocks for that long at most."""
        with self._passed:
            self._wanted += 1
            number = self._wanted
            if self._thread is not None:
                os.eventfd_write(self._wake_fd, 1)
                self._passed.wait_for(lambda: self._served >= number or self._is_ending, within_s)
        return self.current()

    def notes(self) -> tuple[str, ...]:
        """What is wrong, for people."""
        stale = [one for one in self._filesystems if one.hangs_since_ns]
        hang = [f"{one.mount_point} ({one.type}, {one.source}) does not answer" for one in stale]
        return (*((self._error,) if self._error else ()), *hang)

    def status(self) -> dict[str, Any]:
        """Counters for ``Collector.status``."""
        return {
            "filesystems": len(self._filesystems),
            "hanging": sorted(path for path, _ in self._asker.hanging()),
            "threads": self._asker.threads,
            "passes": self._passes,
            "asked_ns": self._asked_ns,
            "error": self._error,
        }

    # ---- the thread ----
    def _run(self) -> None:
        table: MountTable | None = None
        while not self._is_ending:
            pause_s = self._interval_s
            try:
                table = table or MountTable(self._table)
                pause_s = self._pass(table)
            except Exception as error:  # a mount table nobody has seen before must not end this for good
                self._tell(error)
            self._wait(table, pause_s)
        if table is not None:
            table.close()

    def _pass(self, table: MountTable) -> float:
        """One round; how long to wait before the mount table is looked at again."""
        begun = time.monotonic()
        serving = self._wanted
        mounts = table.read()
        took = time.monotonic() - begun
        self._filesystems = self._mounted.update(mounts)
        self._asked_ns, self._error = time.time_ns(), ""
        with self._passed:
            self._passes += 1
            self._served = serving
            self._passed.notify_all()
        return max(_SETTLE_S, took * _SHARE)

    def _wait(self, table: MountTable | None, settle_s: float) -> None:
        """Until the next pass: a change, but not before ``settle_s``; somebody who asks; or the interval."""
        end = time.monotonic() + self._interval_s
        wake = select.poll()
        wake.register(self._wake_fd, select.POLLIN)
        if self._until(wake, min(end, time.monotonic() + settle_s)) or table is None:
            return
        wake.register(table.fileno(), select.POLLPRI)
        self._until(wake, end)

    def _until(self, poll: select.poll, end: float) -> bool:
        """Whether something happened before that moment."""
        events = poll.poll(max(0.0, end - time.monotonic()) * 1000)
        for fd, _ in events:
            if fd == self._wake_fd:
                os.eventfd_read(fd)
        return bool(events)

    def _tell(self, error: Exception) -> None:
        text = f"{self._table}: {error.strerror if isinstance(error, OSError) else error}"
        if text != self._error:
            log.warning("filesystems: %s; they are looked for again every %g s", text, self._interval_s)
        self._error = text
        with self._passed:
            self._passed.notify_all()
