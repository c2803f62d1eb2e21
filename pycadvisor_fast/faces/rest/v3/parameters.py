"""Parameters of v3, read strictly: what is unknown or makes no sense is an error that names it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from pycadvisor_fast import schema
from pycadvisor_fast.views.selection import Selector

from ..go_values import parse_bool, parse_duration, parse_integer, query_pairs
from ..options import moment_ns
from .errors import ApiError

SELECTING = ("path", "id", "name", "image", "label", "runtime", "exclude", "max_depth", "leaves_only")
"""Parameters that choose containers; see views.selection.Selector."""
MOST_TEXTS = 1000  # of one parameter; a URL has no room for more
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def wrong(name: str, text: str) -> ApiError:
    """A parameter that makes no sense."""
    return ApiError(400, "bad_request", f"{name}: {text}")


class Parameters:
    """Of one request. Methods raise ApiError naming the parameter."""

    def __init__(self, query_string: bytes, known: Collection[str]) -> None:
        text = query_string.decode("latin-1")
        if _ESCAPE.search(text):
            raise ApiError(400, "bad_request", "the query has a % that is not followed by two hexadecimal digits")
        self._values: dict[str, list[str]] = {}
        for name, value in query_pairs(text.replace(";", "%3B")):
            if name not in known:
                listed = ", ".join(sorted(known)) or "none"
                raise wrong(
                    name[:100], f"there is no such parameter here{schema.near(name, known)}; there are: {listed}"
                )
            self._values.setdefault(name, []).append(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of a parameter that may be repeated, in their order."""
        values = tuple(self._values.get(name, ()))
        if len(values) > MOST_TEXTS:
            raise wrong(name, f"{len(values)} values; at most {MOST_TEXTS}")
        if "" in values:
            raise wrong(name, "a value is empty; leave it out to put no condition")
        return values

    def words(self, name: str) -> tuple[str, ...]:
        """The same, of values that may be lists with commas."""
        return tuple(word for value in self.texts(name) for word in value.split(",") if word)

    def text(self, name: str, default: str = "") -> str:
        """The one value."""
        values = self._values.get(name, [])
        if len(values) > 1:
            raise wrong(name, "given more than once")
        return values[0] if values else default

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """One of some words."""
        value = self.text(name, default)
        if value not in choices:
            raise wrong(name, f"{value[:100]!r} is none of {', '.join(choices)}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean; one that is there without a value is true."""
        if name not in self._values:
            return default
        value = parse_bool(self.text(name) or "true")
        if value is None:
            raise wrong(name, f"{self.text(name)[:100]!r} is neither true nor false")
        return value

    def integer(self, name: str, default: int | None = None, *, least: int = 0, most: int = 2**63 - 1) -> int | None:
        """A whole number between two bounds."""
        text = self.text(name)
        if not text:
            return default
        try:
            value = parse_integer(text, 65)
        except ValueError:
            raise wrong(name, f"{text[:100]!r} is no whole number") from None
        if not least <= value <= most:
            raise wrong(name, f"{value} is not within {least} and {most}")
        return value

    def duration_ns(self, name: str, default: int | None = None, *, least: int = 0, most: int = 2**63) -> int | None:
        """A duration such as 500ms or 1m30s."""
        text = self.text(name)
        if not text:
            return default
        try:
            value = parse_duration(text)
        except ValueError as error:
            raise wrong(name, f"{error}; write it like 500ms, 10s or 1m30s") from None
        if not least <= value <= most:
            raise wrong(name, f"{text} is out of bounds: from {least / 1e9:g} s to {most / 1e9:g} s")
        return value

    def moment_ns(self, name: str) -> int:
        """A time as RFC 3339 or in seconds since 1970; 0 = not given."""
        text = self.text(name)
        if not text:
            return 0
        try:
            return moment_ns(text)
        except ValueError:
            raise wrong(name, f"{text[:100]!r} is no time: write 2026-01-31T12:00:00Z, or seconds since 1970") from None

    def selector(self) -> Selector:
        """Which containers. Raises SelectionError too."""
        return Selector(
            paths=self.texts("path"),
            id_prefixes=self.texts("id"),
            names=self.texts("name"),
            images=self.texts("image"),
            labels=self.texts("label"),
            runtimes=self.words("runtime"),
            exclude=self.texts("exclude"),
            max_depth=self.integer("max_depth", most=1000),
            leaves_only=self.flag("leaves_only"),
        )
