"""``python -m bench [PART ...]``: measures, prints tables, writes bench/results/latest.json and docs/benchmarks.md.

Parts: readers activity daemon loading stream scraping http discovery identity events attach rest guests (default: all).
The page is written when all parts ran at full length.
``python -m bench clean`` removes cgroups that a killed bench left behind.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from . import report
from .cgroups import clean
from .facts import facts
from .report import Part

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Runs the parts asked for; 1 when a promise was missed and --strict was given."""
    options = _options()
    if options.parts == ["clean"]:
        print(f"removed {clean()} cgroups")
        return 0
    if os.geteuid() != 0:
        print("bench: needs root: it makes cgroups and moves processes into them", file=sys.stderr)
        return 5
    clean()
    found = facts()
    parts = []
    for name in options.parts or list(PARTS):
        load = facts()["load"]
        part = PARTS[name](options)
        part.measured = f"{time.strftime('%Y-%m-%d %H:%M')}, load {load}"
        print(report.as_text(part), flush=True)
        parts.append(part)
    is_whole = not options.parts and not options.quick
    page = ROOT / "docs/benchmarks.md" if is_whole or options.write else None
    report.write(options.results, page, found, report.kept(options.results, parts) if options.keep else parts)
    missed = [target for part in parts for target in part.targets if target.verdict.startswith("MISS")]
    return 1 if missed and options.strict else 0


def _readers(options: argparse.Namespace) -> Part:
    from . import readers

    if options.few:
        return readers.measure(options.n, options.rounds, readers.FEW, ("fast",), ("busy",))
    return readers.measure(options.n, options.rounds)


def _daemon(options: argparse.Namespace) -> Part:
    from . import daemon

    return daemon.measure(options.containers, options.seconds)


def _activity(options: argparse.Namespace) -> Part:
    from . import activity

    return activity.measure(options.containers, options.rounds)


def _loading(options: argparse.Namespace) -> Part:
    from . import loading

    return loading.measure(options.rounds)


def _stream(options: argparse.Namespace) -> Part:
    from . import stream

    return stream.measure(options.containers, options.subscribers, options.seconds)


def _scraping(options: argparse.Namespace) -> Part:
    from . import scraping

    return scraping.measure(options.containers, options.seconds)


def _http(options: argparse.Namespace) -> Part:
    from . import idle_http

    return idle_http.measure(min(options.containers, 100), options.seconds)


def _discovery(options: argparse.Namespace) -> Part:
    from . import discovery

    return discovery.measure(20 if options.quick else 100)


def _identity(options: argparse.Namespace) -> Part:
    from . import identity

    return identity.measure(options.containers, 20)


def _events(options: argparse.Namespace) -> Part:
    from . import events

    return events.measure(is_quick=options.quick)


def _attach(options: argparse.Namespace) -> Part:
    from . import attached

    return attached.measure(options.containers)


def _rest(options: argparse.Namespace) -> Part:
    from . import rest

    return rest.measure(options.containers, options.rounds)


def _guests(options: argparse.Namespace) -> Part:
    from . import guests

    return guests.measure(20 if options.quick else guests.CONTAINERS, options.rounds, options.guests)


PARTS: dict[str, Callable[[argparse.Namespace], Part]] = {
    "readers": _readers,
    "activity": _activity,
    "daemon": _daemon,
    "loading": _loading,
    "stream": _stream,
    "scraping": _scraping,
    "http": _http,
    "discovery": _discovery,
    "identity": _identity,
    "events": _events,
    "attach": _attach,
    "rest": _rest,
    "guests": _guests,
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, "clean", []], metavar="PART")
    parser.add_argument("--n", type=_numbers, help="containers for the readers, default 10,100,1000,5000")
    parser.add_argument("--containers", type=int, help="containers for the other parts, default 1000")
    parser.add_argument("--subscribers", type=_numbers, help="default 1,10,100")
    parser.add_argument("--rounds", type=int, help="rounds of the readers, default 7")
    parser.add_argument("--seconds", type=float, help="length of each measurement of the daemon, default 10")
    parser.add_argument("--quick", action="store_true", help="a smoke test: small and short, nothing to conclude from")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md even so")
    parser.add_argument("--keep", action="store_true", help="parts not measured now stay as they were last measured")
    parser.add_argument("--few", action="store_true", help="readers: fewer methods, busy, what is read every second")
    parser.add_argument("--guests", type=_words, default=("6.1", "6.12", "7"), help="kernels of the part guests")
    parser.add_argument("--results", type=Path, default=ROOT / "bench/results", help="folder of the JSON file")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a promise is missed")
    options = parser.parse_args()
    full = {"n": (10, 100, 1000, 5000), "containers": 1000, "subscribers": (1, 10, 100), "rounds": 7, "seconds": 10.0}
    quick = {"n": (10,), "containers": 20, "subscribers": (1, 2), "rounds": 3, "seconds": 1.0}
    for name, value in (quick if options.quick else full).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def _words(text: str) -> Sequence[str]:
    return tuple(text.split(","))


def _numbers(text: str) -> Sequence[int]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
