"""D-Bus messages: bytes as the specification has them, and that no bytes do harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycadvisor_fast.discovery.runtimes.systemd_manager import label
from pycadvisor_fast.discovery.runtimes.systemd_wire import CALL, HEAD, REPLY, Message, WireError, decoded, length

# What libdbus 1.14 (dbus-send) sends first.
HELLO = bytes.fromhex(
    "6c01000100000000010000006e00000001016f00150000002f6f72672f667265656465736b746f702f44427573000000"
    "06017300140000006f72672e667265656465736b746f702e444275730000000002017300140000006f72672e66726565"
    "6465736b746f702e4442757300000000030173000500000048656c6c6f000000"
)


def test_a_call_of_the_reference_implementation() -> None:
    name = "org.freedesktop.DBus"
    call = Message(CALL, 1, path="/org/freedesktop/DBus", interface=name, member="Hello", destination=name)
    assert length(HELLO[:HEAD]) == len(HELLO)
    assert decoded(HELLO) == call
    ours = call.encoded()  # its fields stand in another order, which is free
    assert length(ours[:HEAD]) == len(ours)
    assert decoded(ours) == call


def test_every_type_comes_back() -> None:
    body = (
        255, True, -2, 65535, -5, 7, -(2**40), 2**63, 1.5, "tëxt", "/o/b", "a{sv}", ["a", ""], [], [("k", ["x"])],
        (1, ("in", 2)),
    )  # fmt: skip
    given_body = (*body[:14], [("k", ("as", ["x"]))], body[15])
    message = Message(REPLY, 9, reply_to=4, signature="ybnqiuxtdsogasa(ii)a{sv}(u(su))", body=given_body)
    data = message.encoded()
    assert length(data[:HEAD]) == len(data)
    assert decoded(data).body == body
    assert decoded(data).reply_to == 4


@pytest.mark.parametrize(
    ("at", "value"),
    [(0, b"B"), (3, b"\x02"), (4, b"\xff\xff\xff\x7f"), (12, b"\xff\xff\xff\x0f")],
    ids=["big-endian", "version", "body", "fields"],
)
def test_a_head_that_is_none_or_too_long_is_refused(at: int, value: bytes) -> None:
    head = HELLO[:at] + value + HELLO[at + len(value) : HEAD]
    with pytest.raises(WireError):
        length(head)


def test_nested_containers_and_arrays_of_nothing_end() -> None:
    deep = "a" * 200 + "u"
    for signature, body in ((deep, b"\4\0\0\0" * 200), ("a()", b"\4\0\0\0\0\0\0\0\0\0\0\0"), ("v", b"\1v\0" * 400)):
        empty = Message(REPLY, 1, reply_to=1, signature=signature, body=())
        head = bytearray(Message(REPLY, 1, reply_to=1, signature="", body=()).encoded())
        field = b"\x08\x01g\0" + bytes([len(empty.signature)]) + signature.encode() + b"\0"
        head[12:16] = (8 + len(field)).to_bytes(4, "little")
        head[4:8] = len(body).to_bytes(4, "little")
        data = bytes(head) + field
        data += b"\0" * (-len(data) % 8) + body
        with pytest.raises(WireError):
            decoded(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_error(tail: bytes) -> None:
    data = b"l\2\0\1" + tail.ljust(12, b"\0")
    try:
        assert isinstance(decoded(data), Message)
    except WireError:
        pass


@given(st.integers(0, len(HELLO) - 1), st.integers(0, 255))
def test_any_changed_byte_is_a_message_or_an_error(at: int, value: int) -> None:
    data = HELLO[:at] + bytes([value]) + HELLO[at + 1 :]
    try:
        assert isinstance(decoded(data), Message)
    except WireError:
        pass


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("ssh.service", "ssh_2eservice"),
        ("3proxy.service", "_33proxy_2eservice"),
        (r"dev-disk\x2dx.swap", "dev_2ddisk_5cx2dx_2eswap"),
        ("ü.scope", "_c3_bc_2escope"),
        ("", "_"),
    ],
)
def test_names_of_objects(unit: str, expected: str) -> None:
    assert label(unit) == expected
