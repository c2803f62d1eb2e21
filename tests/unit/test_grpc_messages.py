"""Who a container is, as a ContainerInfo: every field of Container that has one arrives, as protobuf takes it."""

from __future__ import annotations

from dataclasses import fields

from pycadvisor_fast.container import Container
from pycadvisor_fast.faces.grpc.messages import container_info
from pycadvisor_fast.v1 import service_pb2 as pb

RENAMED = {
    "created_ns": "created_unix_ns",
    "started_ns": "started_unix_ns",
    "netns": "network_namespace",
    "netns_owner": "network_owner",
}
BY_HANDLE = {"slot", "generation"}


def test_every_field_of_a_container_has_its_place() -> None:
    known = {field.name for field in pb.ContainerInfo.DESCRIPTOR.fields}
    assert {RENAMED.get(field.name, field.name) for field in fields(Container)} - BY_HANDLE == known - {"handle"}


def test_the_identity_arrives_with_bad_bytes_made_good() -> None:
    texts = {
        name: f"{name}\udcff"
        for name in (
            "pod_name",
            "pod_namespace",
            "container_name",
            "sandbox_id",
            "log_path",
            "layer_path",
            "description",
        )
    }
    info = container_info(
        Container(
            "/x",
            3,
            1,
            started_ns=7,
            pid=12,
            restart_count=2,
            aliases=("a\udcff", "b"),
            envs={"K\udcff": "v\n"},
            attempt=4,
            health="healthy",
            ip_addresses=("10.0.0.1", "fd00::1"),
            network_mode="bridge",
            layer_driver="overlay2",
            runtime_state="paused",
            **texts,  # type: ignore[arg-type]
        )
    )
    assert (info.started_unix_ns, info.pid, info.restart_count, info.attempt) == (7, 12, 2, 4)
    assert (list(info.aliases), dict(info.envs)) == (["a?", "b"], {"K?": "v\n"})
    assert list(info.ip_addresses) == ["10.0.0.1", "fd00::1"]
    assert (info.health, info.network_mode, info.layer_driver, info.runtime_state) == (
        "healthy",
        "bridge",
        "overlay2",
        "paused",
    )
    assert {name: getattr(info, name) for name in texts} == {name: f"{name}?" for name in texts}
