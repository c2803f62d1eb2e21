"""A sink that remembers what runtimes say, and a runtime in its loop, for the tests of all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pycadvisor_fast.discovery.runtimes import Ended, Identity, Runtime
from pycadvisor_fast.discovery.runtimes.loop import RuntimeLoop


class Heard:
    """The newest identity of each id, all ends, and ids that a runtime says it does not know."""

    def __init__(self) -> None:
        self.identities: dict[str, Identity] = {}
        self.ends: list[Ended] = []
        self.strangers: list[tuple[str, str]] = []
        self.changed = threading.Condition()

    def identified(self, identity: Identity) -> None:
        with self.changed:
            self.identities[identity.id] = identity
            self.changed.notify_all()

    def ended(self, end: Ended) -> None:
        with self.changed:
            self.ends.append(end)
            self.changed.notify_all()

    def unknown(self, runtime: str, ident: str) -> None:
        with self.changed:
            self.strangers.append((runtime, ident))
            self.changed.notify_all()

    def wait(self, condition: Callable[[dict[str, Identity]], object], seconds: float = 20.0) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self.identities), seconds), self.identities

    def wait_for(self, ident: str, **fields: object) -> Identity:
        """The identity, once it has these values."""
        self.wait(lambda known: ident in known and all(getattr(known[ident], name) == v for name, v in fields.items()))
        return self.identities[ident]

    def wait_ends(self, count: int) -> list[Ended]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.ends) >= count, 20.0), self.ends
            return list(self.ends)

    def wait_strangers(self, count: int) -> list[tuple[str, str]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.strangers) >= count, 20.0), self.strangers
            return list(self.strangers)


class Running:
    """``with Running(runtime) as running:`` runs it; ``running.heard`` has what it told."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.heard = Heard()
        self.loop = RuntimeLoop([runtime], self.heard)

    def __enter__(self) -> Running:
        self.loop.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.loop.stop()

    def wait_state(self, state: str, seconds: float = 20.0) -> dict[str, Any]:
        tick = threading.Event()
        for _ in range(int(seconds / 0.01)):
            status = self.runtime.status()
            if status["state"] == state:
                return status
            tick.wait(0.01)
        raise AssertionError(f"never {state}: {self.runtime.status()}")
