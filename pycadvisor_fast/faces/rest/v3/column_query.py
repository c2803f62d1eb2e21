"""Which numbers of which containers at which times: a request for columns as comparable data. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pycadvisor_fast import schema
from pycadvisor_fast.errors import NotServedError
from pycadvisor_fast.views.selection import Selector

from .parameters import SELECTING, Parameters, wrong

CHOOSING = ("groups", "columns", "exact", "identities", *SELECTING)
TIMES = ("last", "since", "start", "end", "ticks")
MOST_TICKS = 100_000
_LONGEST_NS = 10**9 * 86_400 * 7

Chosen = tuple[tuple[str, tuple[str, ...] | None], ...]
"""Groups that are sampled, each with the columns wanted of it (None: all), in the order of the table."""


@dataclass(frozen=True, slots=True)
class ColumnQuery:
    """``is_exact``: integers as the kernel counts, instead of floats. ``has_identities``: say who the handles are."""

    selector: Selector
    chosen: Chosen
    is_exact: bool = False
    has_identities: bool = False


@dataclass(frozen=True, slots=True)
class Times:
    """Which ticks; none of it given: the newest of each group. Times are wall-clock ns, both included, 0 = open."""

    last_ns: int | None = None
    since: int | None = None
    start_ns: int = 0
    end_ns: int = 0
    ticks: int | None = None

    @property
    def is_latest(self) -> bool:
        """Whether only the newest tick is meant."""
        return self == Times()


def column_query(parameters: Parameters, sampled: Sequence[str], *, has_identities: bool) -> ColumnQuery:
    """``sampled``: the groups that this host samples. Raises SelectionError, NotServedError, ApiError."""
    return ColumnQuery(
        selector=parameters.selector(),
        chosen=_chosen((*parameters.words("groups"), *parameters.words("columns")), sampled),
        is_exact=parameters.flag("exact"),
        has_identities=parameters.flag("identities", has_identities),
    )


def times(parameters: Parameters) -> Times:
    """Raises ApiError."""
    found = Times(
        last_ns=parameters.duration_ns("last", least=0, most=_LONGEST_NS),
        since=parameters.integer("since"),
        start_ns=parameters.moment_ns("start"),
        end_ns=parameters.moment_ns("end"),
        ticks=parameters.integer("ticks", least=1, most=MOST_TICKS),
    )
    if found.end_ns and found.start_ns > found.end_ns:
        raise wrong("start", "it is after end; exchange the two")
    return found


def _chosen(selectors: Sequence[str], sampled: Sequence[str]) -> Chosen:
    if not selectors:
        return tuple((name, None) for name in sampled)
    by_group = schema.by_group(schema.columns(selectors))
    found = tuple((name, _some(name, columns)) for name, columns in by_group.items() if name in sampled)
    if not found:
        raise NotServedError(f"not sampled on this host: {', '.join(by_group)}; /api/v3/schema lists what is")
    return found


def _some(group: str, columns: tuple[str, ...]) -> tuple[str, ...] | None:
    return None if len(columns) == len(schema.group(group).columns) else columns
