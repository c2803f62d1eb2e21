"""What a call can end with."""

from __future__ import annotations

from pycadvisor_fast.errors import PycadvisorError

_SHOWN = 300


class RestError(PycadvisorError):
    """The server refused or failed. ``status`` is the HTTP status, ``text`` what the server said.

    cAdvisor answers 500 to nearly everything, an unknown container too: the text tells them apart.
    """

    def __init__(self, url: str, status: int, text: str) -> None:
        said = text.strip()
        shown = said if len(said) <= _SHOWN else f"{said[:_SHOWN]}..."
        super().__init__(f"{url}: status {status}: {shown or 'no text'}")
        self.url = url
        self.status = status
        self.text = said


class RestUnavailableError(RestError):
    """Nobody answers there, or the connection broke. ``status`` is 0."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, 0, reason)
        self.args = (f"{url}: not reachable ({reason}); is the server running, and is this its address?",)


class RestAnswerError(RestError):
    """The answer is not what this API answers: another server, or one that is too different."""

    def __init__(self, url: str, status: int, reason: str) -> None:
        super().__init__(url, status, reason)
        self.args = (f"{url}: the answer is not understood: {reason}; is this a cAdvisor?",)
