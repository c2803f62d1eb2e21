"""What a call to the service can end with."""

from __future__ import annotations

from typing import Any

import grpc

from pycadvisor_fast.errors import PycadvisorError, SelectionError


class ServiceError(PycadvisorError):
    """The service refused or failed. ``code`` is the gRPC status code."""

    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code


class ServiceUnavailableError(ServiceError):
    """Nobody answers at the target, or the connection broke."""


def translate(error: Any, target: str) -> Exception:
    """A gRPC error as one of ours: SelectionError for a wrong request, TimeoutError, ServiceError."""
    code, details = error.code(), error.details() or ""
    if code == grpc.StatusCode.INVALID_ARGUMENT:
        return SelectionError(details)
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        return TimeoutError(f"{target}: no answer in time")
    if code == grpc.StatusCode.UNAVAILABLE:
        return ServiceUnavailableError(
            code, f"{target}: not reachable ({details}); is pycadvisor-fast running, and is this its --grpc_listen?"
        )
    return ServiceError(code, f"{target}: {code.name}: {details}")
