"""What has happened to a container, from what its runtime said of it before and says now: pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..container import Container

NO_CHECK = "no check"


def happenings(before: Container | None, now: Container) -> Iterator[tuple[str, str]]:
    """(event kind, words) of each. ``before``: the same container, or the one with its id that ran last; None: none.

    What is heard of a container for the first time is no change: neither its health nor that it was started.
    """
    if before is None or before.runtime != now.runtime or not before.started_ns or not now.started_ns:
        return
    if now.started_ns != before.started_ns:
        yield "restart", f"started again; restarts by {now.runtime}: {now.restart_count}"
    elif now.health != before.health:
        yield "health_change", f"{before.health or NO_CHECK} -> {now.health or NO_CHECK}"
