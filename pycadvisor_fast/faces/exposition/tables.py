"""All families there are, in the order of their names."""

from __future__ import annotations

from . import exits, extras, machine, own, series

FAMILIES = tuple(
    sorted(
        (*series.FAMILIES, *extras.FAMILIES, *exits.FAMILIES, *machine.FAMILIES, *own.FAMILIES),
        key=lambda family: family.name,
    )
)
ABSENT = (*series.ABSENT, *machine.ABSENT)
"""cAdvisor's series that are not there: names, kind, why."""
