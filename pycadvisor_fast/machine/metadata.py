"""What a cloud's metadata service says of an instance: asked only when told to, and only the one of the cloud found.

Each is plain HTTP on a link-local address; headers keep a forged request from being answered. Documentation: EC2
"Retrieve instance metadata" (IMDSv2), Compute Engine "About VM metadata", Azure "Instance Metadata Service".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from .model import Cloud

ADDRESS = "169.254.169.254"
_TIMEOUT_SECONDS = 1.0  # for each of a handful of requests, in a thread where nobody waits
_MOST_BYTES = 64 * 1024
_AZURE_QUERY = "/metadata/instance/compute?api-version=2021-02-01&format=json"


class MetadataError(Exception):
    """The service does not answer, or not as its documentation says."""


@dataclass(frozen=True)
class _Service:
    """One connection's worth of requests. ``port`` is 80 but in tests."""

    host: str
    port: int
    timeout_s: float

    def get(self, path: str, headers: Mapping[str, str], method: str = "GET") -> str:
        """The body of a 200; redirects are not followed. Raises MetadataError."""
        import http.client  # 2 MiB of memory, for the few who ask

        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout_s)
        try:
            connection.request(method, path, headers=dict(headers))
            response = connection.getresponse()
            body = response.read(_MOST_BYTES + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise MetadataError(f"{method} {path}: {type(error).__name__}: {error}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise MetadataError(f"{method} {path}: status {response.status}")
        if len(body) > _MOST_BYTES:
            raise MetadataError(f"{method} {path}: the answer is longer than {_MOST_BYTES} bytes")
        return body.decode("utf-8", "replace").strip()


def ask(cloud: Cloud, host: str = ADDRESS, port: int = 80, timeout_s: float = _TIMEOUT_SECONDS) -> Cloud:
    """``cloud`` with type, id and place as the service has them; the same where nobody knows how to ask.

    Blocks for some requests of ``timeout_s``. Raises MetadataError.
    """
    question = _QUESTIONS.get(cloud.provider)
    return question(_Service(host, port, timeout_s), cloud) if question else cloud


def _aws(service: _Service, cloud: Cloud) -> Cloud:
    token = service.get("/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"}, "PUT")
    headers = {"X-aws-ec2-metadata-token": _one_line(token)}
    base = "/latest/meta-data"
    return _told(
        cloud,
        instance_id=service.get(f"{base}/instance-id", headers),
        instance_type=service.get(f"{base}/instance-type", headers),
        region=service.get(f"{base}/placement/region", headers),
        zone=service.get(f"{base}/placement/availability-zone", headers),
    )


def _gce(service: _Service, cloud: Cloud) -> Cloud:
    headers = {"Metadata-Flavor": "Google", "Host": "metadata.google.internal"}
    base = "/computeMetadata/v1/instance"
    zone = service.get(f"{base}/zone", headers).rpartition("/")[2]  # projects/123/zones/europe-west1-b
    return _told(
        cloud,
        instance_id=service.get(f"{base}/id", headers),
        instance_type=service.get(f"{base}/machine-type", headers).rpartition("/")[2],
        region=zone.rpartition("-")[0],
        zone=zone,
    )


def _azure(service: _Service, cloud: Cloud) -> Cloud:
    text = service.get(_AZURE_QUERY, {"Metadata": "true"})
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise MetadataError(f"GET {_AZURE_QUERY}: the answer is no JSON object")
    texts = {key: value for key, value in found.items() if isinstance(value, str)}
    return _told(
        cloud,
        instance_id=texts.get("vmId", ""),
        instance_type=texts.get("vmSize", ""),
        region=texts.get("location", ""),
        zone=texts.get("zone", ""),
    )


def _told(cloud: Cloud, **fields: str) -> Cloud:
    """What the service says wins over what the machine guessed; what it leaves empty does not."""
    return replace(cloud, **{name: _one_line(text) for name, text in fields.items() if text})


def _one_line(text: str) -> str:
    if not text.isprintable() or len(text) > 1024:
        raise MetadataError(f"{text[:40]!r} is no name")
    return text


_QUESTIONS: dict[str, Callable[[_Service, Cloud], Cloud]] = {"AWS": _aws, "GCE": _gce, "Azure": _azure}
