"""Why somebody is not let in. Each is an answer: a status of HTTP, a code of gRPC."""

from __future__ import annotations

from ..errors import PycadvisorError


class RefusedError(PycadvisorError):
    """Base. The text is for whoever asked: it never says whether a user exists."""


class UnauthenticatedError(RefusedError):
    """401: nothing shows who it is, or what was shown is wrong. ``is_stale``: all was right but the nonce's age."""

    def __init__(self, text: str, *, is_stale: bool = False) -> None:
        super().__init__(text)
        self.is_stale = is_stale


class ForbiddenError(RefusedError):
    """403: known, and not allowed to see this. ``scope`` is what is missing."""

    def __init__(self, user: str, scope: str) -> None:
        super().__init__(f'the user "{user}" lacks the scope "{scope}"')
        self.scope = scope


class TooManyFailuresError(RefusedError):
    """429: the address has given wrong credentials too often."""

    def __init__(self, after: int) -> None:
        super().__init__(f"too many wrong credentials from this address; again in {after} s")
        self.after = after


class BusyError(RefusedError):
    """503: as many passwords are being checked as may be."""

    after = 1

    def __init__(self) -> None:
        super().__init__("too many passwords are being checked; again in 1 s")
