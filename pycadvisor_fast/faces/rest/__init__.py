"""cAdvisor's REST API, v1.0 to v2.1, and what is ours beside it, v3. See docs/rest.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from ..http.context import Context


def routes(context: Context) -> list[BaseRoute]:
    """All that is below /api/."""
    from . import described, v3
    from .serving import Serving

    serving = Serving(context)
    return [*v3.routes(serving), *described.routes(serving)]
