"""D-Bus messages as bytes: pure, little-endian, as much as talking to systemd takes (D-Bus Specification 0.43).

Own code, because what is needed is two hundred lines, and because of what a library takes: dbus-fast costs 12 MB and
54 ms of CPU at import, and reads whatever length a peer announces (the protocol allows 128 MiB). Here a message has a
bound, and a service that hangs or lies is handled as any other runtime's.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import PycadvisorError

CALL, REPLY, ERROR, SIGNAL = 1, 2, 3, 4
MESSAGE_LIMIT = 16 << 20  # a list of ten thousand units is 3 MB
HEAD = 16  # bytes from which the length of a message is known
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL, _DESTINATION, _SENDER, _SIGNATURE = range(1, 9)
_TYPES = {
    _PATH: "o", _INTERFACE: "s", _MEMBER: "s", _ERROR_NAME: "s", _REPLY_SERIAL: "u", _DESTINATION: "s", _SENDER: "s",
    _SIGNATURE: "g",
}  # fmt: skip
_NUMBERS = {
    "y": "<B",
    "b": "<I",
    "n": "<h",
    "q": "<H",
    "i": "<i",
    "u": "<I",
    "x": "<q",
    "t": "<Q",
    "d": "<d",
    "h": "<I",
}
_ALIGNMENT = {
    "y": 1, "b": 4, "n": 2, "q": 2, "i": 4, "u": 4, "x": 8, "t": 8, "d": 8, "h": 4, "s": 4, "o": 4, "g": 1, "v": 1,
    "a": 4, "(": 8, "{": 8,
}  # fmt: skip
_DEEPEST = 32  # containers in each other


class WireError(PycadvisorError):
    """The other side sends what is no D-Bus."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; texts are "" and ``reply_to`` is 0 where the message has no such field."""

    kind: int
    serial: int = 0
    path: str = ""
    interface: str = ""
    member: str = ""
    error: str = ""
    reply_to: int = 0
    destination: str = ""
    sender: str = ""
    signature: str = ""
    body: Sequence[Any] = ()

    def encoded(self) -> bytes:
        """As bytes; ``body`` must fit ``signature``."""
        body = _Writer()
        for one, value in zip(_split(self.signature), self.body, strict=True):
            body.put(one, value)
        given = (
            self.path, self.interface, self.member, self.error, self.reply_to, self.destination, self.sender,
            self.signature,
        )  # fmt: skip
        head = _Writer()
        for byte in (ord("l"), self.kind, 0, 1):
            head.put("y", byte)
        head.put("u", len(body.data))
        head.put("u", self.serial)
        head.put("a(yv)", [(code, (_TYPES[code], value)) for code, value in enumerate(given, 1) if value])
        head.align(8)
        return bytes(head.data + body.data)


def length(head: bytes) -> int:
    """How long the message is of which ``head`` is the first 16 bytes; raises WireError for none, or too long a one."""
    if head[0] != ord("l") or head[3] != 1:
        raise WireError(f"this is no D-Bus message (little-endian, version 1): {head!r}")
    body, _, fields = struct.unpack("<III", head[4:16])
    total: int = HEAD + (fields + 7) // 8 * 8 + body
    if total > MESSAGE_LIMIT:
        raise WireError(f"a message of {total} bytes was not read, at most {MESSAGE_LIMIT} are")
    return total


def decoded(data: bytes) -> Message:
    """A whole message; raises WireError when it is none."""
    try:
        reader = _Reader(data, 4)
        body_length, serial = reader.take("u", 0), reader.take("u", 0)
        fields = {code: value for code, value in reader.take("a(yv)", 0) if code in _TYPES}
        reader.align(8)
        if len(data) - reader.at != body_length:
            raise WireError("the body is not as long as its message says")
        signature = fields.get(_SIGNATURE, "")
        body = [reader.take(one, 0) for one in _split(signature)]
    except (struct.error, ValueError, IndexError, KeyError, TypeError, UnicodeError) as error:
        raise WireError(f"this is no D-Bus message: {error}") from error
    texts = [str(fields.get(code, "")) for code in (_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _DESTINATION, _SENDER)]
    path, interface, member, name, destination, sender = texts
    reply_to = fields.get(_REPLY_SERIAL, 0)
    return Message(
        data[1], serial, path, interface, member, name, reply_to, destination, sender, signature, tuple(body)
    )


def _split(signature: str) -> list[str]:
    """A signature as its single complete types; raises ValueError for none."""
    types: list[str] = []
    while signature:
        end = _end(signature, 0)
        types.append(signature[:end])
        signature = signature[end:]
    return types


def _end(signature: str, start: int) -> int:
    """Where the single complete type at ``start`` ends."""
    code = signature[start]
    if code == "a":
        return _end(signature, start + 1)
    if code in "({":
        close, at = ")" if code == "(" else "}", start + 1
        while signature[at] != close:
            at = _end(signature, at)
        return at + 1
    if code not in _ALIGNMENT:
        raise ValueError(f"{code!r} is no type")
    return start + 1


class _Writer:
    def __init__(self) -> None:
        self.data = bytearray()

    def align(self, size: int) -> None:
        self.data += b"\0" * (-len(self.data) % size)

    def put(self, kind: str, value: Any) -> None:
        code = kind[0]
        self.align(_ALIGNMENT[code])
        if code in _NUMBERS:
            self.data += struct.pack(_NUMBERS[code], value)
        elif code in "sog":
            text = value.encode()
            self.data += struct.pack("<B" if code == "g" else "<I", len(text)) + text + b"\0"
        elif code == "v":
            inner, content = value
            self.put("g", inner)
            self.put(inner, content)
        elif code == "a":
            self._put_array(kind[1:], value)
        else:
            for one, part in zip(_split(kind[1:-1]), value, strict=True):
                self.put(one, part)

    def _put_array(self, kind: str, values: Sequence[Any]) -> None:
        at = len(self.data)
        self.data += b"\0\0\0\0"
        self.align(_ALIGNMENT[kind[0]])
        begin = len(self.data)
        for value in values:
            self.put(kind, value)
        self.data[at : at + 4] = struct.pack("<I", len(self.data) - begin)


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self.at = at

    def align(self, size: int) -> None:
        self.at += -self.at % size

    def take(self, kind: str, depth: int) -> Any:
        """The next value of this type; a variant is its content. Raises ValueError when it is none."""
        if depth > _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} containers in each other")
        code = kind[0]
        self.align(_ALIGNMENT[code])
        if code in _NUMBERS:
            form = _NUMBERS[code]
            (value,) = struct.unpack_from(form, self._data, self.at)
            self.at += struct.calcsize(form)
            return bool(value) if code == "b" else value
        if code in "sog":
            return self._text("<B" if code == "g" else "<I")
        if code == "v":
            inner = self.take("g", depth)
            if not inner or _end(inner, 0) != len(inner):
                raise ValueError(f"a variant of {inner!r}")
            return self.take(inner, depth + 1)
        if code == "a":
            return self._array(kind[1:], depth)
        return tuple(self.take(one, depth + 1) for one in _split(kind[1:-1]))

    def _text(self, form: str) -> str:
        (size,) = struct.unpack_from(form, self._data, self.at)
        self.at += struct.calcsize(form)
        text = self._data[self.at : self.at + size]
        if len(text) != size:
            raise ValueError("a text past the end")
        self.at += size + 1
        return text.decode(errors="replace")

    def _array(self, kind: str, depth: int) -> list[Any]:
        size = self.take("u", depth)
        self.align(_ALIGNMENT[kind[0]])
        end = self.at + size
        if end > len(self._data):
            raise ValueError("an array past the end")
        values = []
        while self.at < end:
            before = self.at
            values.append(self.take(kind, depth + 1))
            if self.at == before:
                raise ValueError("an array of nothing")
        if self.at != end:
            raise ValueError("an array that ends within a value")
        return values
