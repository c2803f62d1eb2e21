"""The notifier of ticks: one thread while somebody listens, whatever waiting does."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator

import pytest

from pycadvisor_fast.native import ticks
from pycadvisor_fast.native.ticks import TickNotifier


class Passes:
    """A source of ticks that a test pushes."""

    def __init__(self) -> None:
        self.latest = 0
        self.fails = 0
        self.changed = threading.Condition()

    def wait(self, tick: int, timeout_ms: int) -> int | None:
        with self.changed:
            if self.fails:
                self.fails -= 1
                raise OSError("on purpose")
            return self.latest if self.changed.wait_for(lambda: self.latest > tick, timeout_ms / 1000) else None

    def push(self, tick: int) -> None:
        with self.changed:
            self.latest = tick
            self.changed.notify_all()


def thread_count() -> int:
    return sum(thread.name == "pcf-ticks" for thread in threading.enumerate())


@pytest.fixture
def passes() -> Passes:
    return Passes()


@pytest.fixture
def notifier(passes: Passes) -> Iterator[TickNotifier]:
    made = TickNotifier(passes.wait)
    yield made
    made.stop()
    assert thread_count() == 0


def test_no_thread_without_a_listener_or_before_the_start(notifier: TickNotifier, passes: Passes) -> None:
    notifier.start()
    assert thread_count() == 0
    heard: queue.Queue[int] = queue.Queue()
    notifier.stop()
    notifier.add(heard.put)
    assert thread_count() == 0
    notifier.start()
    passes.push(3)
    assert heard.get(timeout=10) == 3
    assert thread_count() == 1


def test_the_thread_ends_with_the_last_listener_and_comes_again(notifier: TickNotifier, passes: Passes) -> None:
    notifier.start()
    first: queue.Queue[int] = queue.Queue()
    remove = notifier.add(first.put)
    passes.push(1)
    assert first.get(timeout=10) == 1
    remove()
    remove()
    end = time.monotonic() + 10
    while thread_count() and time.monotonic() < end:
        time.sleep(0.01)
    assert thread_count() == 0
    notifier.add(first.put)
    passes.push(2)
    assert first.get(timeout=10) == 2


def test_a_failed_wait_is_logged_and_tried_again(
    notifier: TickNotifier, passes: Passes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ticks, "PAUSE_S", 0.01)
    passes.fails = 2
    heard: queue.Queue[int] = queue.Queue()
    notifier.add(heard.put)
    notifier.start()
    passes.push(5)
    assert heard.get(timeout=10) == 5
    assert caplog.text.count("waiting failed") == 2


def test_a_listener_may_stop_the_notifier(notifier: TickNotifier, passes: Passes) -> None:
    stopped = threading.Event()

    def stop(tick: int) -> None:
        notifier.stop()
        stopped.set()

    notifier.add(stop)
    notifier.start()
    passes.push(1)
    assert stopped.wait(10)
    end = time.monotonic() + 10
    while thread_count() and time.monotonic() < end:
        time.sleep(0.01)
