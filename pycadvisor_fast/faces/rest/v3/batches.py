"""Batches for streams of numbers: each is made once, for all who ask for the same of the same moment."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..serving import untorn
from ..waiting import when_free
from . import documents
from .column_data import Selections, only_ticks, take
from .column_forms import document

if TYPE_CHECKING:
    from pycadvisor_fast.sampling import GroupRing, Window

    from ...http.context import Context
    from .column_query import ColumnQuery

_KEPT = 32


@dataclass(frozen=True, slots=True)
class Moment:
    """A place of a stream on the timeline: what was sampled in the ``stride`` ticks up to ``tick``.

    ``is_first``: of groups that have no tick in there, the one before.
    """

    tick: int
    stride: int
    is_first: bool


class Batches:
    """JSON of moments, made by the workers. For one event loop at a time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._selections = Selections(context.feed)
        self._made: OrderedDict[tuple[ColumnQuery, Moment], asyncio.Task[bytes | None]] = OrderedDict()

    async def batch(self, query: ColumnQuery, moment: Moment) -> bytes | None:
        """A document as /api/v3/columns answers, without line breaks; None: nothing was sampled then, or it is gone."""
        key = (query, moment)
        task = self._made.get(key)
        if task is None:
            task = self._made[key] = asyncio.create_task(
                when_free(self._context, lambda: untorn(lambda: self._make(query, moment)))
            )
            if len(self._made) > _KEPT:
                self._made.popitem(last=False)
        try:
            return await asyncio.shield(task)  # a stream that ends must not cancel it for the others
        except Exception:
            self._made.pop(key, None)
            raise

    def forget(self) -> None:
        """No stream is open: lets go of all."""
        self._made.clear()

    def _make(self, query: ColumnQuery, moment: Moment) -> bytes | None:
        selection = self._selections.of(query.selector)
        data = take(self._context.feed, query, selection, lambda group, columns: _window(group, columns, moment))
        if not any(len(group.window) for group in data.groups):
            return None
        whole = document(data)
        whole["groups"] = {name: group for name, group in whole["groups"].items() if group["ticks"]}
        return documents.encode({"tick": moment.tick, **whole}, documents.JSON)


def _window(group: GroupRing, columns: Sequence[str] | None, moment: Moment) -> Window:
    """The newest tick within a moment, or none."""
    reach = max(moment.stride, group.stride) if moment.is_first else moment.stride
    window = group.window(since=max(moment.tick - reach, 0), columns=columns)
    before = np.flatnonzero(window.ticks <= moment.tick)
    return only_ticks(window, before[-1:])
