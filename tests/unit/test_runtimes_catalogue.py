"""Which runtimes the options make, and what each is told."""

from __future__ import annotations

import pytest

from pycadvisor_fast.discovery.runtimes import catalogue
from pycadvisor_fast.discovery.runtimes.catalogue import make_runtimes
from pycadvisor_fast.errors import ConfigError
from pycadvisor_fast.options import CollectorOptions

NONE = {"docker": None, "containerd": None, "cri": (), "crio": None, "podman": None, "systemd": None}


def names(**options: object) -> list[str]:
    return [runtime.name for runtime in make_runtimes(CollectorOptions(**{**NONE, **options}))]  # type: ignore[arg-type]


def test_none_is_asked_when_none_is_named() -> None:
    assert names() == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"docker": "unix:///d.sock"}, ["docker"]),
        ({"containerd": "/run/c.sock"}, ["containerd"]),
        ({"cri": ("/run/a.sock", "/run/b.sock")}, ["cri-a", "cri-b"]),
        ({"crio": "/run/crio.sock"}, ["crio"]),
        ({"podman": "unix:///run/a.sock, unix:///run/b.sock"}, ["podman"]),
        ({"systemd": "unix:///run/bus"}, ["systemd"]),
    ],
)
def test_each_by_its_option(options: dict[str, object], expected: list[str]) -> None:
    assert names(**options) == expected


def test_no_two_have_one_name_by_default() -> None:
    made = [runtime.name for runtime in make_runtimes(CollectorOptions())]
    assert len(set(made)) == len(made) >= len(catalogue.CATALOGUE)


@pytest.mark.parametrize(
    "options", [{"containerd": "ftp://x"}, {"crio": "nowhere"}, {"cri": ("x",)}, {"podman": "x"}, {"systemd": "x"}]
)
def test_a_wrong_endpoint_is_named_with_its_option(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=f"^{next(iter(options))}: "):
        names(**options)
