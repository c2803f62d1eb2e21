"""What the HTTP server counts of itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass
class Counts:
    """Since the start, but for ``connections``. Changed on the event loop only; reading from elsewhere is harmless."""

    connections: int = 0
    """Open now."""
    accepted: int = 0
    evicted: int = 0
    """Idle connections closed to make room for others."""
    turned_away: int = 0
    """Connections closed at once: every other was busy."""
    requests: int = 0
    refused: int = 0
    """Requests that were too big, malformed or too slow to be given to a route."""
    cut_off: int = 0
    """Connections ended because their client did not send or take anything for too long."""
    failures: int = 0
    """Answers 500."""
    bytes_received: int = 0
    bytes_sent: int = 0
    """Bodies of answers, as sent."""

    def as_dict(self) -> dict[str, int]:
        """Plain data."""
        return asdict(self)
