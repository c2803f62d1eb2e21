"""Kinds by the names people and programs give them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import SelectionError
from ..event import CADVISOR_NAMES, KINDS, USUAL_KINDS
from ..schema import near

ALL = "all"
_OURS = {theirs: ours for ours, theirs in CADVISOR_NAMES.items()}


def kinds_of(names: Iterable[str]) -> frozenset[str]:
    """The kinds that are named: ours, cAdvisor's, or "all". None named: all but fork, exec and exit.

    Raises SelectionError, with near misses, for one that does not exist.
    """
    out: set[str] = set()
    for name in names:
        if name == ALL:
            out |= KINDS.keys()
        elif (kind := _OURS.get(name, name)) in KINDS:
            out.add(kind)
        else:
            known = (*KINDS, *_OURS)
            raise SelectionError(f"kinds: there is no event kind {name!r}{near(name, known)}: {', '.join(KINDS)}, all")
    return frozenset(out) if out else USUAL_KINDS
