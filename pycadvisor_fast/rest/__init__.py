"""What programs in Python use in place of cAdvisor's Go client: REST API v1.3 and v2.1, typed, blocking and asyncio.

with Client("http://127.0.0.1:8080") as client:
    for path, container in client.docker(num_stats=2).items():
        print(path, container.stats[-1].memory.working_set)

Works with cAdvisor as well as with this project's daemon. Needs httpx2: ``pip install 'pycadvisor-fast[rest]'``.
"""

from __future__ import annotations

from pycadvisor_fast.errors import MissingDependencyError

try:
    import httpx2 as _httpx  # noqa: F401
except ImportError as error:  # the rest of the package does without it
    raise MissingDependencyError(
        "the REST client needs httpx2, which is not installed: pip install 'pycadvisor-fast[rest]'"
    ) from error

from . import models
from .aio import AsyncClient
from .blocking import Client
from .calls import EventArgs, EventType, NamesArgs, Naming, V1Args, V2Args
from .connection import DEFAULT_URL, Connection
from .errors import RestAnswerError, RestError, RestUnavailableError

__all__ = [
    "DEFAULT_URL",
    "AsyncClient",
    "Client",
    "Connection",
    "EventArgs",
    "EventType",
    "NamesArgs",
    "Naming",
    "RestAnswerError",
    "RestError",
    "RestUnavailableError",
    "V1Args",
    "V2Args",
    "models",
]
