"""Which cloud: by DMI and files of a host; nothing here asks a network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pycadvisor_fast.machine.cloud import detect
from pycadvisor_fast.machine.model import Cloud

from .machine_trees import Tree

AZURE_TAG = "7783-7084-3265-9085-8269-3286-77"
UUID = "4c4c4544-0044-5310-8054-b7c04f503732"


@pytest.mark.parametrize(
    ("dmi", "cloud"),
    [
        (
            {"sys_vendor": "Amazon EC2", "product_name": "m5.large", "board_asset_tag": "i-0123456789abcdef0"},
            Cloud("AWS", "dmi", "m5.large", "i-0123456789abcdef0"),
        ),
        (
            {"sys_vendor": "Amazon EC2", "product_name": "u-6tb1.metal", "board_asset_tag": "i-0123456789abcdef0"},
            Cloud("AWS", "dmi", "u-6tb1.metal", "i-0123456789abcdef0"),
        ),
        (
            {"sys_vendor": "Xen", "product_name": "HVM domU", "product_version": "4.11.amazon"},
            Cloud("AWS", "dmi"),
        ),
        ({"sys_vendor": "Google", "product_name": "Google Compute Engine"}, Cloud("GCE", "dmi")),
        (
            {"sys_vendor": "Microsoft Corporation", "chassis_asset_tag": AZURE_TAG, "product_uuid": UUID},
            Cloud("Azure", "dmi", None, UUID),
        ),
        ({"sys_vendor": "Microsoft Corporation", "chassis_asset_tag": "1234"}, None),  # Hyper-V in somebody's cellar
        ({"sys_vendor": "QEMU", "chassis_asset_tag": "OracleCloud.com"}, Cloud("Oracle", "dmi")),
        (
            {"sys_vendor": "DigitalOcean", "product_name": "Droplet", "product_serial": "31337"},
            Cloud("DigitalOcean", "dmi", None, "31337"),
        ),
        ({"sys_vendor": "Alibaba Cloud", "product_name": "Alibaba Cloud ECS"}, Cloud("Alibaba", "dmi")),
        ({"sys_vendor": "OpenStack Foundation", "product_name": "OpenStack Nova"}, Cloud("OpenStack", "dmi")),
        ({"sys_vendor": "Dell Inc.", "product_name": "PowerEdge R740"}, None),
        ({}, None),
    ],
)
def test_by_dmi(tmp_path: Path, dmi: dict[str, str], cloud: Cloud | None) -> None:
    tree = Tree(tmp_path)
    tree.puts("sys/class/dmi/id", dmi)
    assert detect(tree.root) == cloud


def test_googles_agent_knows_the_instance(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.put("sys/class/dmi/id/product_name", "Google Compute Engine")
    tree.put("etc/default/instance_configs.cfg", "[Instance]\ninstance_id = 5151829023857237413\n")
    assert detect(tree.root) == Cloud("GCE", "dmi", None, "5151829023857237413")


def _cloud_init(tree: Tree, **common: object) -> None:
    tree.put("run/cloud-init/instance-data.json", json.dumps({"v1": common, "ds": {}}))


def test_cloud_init_adds_what_dmi_lacks(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.put("sys/class/dmi/id/product_name", "Google Compute Engine")
    _cloud_init(tree, cloud_name="gce", instance_id="42", region="europe-west1", availability_zone="europe-west1-b")
    assert detect(tree.root) == Cloud("GCE", "dmi", None, "42", "europe-west1", "europe-west1-b")


def test_cloud_init_alone(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    _cloud_init(tree, cloud_name="aws", instance_id="i-0abc", region="us-east-1", availability_zone=None)
    assert detect(tree.root) == Cloud("AWS", "cloud-init", None, "i-0abc", "us-east-1")


def test_cloud_init_of_another_provider_is_a_copied_image(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.put("sys/class/dmi/id/product_name", "Google Compute Engine")
    _cloud_init(tree, cloud_name="aws", instance_id="i-0abc")
    assert detect(tree.root) == Cloud("GCE", "dmi")


@pytest.mark.parametrize("text", ["{", "[]", '{"v1": 7}', "null", '{"v1": {"cloud_name": ["aws"]}}'])
def test_cloud_init_that_is_damaged(tmp_path: Path, text: str) -> None:
    tree = Tree(tmp_path)
    tree.put("run/cloud-init/instance-data.json", text)
    root = tree.root
    assert detect(root) is None
    assert bool([note for note in root.notes.texts() if "no JSON" in note]) == (text == "{")


def test_other_signs_of_amazon(tmp_path: Path) -> None:
    xen = Tree(tmp_path / "xen")
    xen.put("sys/hypervisor/uuid", "ec2e1916-9099-7caf-fd21-012345abcdef")
    assert detect(xen.root) == Cloud("AWS", "xen")
    linux = Tree(tmp_path / "linux")
    linux.put("etc/os-release", 'NAME="Amazon Linux"\nID="amzn"')
    assert detect(linux.root) == Cloud("AWS", "os-release")
