"""Asking filesystems how full they are, where any of them may never answer.

statfs of a network filesystem whose server is gone does not return, and nothing ends it. So the calls are made in
threads that nobody waits for: those that hang are counted and left alone, and a few others serve the rest.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .mountinfo import Mount

_AT_ONCE = 2  # calls wait for a disk at worst: more would only queue there
_MOST_HANGING = 16
_END_S = 0.5  # what a call that is out when all ends may still take
_SLICE_S = 0.1  # how soon others are asked when those in front hang


@dataclass(frozen=True, slots=True)
class Answer:
    """What a filesystem said, or why it said nothing. Sizes in bytes."""

    capacity: int = 0
    free: int = 0
    available: int = 0
    inodes: int = 0
    inodes_free: int = 0
    time_ns: int = 0  # wall clock
    error: str = ""
    is_elsewhere: bool = False  # the path leads to another mount: it was unmounted, or another one covers it


Ask = Callable[[str, Mount], Answer]


def ask(path: str, mount: Mount) -> Answer:
    """statfs of the mount that is at ``path``, made certain by its id. May hang for ever."""
    try:
        # O_PATH: no permission on the directory is needed, no device is opened, no automounter woken.
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if _mount_id(fd) not in (mount.id, None):
                return Answer(time_ns=time.time_ns(), error="another mount covers it", is_elsewhere=True)
            found = os.fstatvfs(fd)
        finally:
            os.close(fd)
    except OSError as error:
        is_gone = error.errno in (errno.ENOENT, errno.ENOTDIR)  # what is mounted over its parent has no such directory
        return Answer(time_ns=time.time_ns(), error=error.strerror or str(error), is_elsewhere=is_gone)
    unit = found.f_frsize or found.f_bsize
    return Answer(
        capacity=found.f_blocks * unit,
        free=found.f_bfree * unit,
        available=found.f_bavail * unit,
        inodes=found.f_files,
        inodes_free=found.f_ffree,
        time_ns=time.time_ns(),
    )


def _mount_id(fd: int) -> int | None:
    """mnt_id of proc_pid_fdinfo(5): the id of the mount in mountinfo. None = /proc does not say."""
    with contextlib.suppress(OSError), open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as text:
        for line in text:
            if line.startswith("mnt_id:"):
                return int(line.split()[1])
    return None


Key = tuple[str, int]  # path and mount id


class Asker:
    """Asks several filesystems at once. ``ask_all`` is for one thread at a time."""

    def __init__(self, ask: Ask = ask) -> None:
        self._ask = ask
        self._changed = threading.Condition()
        self._waiting: dict[Key, Mount] = {}  # not taken up yet
        self._asked: dict[Key, int] = {}  # wall-clock ns at which a call that is still out was made
        self._answers: dict[Key, Answer] = {}
        self._threads: dict[threading.Thread, Key | None] = {}  # and what each is at
        self._is_ended = False

    def ask_all(self, wanted: Iterable[tuple[str, Mount]], within_s: float) -> Mapping[Key, Answer]:
        """Answers by (path, mount id) of those that gave one within that time, or since the last call."""
        jobs = {(path, mount.id): mount for path, mount in wanted}
        end = time.monotonic() + within_s
        with self._changed:
            new = {key: mount for key, mount in jobs.items() if key not in self._asked and key not in self._answers}
            self._waiting.update(new)
            self._changed.notify_all()
            while not self._is_ended and (left := end - time.monotonic()) > 0:
                if not (self._waiting or self._asked.keys() & new.keys()):
                    break
                self._grow()
                self._changed.wait(min(left, _SLICE_S))
            self._waiting.clear()  # what no thread took up is asked for again the next time
            out, self._answers = self._answers, {}
        return out

    def hanging(self) -> Mapping[Key, int]:
        """Wall-clock ns at which each call that is still out was made."""
        with self._changed:
            return dict(self._asked)

    @property
    def threads(self) -> int:
        """How many there are, those that hang included."""
        return len(self._threads)

    def begin(self) -> None:
        """Asks again after ``stop``."""
        with self._changed:
            self._is_ended = False

    def stop(self) -> None:
        """Ends a wait and the threads that do not hang; those that do end when their call comes back."""
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()
            threads = dict(self._threads)
        end = time.monotonic() + _END_S
        for thread, key in threads.items():
            thread.join(None if key is None else max(0.0, end - time.monotonic()))

    def _grow(self) -> None:
        """A few threads for those that wait, beside those whose call does not come back."""
        before = time.time_ns() - round(_SLICE_S * 1e9)
        hanging = sum(since < before for since in self._asked.values())
        wanted = min(hanging + min(len(self._waiting), _AT_ONCE), _MOST_HANGING + _AT_ONCE)
        while len(self._threads) < wanted:
            thread = threading.Thread(target=self._work, name="pcf-statfs", daemon=True)
            self._threads[thread] = None
            thread.start()

    def _work(self) -> None:
        me = threading.current_thread()
        with self._changed:
            while not self._is_ended:
                if not self._waiting:
                    self._changed.wait()
                    continue
                key, mount = self._waiting.popitem()
                self._threads[me], self._asked[key] = key, time.time_ns()
                self._changed.release()
                try:
                    answer = self._answer(key[0], mount)
                finally:
                    self._changed.acquire()
                del self._asked[key]
                self._threads[me], self._answers[key] = None, answer
                self._changed.notify_all()
            del self._threads[me]

    def _answer(self, path: str, mount: Mount) -> Answer:
        """A call that raises must not end the thread."""
        try:
            return self._ask(path, mount)
        except Exception as error:
            return Answer(time_ns=time.time_ns(), error=str(error) or type(error).__name__)
