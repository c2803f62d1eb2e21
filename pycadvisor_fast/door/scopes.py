"""What may be seen: scopes, and sets of them from text. Pure."""

from __future__ import annotations

METRICS = "metrics"
STATS = "stats"
PROCESSES = "processes"
ENV = "env"
ALL = "all"

SCOPES: dict[str, str] = {
    METRICS: "the Prometheus exposition",
    STATS: "numbers, names, labels, limits, events, filesystems and facts of the host, by every API",
    PROCESSES: "what runs, with users and command lines",
    ENV: "values of environment variables that env_metadata_whitelist keeps",
}
"""Name -> what it opens. "all" is every one of them, those of later versions too."""

DEFAULT = frozenset({METRICS, STATS})
"""Of whoever has shown who he is, and of whom nothing else is said. Command lines and environments hold passwords
more often than anybody means them to: they are granted by name."""

EVERYTHING = frozenset({*SCOPES, ALL})
NOTHING: frozenset[str] = frozenset()


def parse_scopes(text: str) -> frozenset[str]:
    """``metrics,stats`` as a set; ``none`` is the empty one. Raises ValueError naming the word that is no scope."""
    if text == "none":
        return NOTHING
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in EVERYTHING:
            raise ValueError(f'"{word}" is no scope; there are {", ".join(SCOPES)}, {ALL} and none')
    if not words:
        raise ValueError(f"no scope is named; there are {', '.join(SCOPES)}, {ALL} and none")
    return EVERYTHING if ALL in words else frozenset(words)


def show_scopes(scopes: frozenset[str]) -> str:
    """As parse_scopes reads it."""
    if ALL in scopes:
        return ALL
    return ",".join(scope for scope in SCOPES if scope in scopes) or "none"
