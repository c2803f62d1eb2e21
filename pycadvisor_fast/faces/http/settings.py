"""What the HTTP face has been told: plain data, made once from the settings of the command."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pycadvisor_fast
from pycadvisor_fast.config.kinds import GROUPS_OF_KIND, is_on
from pycadvisor_fast.errors import ConfigError

from .limits import Limits

if TYPE_CHECKING:
    from pycadvisor_fast.config import Settings

MOST_WORKERS = 4  # what they run is short, and the sampling thread wants a core too


@dataclass(frozen=True)
class HttpSettings:
    """Settings of the routes. ``prefix`` is empty or begins with "/" and does not end with one."""

    prefix: str = ""
    prometheus_endpoint: str = "/metrics"
    prometheus_extras: bool = False
    prometheus_created: bool = False
    dead_container_grace_ns: int = 120 * 10**9
    """How long containers that have ended are in our own series; 0: never."""
    compat: str = "fixed"
    """ "fixed": cAdvisor's defects are mended; "strict": as cAdvisor answers, where a client could break otherwise."""
    store_labels: bool = True
    kept_labels: tuple[str, ...] = ()
    env_prefixes: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset(GROUPS_OF_KIND)
    """cAdvisor's metric kinds that are on."""
    version: str = pycadvisor_fast.__version__
    workers: int = MOST_WORKERS
    """Threads for what may block or computes."""
    limits: Limits = field(default_factory=Limits)

    @property
    def is_strict(self) -> bool:
        """Whether cAdvisor's defects are kept where clients may rely on them."""
        return self.compat == "strict"


def http_settings(settings: Settings) -> HttpSettings:
    """From the command's settings. Raises ConfigError for a path that is none."""
    enabled, disabled = settings["enable_metrics"], settings["disable_metrics"]
    return HttpSettings(
        prefix=_prefix(settings["url_base_prefix"]),
        prometheus_endpoint=_endpoint(settings["prometheus_endpoint"]),
        prometheus_extras=settings["prometheus_extras"],
        prometheus_created=settings["prometheus_created"],
        dead_container_grace_ns=settings["dead_container_grace"],
        compat=settings["compat"],
        store_labels=settings["store_container_labels"],
        kept_labels=tuple(settings["whitelisted_container_labels"]),
        env_prefixes=tuple(settings["env_metadata_whitelist"]),
        kinds=frozenset(kind for kind in GROUPS_OF_KIND if is_on(kind, enabled, disabled)),
        workers=_workers(settings["max_procs"]),
        limits=Limits(connections=settings["http_max_connections"]),
    )


def _workers(max_procs: int) -> int:
    """As many as GOMAXPROCS would allow; below 1: one a core, within reason."""
    return max_procs if max_procs >= 1 else min(MOST_WORKERS, os.cpu_count() or 1)


def _prefix(text: str) -> str:
    path = text.strip("/")
    return _checked("url_base_prefix", f"/{path}") if path else ""


def _endpoint(text: str) -> str:
    if not text.startswith("/") or text == "/":
        raise ConfigError(f'prometheus_endpoint: "{text}" is no path of its own; give one like /metrics')
    return _checked("prometheus_endpoint", text)


def _checked(name: str, path: str) -> str:
    """A path that a request can name as it stands: nothing that path cleaning or percent-decoding would change."""
    parts = path.split("/")[1:]
    if not path.isascii() or not path.isprintable() or set(path) & set('%?#{}\\" ') or {"", ".", ".."} & set(parts):
        raise ConfigError(f'{name}: "{path}" is no plain path; letters, digits, "-", "_", "." and single "/" are')
    return path
