"""The generated parts of docs/compatibility.md: flags from the table of settings, series from the tables of /metrics.

``python -m pycadvisor_fast.cli.compatibility`` writes them into the page; a test makes them again and compares. What is
between the markers is made here, the rest of the page is written by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from ..config import ACTS, IGNORED, LATER, SETTINGS, Setting
from ..faces.exposition.family import Family
from ..faces.exposition.tables import ABSENT, FAMILIES

PAGE = "docs/compatibility.md"
_MARKED = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

_DIFFERS = {
    "listen_ip": "default `127.0.0.1`; cAdvisor's is every address. Empty means every address here too",
    "disable_metrics": "default empty; cAdvisor's names eleven kinds. What is given replaces the default in both",
    "enable_metrics": "the same rule; a kind whose group is off by default is then sampled every 10 s",
    "housekeeping_interval": "from 10 ms; of groups that are sampled every second, slower ones stay so",
    "containerd-namespace": "several, comma list; not given: every one",
    "podman": "several endpoints, comma list (a socket for each user)",
    "machine_id_file": "the prefix of the host's root goes before each path, not before the first alone",
    "boot_id_file": "the same",
    "storage_duration": "also of how long /api/v1.3 can look back",
    "store_container_labels": "the same; two labels that are equal once cleaned are both kept",
    "whitelisted_container_labels": "the same",
    "docker_only": "the same; `raw_cgroup_prefix_whitelist` acts without it as well, as there",
    "http_auth_file": "covers everything, not the web pages alone; bcrypt, apr1 and SHA",
    "http_digest_file": "covers everything; SHA-256 as well as MD5",
    "event_storage_age_limit": "cAdvisor's names of events or ours",
    "env_metadata_whitelist": "the same for every runtime; the default keeps none",
    "max_procs": "threads that compute answers; sampling is one thread",
}
_STATES = (
    (ACTS, "acts", "same"),
    (LATER, "accepted with a warning", "what it configures is not there yet"),
    (IGNORED, "accepted in silence", "there is nothing here for it to change"),
)


def page(text: str) -> str:
    """The page with its generated parts made anew. Raises KeyError for a marker that nothing is made for."""
    parts = {"flags": flags, "series": series, "absent": absent}
    return _MARKED.sub(lambda found: f"{found[1]}{parts[found[2]]()}{found[3]}", text)


def flags() -> str:
    """cAdvisor's flags by what they do here."""
    theirs = [setting for setting in SETTINGS if setting.is_cadvisors]
    out = ["| flags | here | what is different |\n|---|---|---|\n"]
    for state, shown, meaning in _STATES:
        members = [setting for setting in theirs if setting.state == state]
        plain = [setting for setting in members if setting.name not in _DIFFERS]
        out += [f"| {_names(group)} | {shown} | {meaning} |\n" for group in _by_heading(plain)]
        differing = [setting for setting in members if setting.name in _DIFFERS]
        out += [f"| `{setting.name}` | {shown} | {_DIFFERS[setting.name]} |\n" for setting in differing]
    return "".join(out)


def series() -> str:
    """cAdvisor's series, topic by topic: those that are the same together, and the others with what differs."""
    out = ["| series | here | what is different |\n|---|---|---|\n"]
    theirs = sorted((one for one in FAMILIES if _is_theirs(one)), key=lambda one: (one.topic, one.differs, one.name))
    for _, topic in groupby(theirs, key=lambda one: one.topic):
        for differs, members in groupby(topic, key=lambda one: one.differs):
            names = ", ".join(f"`{one.name}`" for one in members)
            out.append(f"| {names} | {'differs' if differs else 'same'} | {differs} |\n")
    return "".join(out)


def absent() -> str:
    """Those of cAdvisor's series that are not there."""
    out = ["| series | kind | why |\n|---|---|---|\n"]
    out += [f"| {_coded(names)} | {kind} | {why} |\n" for names, kind, why in ABSENT]
    return "".join(out)


def _is_theirs(one: Family) -> bool:
    return not one.is_extra and one.name.startswith(("container_", "machine_", "cadvisor_", "process_"))


def _by_heading(settings: Iterable[Setting]) -> Iterable[list[Setting]]:
    groups: dict[str, list[Setting]] = {}
    for setting in settings:
        groups.setdefault(setting.group, []).append(setting)
    return groups.values()


def _names(settings: Iterable[Setting]) -> str:
    return ", ".join(f"`{setting.name}`" for setting in settings)


def _coded(names: str) -> str:
    return ", ".join(f"`{name}`" if "_" in name else name for name in names.split(", "))


def main() -> int:
    """Writes the page below the current directory."""
    path = Path(PAGE)
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
