"""How much one client, and all of them together, may take: sizes, numbers and times. Plain data."""

from __future__ import annotations

import resource
from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True)
class Limits:
    """Bounds of the HTTP server. Sizes in bytes, times in seconds."""

    connections: int = 1000
    """Open at once. Beyond it a connection that is idle makes room; when none is, the new one is closed."""
    url: int = 16 * KIB
    """A longer request target is answered 414."""
    head: int = 32 * KIB
    """Request line and header fields together; more is answered 431."""
    fields: int = 100
    """Header fields of a request; more are answered 431."""
    body: int = MIB
    """Body of a request; more is answered 413. The largest that any route wants is some hundred bytes."""
    head_time: float = 10.0
    """From the connection, or the first byte of a later request, to the end of its head: slow senders end here."""
    body_time: float = 20.0
    """From the end of the head to the end of the body."""
    idle_time: float = 120.0
    """Between two requests of a connection. Longer than a minute, so that a scraper's connection lasts."""
    stall_time: float = 20.0
    """A client that has not taken 200 KiB of what waits for it within this time is cut off."""
    handshake_time: float = 10.0
    """For TLS to be agreed on."""
    linger_time: float = 2.0
    """How long a refused client may go on sending before it is cut off: it would not see the answer otherwise."""
    sweep_time: float = 1.0
    """How often the times above are looked at, while there are connections."""
    waiting: int = 64
    """Calls that wait for a worker; more are answered 503."""
    unsent: int = 256 * MIB
    """Big answers being sent to all clients together; more are answered 503."""


def connections_within_descriptors(wanted: int) -> int:
    """As many of the wanted connections as the process's descriptors allow.

    The collector leaves an eighth of them, and at least 256, to everything else (csrc/host/limits.c); half of that
    is for HTTP.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, max(soft // 16, 128)))
