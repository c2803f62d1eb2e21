"""Boots each guest once and runs the tests that need its kernel: see docs in tests/guest/vm.py and selection.py.

What came back lies in build/guest/NAME: output, console, c-tests and junit.xml.
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.guest import headers, selection, vm
from tests.guest.kernels import GuestError

BUILD = Path(os.environ.get("PCF_C_BUILD", "build/c"))
GUESTS = (
    vm.Guest("6.1", "v2"),
    vm.Guest("6.1", "v1", psi=False),  # the last Debian kernel with the v1 memory controller
    vm.Guest("6.1", "hybrid"),
    vm.Guest("6.12", "v2"),
    vm.Guest("7", "v2"),  # the newest in Debian's archive: the first with memory figures for eBPF
)
WITH_HEADERS = vm.Guest("6.1", "v2")  # for bcc: compiling takes half a minute there
SYSTEMD = vm.Guest("6.12", "v2", systemd=True)
THE_ONE = vm.Guest("6.12", "v2")  # also runs what needs a machine to throw away, but no particular kernel
LIMIT_SECONDS = 900  # some 150 on two cores that are free


EMULATED = "pick_task_fair|static_key|jump_label|text_poke"  # see run_again_after_emulation


def run_again_after_emulation(guest: vm.Guest, command: list[str], folder: Path, **options: Any) -> vm.Result:
    """A guest, once more if its kernel died in code that it was rewriting at that moment.

    QEMU's emulation lets one CPU run the second half of a jump that another is patching, now and then (seen in
    pick_task_fair as a quota is set); no real CPU does. One thread for all CPUs (vm.DEVICES) should leave nothing of
    that; where it does all the same, the guest gets a second try. Any other death stands, and so does a second
    one. The console of the first is kept as ``console.first``.
    """
    try:
        return vm.run(guest, command, folder=folder, **options)
    except GuestError as error:
        console = (folder / "console").read_text(errors="replace")
        if "Kernel panic" not in console or not re.search(rf"RIP: \S+:({EMULATED})", console):
            raise
        (folder / "console.first").write_text(console)
        print(f"{guest.name}: once more after a death by emulation: {str(error)[:200]}")
        return vm.run(guest, command, folder=folder, **options)


def script(guest: vm.Guest, build: Path) -> str:
    """What runs in a guest: under systemd only what needs it."""
    if guest.systemd:
        return selection.python_script("guest_inside and systemd")
    marks = "guest_inside and not systemd" + ("" if guest == THE_ONE else " and not one_guest")
    return selection.script(build, marks, guest.layout)


@pytest.fixture(scope="session")
def booted(project_root: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[vm.Guest], vm.Result]]:
    """Boots the guests of the selected tests side by side, as many as there are cores; a call waits for one."""
    tests = (item for item in request.session.items if isinstance(item, pytest.Function))
    wanted = {test.callspec.params["guest"]: None for test in tests}
    cores = os.cpu_count() or 1
    running: dict[vm.Guest, Future[vm.Result]] = {}
    with ThreadPoolExecutor(max_workers=cores) as pool:

        def submit(guest: vm.Guest) -> Future[vm.Result]:
            folder = project_root / "build" / "guest" / guest.name
            command = ["bash", "-c", script(guest, project_root / BUILD)]
            given = {"BCC_KERNEL_SOURCE": str(headers.fetch(guest.series))} if guest == WITH_HEADERS else {}
            options: dict[str, Any] = {"cwd": project_root, "environment": given, "timeout": LIMIT_SECONDS}
            return pool.submit(run_again_after_emulation, guest, command, folder, **options)

        def result(guest: vm.Guest) -> vm.Result:
            if not running:
                running.update({each: submit(each) for each in wanted})
            return running[guest].result()

        yield result


@pytest.mark.parametrize("guest", GUESTS, ids=lambda guest: guest.name)
def test_c_tests_pass(booted: Callable[[vm.Guest], vm.Result], guest: vm.Guest) -> None:
    result = booted(guest)
    verdicts = (result.folder / "c-tests").read_text().split("\n")
    ran = dict(line.split() for line in verdicts if line)
    assert ran, f"no C test ran: build them first (make c-tests); {BUILD} has none"
    failed = [name for name, status in ran.items() if status != "0"]
    assert not failed, "\n".join(f"{name}: {ran[name]}\n{selection.said_by(name, result.output)}" for name in failed)


@pytest.mark.parametrize("guest", [*GUESTS, SYSTEMD], ids=lambda guest: guest.name)
def test_python_tests_pass(booted: Callable[[vm.Guest], vm.Result], guest: vm.Guest) -> None:
    result = booted(guest)
    report = result.folder / "junit.xml"
    assert report.exists(), f"pytest did not report: {result.output[-4000:]}"
    cases = list(ElementTree.parse(report).iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = [case for case in cases if case.find("skipped") is not None]
    print(f"{guest.name}: {len(cases) - len(failed) - len(skipped)} passed, {len(skipped)} skipped")
    assert not failed, "\n\n".join(describe(case) for case in failed)
    assert len(cases) > len(skipped), "no test ran inside"
    assert result.status == 0, result.output[-4000:]


def describe(case: ElementTree.Element) -> str:
    """Name and traceback of a test that failed inside."""
    trouble = [text.text or text.get("message") or "" for text in case if text.tag in ("failure", "error")]
    return f"{case.get('classname')}.{case.get('name')}:\n" + "\n".join(trouble)
