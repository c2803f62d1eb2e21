"""What the handlers of all versions share: containers by name, their specs, fresh samples, cAdvisor's JSON."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from starlette.responses import Response

from pycadvisor_fast.errors import TornError

from .following import Followers
from .fresh import Freshness
from .names import latest_names
from .stats_json import Answers

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container
    from pycadvisor_fast.spec import Spec

    from ..http.context import Context

Result = TypeVar("Result")
_ATTEMPTS = 3  # a newer tick is there each time


class Serving:
    """Made once for a server. Handlers run in its event loop, what they compute in the workers of its context."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.feed = context.feed
        self.names = latest_names(context.feed)
        self.fresh = Freshness(context.feed)
        self.followers = Followers(context)
        self._making = threading.Lock()
        self._answers: Answers | None = None

    def answers(self) -> Answers:
        """cAdvisor's JSON; made when it is first asked for, by a worker: it maps the ring."""
        with self._making:
            if self._answers is None:
                self._answers = Answers(self.feed, is_strict=self.context.settings.is_strict)
            return self._answers

    def specs(self, containers: Iterable[Container]) -> Sequence[Spec]:
        """Of these containers, in their order; those that have gone are left out."""
        known = {spec.container.handle: spec for spec in self.feed.specs()}
        return [known[one.handle] for one in containers if one.handle in known]

    async def json(self, make: Callable[[], bytes]) -> Response:
        """An answer whose body a worker makes; again when the ring has moved on meanwhile."""
        return as_json(await self.context.run(lambda: untorn(make)))


def as_json(body: bytes) -> Response:
    """An answer as Go writes them: no charset, no newline."""
    return Response(body, media_type="application/json")


def untorn(make: Callable[[], Result]) -> Result:
    """What ``make`` makes of the ring. Raises TornError when that cannot be read as fast as it is written."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return make()
        except TornError:
            pass
    return make()
