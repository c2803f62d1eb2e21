"""Which cloud a machine is rented from, by what it carries itself: DMI, and files that cloud-init and agents leave.

Nothing is asked over a network here. Each provider says in its documentation how its instances can be told:
sys_vendor and product_name of GCE and DigitalOcean, board_asset_tag of EC2 (Nitro), chassis_asset_tag of Azure and OCI.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .identity import dmi, os_release
from .model import Cloud
from .root import Root

_AZURE_TAG = "7783-7084-3265-9085-8269-3286-77"  # chassis_asset_tag of every Azure machine, and of no other Hyper-V
_CLOUD_INIT = "/run/cloud-init/instance-data.json"
_GOOGLE_CONFIG = "/etc/default/instance_configs.cfg"  # Google's guest agent writes the instance id into it
_CLOUD_INIT_NAMES = {"aws": "AWS", "gce": "GCE", "azure": "Azure"}
_AMAZON = ("sys_vendor", "product_version", "bios_vendor")
_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")


@dataclass(frozen=True)
class _Provider:
    name: str
    is_it: Callable[[Mapping[str, str]], bool]


def _vendor(text: str) -> Callable[[Mapping[str, str]], bool]:
    return lambda found: text.lower() in found["sys_vendor"].lower()


_PROVIDERS = (
    _Provider("GCE", lambda found: "Google" in found["product_name"]),
    _Provider("AWS", lambda found: any("amazon" in found[name].lower() for name in _AMAZON)),
    _Provider("Azure", lambda found: found["chassis_asset_tag"] == _AZURE_TAG),
    _Provider("Oracle", lambda found: found["chassis_asset_tag"] == "OracleCloud.com"),
    _Provider("DigitalOcean", _vendor("DigitalOcean")),
    _Provider("Hetzner", _vendor("Hetzner")),
    _Provider("Alibaba", _vendor("Alibaba Cloud")),
    _Provider("Tencent", _vendor("Tencent Cloud")),
    _Provider("Scaleway", _vendor("Scaleway")),
    _Provider("Vultr", _vendor("Vultr")),
    _Provider("OpenStack", lambda found: found["product_name"] in ("OpenStack Nova", "OpenStack Compute")),
)
_FIELDS = ("sys_vendor", "product_name", "product_version", "bios_vendor", "chassis_asset_tag", "board_asset_tag")


def detect(root: Root) -> Cloud | None:
    """The provider, and of type, id and place what the machine knows itself; None = no sign of a cloud."""
    found = {name: dmi(root, name) or "" for name in _FIELDS}
    provider = next((provider.name for provider in _PROVIDERS if provider.is_it(found)), None)
    cloud = Cloud(provider, "dmi") if provider else _by_files(root)
    if cloud is None:
        return None
    if cloud.source == "dmi":
        cloud = _from_dmi(root, cloud, found)
    return _from_cloud_init(root, cloud)


def _from_dmi(root: Root, cloud: Cloud, found: Mapping[str, str]) -> Cloud:
    if cloud.provider == "AWS":
        product = found["product_name"]
        is_type = bool(re.fullmatch(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", product))  # Xen instances say "HVM domU"
        tag = found["board_asset_tag"]
        return replace(
            cloud,
            instance_type=product if is_type else None,
            instance_id=tag if _INSTANCE.fullmatch(tag) else None,
        )
    if cloud.provider == "Azure":
        return replace(cloud, instance_id=dmi(root, "product_uuid"))  # as cAdvisor; Azure's vmId
    if cloud.provider == "GCE":
        return replace(cloud, instance_id=_google_id(root))
    if cloud.provider in ("DigitalOcean", "Hetzner", "Vultr"):
        return replace(cloud, instance_id=dmi(root, "product_serial"))
    return cloud


def _google_id(root: Root) -> str | None:
    match = re.search(r"^instance_id\s*=\s*(\d+)\s*$", root.text(root.on_host(_GOOGLE_CONFIG)) or "", re.MULTILINE)
    return match[1] if match else None


def _by_files(root: Root) -> Cloud | None:
    """What DMI does not tell: cloud-init's finding, Amazon's Linux, a Xen domain of EC2."""
    name = _cloud_init(root).get("cloud_name")
    if isinstance(name, str) and name in _CLOUD_INIT_NAMES:
        return Cloud(_CLOUD_INIT_NAMES[name], "cloud-init")
    if (root.text(root.sys / "hypervisor/uuid", may_refuse=True) or "").startswith("ec2"):
        return Cloud("AWS", "xen")
    if "amazon" in " ".join(os_release(root).get(key, "") for key in ("ID", "NAME", "HOME_URL")).lower():
        return Cloud("AWS", "os-release")  # cAdvisor's third sign; their Linux runs elsewhere too
    return None


def _cloud_init(root: Root) -> Mapping[str, Any]:
    """The keys "v1" of cloud-init's instance data, which are the same for all clouds."""
    text = root.text(root.on_host(_CLOUD_INIT))
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        root.note(root.on_host(_CLOUD_INIT), "it is no JSON")
        return {}
    common = found.get("v1") if isinstance(found, dict) else None
    return common if isinstance(common, dict) else {}


def _from_cloud_init(root: Root, cloud: Cloud) -> Cloud:
    """What is missing still, where cloud-init found the same provider."""
    common = _cloud_init(root)
    if _CLOUD_INIT_NAMES.get(str(common.get("cloud_name"))) != cloud.provider:
        return cloud
    return replace(
        cloud,
        instance_id=cloud.instance_id or _told(common.get("instance_id")),
        region=cloud.region or _told(common.get("region")),
        zone=cloud.zone or _told(common.get("availability_zone")),
    )


def _told(value: object) -> str | None:
    return value if isinstance(value, str) and value not in ("", "unknown", "null", "None") else None
