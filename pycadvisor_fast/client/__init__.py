"""What other programs import: a typed client of the gRPC service, blocking and asyncio.

with Client("127.0.0.1:8081") as client:
    for batch in client.stream(groups=["cpu"], interval=1.0):
        ...
"""

from __future__ import annotations

from .aio import AsyncClient
from .blocking import Client
from .channel import Access
from .errors import ServiceError, ServiceUnavailableError
from .retry import Retry
from .snapshots import ABSENT, UNLIMITED, ColumnsSnapshot, GroupArrays

__all__ = [
    "ABSENT",
    "UNLIMITED",
    "Access",
    "AsyncClient",
    "Client",
    "ColumnsSnapshot",
    "GroupArrays",
    "Retry",
    "ServiceError",
    "ServiceUnavailableError",
]
