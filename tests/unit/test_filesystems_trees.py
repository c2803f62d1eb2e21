"""Which trees containers have."""

from __future__ import annotations

import pytest

from pycadvisor_fast.container import Container, Volume
from pycadvisor_fast.filesystem import TreeUsage
from pycadvisor_fast.filesystems.trees import Asked, Place, Wanted, log_tree, wanted

ID = "f" * 64


@pytest.mark.parametrize(
    ("log", "fields", "wanted"),
    [
        (f"/var/lib/docker/containers/{ID}/{ID}-json.log", {"id": ID}, f"/var/lib/docker/containers/{ID}"),
        ("/var/log/pods/ns_p_u-1/app/0.log", {"pod_uid": "u-1", "id": ID}, "/var/log/pods/ns_p_u-1/app"),
        ("/var/log/app.log", {"id": ID}, "/var/log/app.log"),  # other things are in that directory
        ("/var/log/app.log", {}, "/var/log/app.log"),
    ],
)
def test_rotated_logs_count_where_the_directory_is_the_containers_own(
    log: str, fields: dict[str, str], wanted: str
) -> None:
    assert log_tree(Container("/c", 1, 1, log_path=log, **fields)) == wanted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        (Container("/a", 1, 1), ()),
        (Container("/b", 2, 1, layer_path="/l"), (Wanted(Place("/l"), TreeUsage("layer", "/l")),)),
        (Container("/c", 3, 1, log_path="/g"), (Wanted(Place("/g"), TreeUsage("log", "/g")),)),
    ],
)
def test_only_what_a_runtime_named_is_measured(container: Container, expected: tuple[Wanted, ...]) -> None:
    assert wanted(container) == expected


@pytest.mark.parametrize(
    ("runtime", "path", "places"),
    [
        ("kubepods", "", [Place("", Asked(ID, "/c"))]),
        ("containerd", "/l", [Place("/l")]),
        ("podman", "", []),
    ],
)
def test_a_layer_without_a_directory_is_asked_for_where_containerd_may_know_it(
    runtime: str, path: str, places: list[Place]
) -> None:
    container = Container("/c", 1, 1, runtime=runtime, id=ID, layer_driver="devmapper", layer_path=path)
    assert [one.place for one in wanted(container)] == places


def test_volumes_are_measured_and_bind_mounts_named_or_measured_where_that_is_wanted() -> None:
    volume, bind = Volume("volume", "/v/db/_data", "/data", "db", True), Volume("bind", "/", "/host")
    container = Container("/c", 1, 1, volumes=(volume, bind))
    shown = [
        TreeUsage("volume", "/v/db/_data", name="db", destination="/data", is_read_only=True),
        TreeUsage("bind", "/", destination="/host"),
    ]
    for with_binds, places in ((False, [Place("/v/db/_data"), None]), (True, [Place("/v/db/_data"), Place("/")])):
        found = wanted(container, with_binds=with_binds)
        assert [each.tree for each in found] == shown
        assert [each.place for each in found] == places
