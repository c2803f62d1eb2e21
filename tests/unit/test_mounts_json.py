"""What Docker and podman say that they have mounted into a container."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pycadvisor_fast.container import Volume
from pycadvisor_fast.discovery.runtimes.mounts_json import volumes

NAMED = {"Type": "volume", "Name": "db", "Source": "/v/db/_data", "Destination": "/data", "Driver": "local", "RW": True}
BOUND = {"Type": "bind", "Source": "/etc/app", "Destination": "/config", "Mode": "", "RW": False}


def test_volumes_and_bind_mounts_by_their_destinations() -> None:
    assert volumes([NAMED, BOUND]) == (
        Volume("bind", "/etc/app", "/config", is_read_only=True),
        Volume("volume", "/v/db/_data", "/data", "db"),
    )


def test_what_is_no_directory_of_the_host_is_left_out() -> None:
    odd: list[Any] = [
        {"Type": "tmpfs", "Source": "", "Destination": "/run"},
        {**NAMED, "Source": "relative"},
        {**NAMED, "Destination": ""},
        {"Type": "image", "Source": "/i", "Destination": "/i"},
        None,
        7,
    ]
    assert volumes(odd) == ()
    assert volumes(None) == volumes({"Type": "bind"}) == ()


KEYS = ["Type", "Name", "Source", "Destination", "RW"]


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["volume", "bind", "/v"])


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES), max_size=4))
def test_fields_of_any_type_do_no_harm(mounts: list[dict[str, Any]]) -> None:
    assert all(one.kind in ("volume", "bind") and one.source.startswith("/") for one in volumes(mounts))
