"""The program without a host: dispatch, help, exit codes, words to containers, JSON shapes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pycadvisor_fast.cli import exits, get, main, program
from pycadvisor_fast.cli.command import Command, Invocation
from pycadvisor_fast.cli.selecting import query
from pycadvisor_fast.container import Container
from pycadvisor_fast.errors import ConfigError, MissingDependencyError, PycadvisorError, RingError, SelectionError
from pycadvisor_fast.faces.snapshot import ABSENT, UNLIMITED, Capture, GroupCapture

COMMANDS = ("run", "host", "ls", "ps", "watch", "get", "snapshot", "machine")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_fits_and_names_every_flag(command: str) -> None:
    shown = program.usage(program.find(command), 80)
    assert shown.startswith(f"usage: pycadvisor-fast {command}")
    for name in program.find(command).known:
        assert f"--{name}" in shown
    # An example is copied as it is; a flag longer than the line would be no flag any more.
    too_long = [line for line in shown.splitlines() if len(line) > 120]
    assert too_long == []


def test_help_of_a_command_that_has_a_flag_of_the_daemons_name_shows_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["watch", "--help"]) == exits.OK
    shown = capsys.readouterr().out
    assert "--interval duration" in shown
    assert "GROUP=DURATION" not in shown


def test_overview_lists_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == exits.OK
    shown = capsys.readouterr().out
    assert all(f"\n  {command} " in shown for command in COMMANDS)
    assert main([]) == exits.USAGE


@pytest.mark.parametrize("words", [["--version"], ["-version"], ["version"], ["run", "--version"], ["ls", "--version"]])
def test_version(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == exits.OK
    assert capsys.readouterr().out.startswith("pycadvisor-fast version ")


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wach"]) == exits.USAGE
    assert 'unknown command "wach"; did you mean "watch"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), exits.USAGE),
        (SelectionError("x"), exits.USAGE),
        (RingError("x\ny"), exits.RING),
        (MissingDependencyError("x"), exits.UNSUPPORTED),
        (ImportError("x"), exits.UNSUPPORTED),
        (PycadvisorError("x"), exits.FAILURE),
        (OSError(13, "Permission denied", "/x"), exits.FAILURE),
        (KeyboardInterrupt(), exits.INTERRUPTED),
    ],
)
def test_errors_are_one_line_and_a_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Invocation) -> int:
        raise error

    monkeypatch.setattr(program, "find", lambda _: Command("ls", "fails", fail))
    assert main(["ls"]) == code
    assert len(capsys.readouterr().err.splitlines()) == (0 if isinstance(error, KeyboardInterrupt) else 1)


def test_python_m_is_the_program(project_root: Path) -> None:
    words = [sys.executable, "-m", "pycadvisor_fast", "--version"]
    assert b"pycadvisor-fast version" in subprocess.run(words, capture_output=True, check=True, cwd=project_root).stdout


def test_help_and_wrong_flags_load_neither_numpy_nor_grpc(project_root: Path) -> None:
    code = (
        "import sys\nfrom pycadvisor_fast.cli import main\nmain(['run', '--help'])\nmain(['run', '--nonsense'])\n"
        "assert not {'numpy', 'grpc', 'google.protobuf', 'cffi', '_cffi_backend'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=project_root, capture_output=True)


def test_words_and_flags_add_up_to_a_query() -> None:
    command = program.find("watch")
    line = program.flags.split(
        ["web-*", "/docker/*", "--name=a,b", "--name", "c", "--depth=2", "--label=x=1,2"], command.known
    )
    asked = query(command.understand(line, {}).own, line.words)
    assert asked.selector.names == ("a", "b", "c", "web-*")
    assert asked.selector.paths == ("/docker/*",)
    assert asked.selector.labels == ("x=1,2",)
    assert (asked.selector.max_depth, asked.selector.leaves_only) == (2, False)


def test_the_target_comes_from_flag_then_environment() -> None:
    command = program.find("ls")
    variable = {"PYCADVISOR_FAST_TARGET": "a:1"}
    assert command.understand(program.flags.split([], command.known), variable).own["target"] == "a:1"
    flagged = command.understand(program.flags.split(["--target=b:2"], command.known), variable)
    assert (flagged.own["target"], flagged.settings.warnings) == ("b:2", ())


ABC = Container("/docker/abc", slot=1, generation=1, runtime="docker", id="abc", name="web")
ABD = Container("/docker/abd", slot=2, generation=1, runtime="docker", id="abd", name="db")


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ("nonsense", exits.USAGE, "target: 'nonsense' is neither host:port nor unix:/path"),
        (f"{'n' * 64}.invalid:1", exits.ADDRESS, "nobody answers at nnnn"),  # no name: a label has 63 characters
    ],
)
def test_a_target_that_is_none(target: str, code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ls", f"--target={target}"]) == code
    assert message in capsys.readouterr().err


def test_a_word_is_a_name_an_id_its_beginning_or_a_path() -> None:
    both = (ABC, ABD)
    assert get.find("web", both) is ABC
    assert get.find("abd", both) is ABD
    assert get.find("abc", both) is ABC
    assert get.find("/docker/abd", both) is ABD
    with pytest.raises(PycadvisorError, match='"ab" names 2 containers: /docker/abc, /docker/abd'):
        get.find("ab", both)
    with pytest.raises(PycadvisorError, match='no container "wub"; did you mean "web"'):
        get.find("wub", both)


def sample(ticks: int = 1) -> GroupCapture:
    moments = np.arange(ticks, dtype=np.uint64) * np.uint64(10**9)
    return GroupCapture(
        "limits",
        np.arange(5, 5 + ticks, dtype=np.uint64),
        moments,
        moments,
        np.array([ABC.handle], np.uint64),
        (),
        np.zeros((ticks, 1), np.uint32),
        {
            "memory_bytes": np.full((ticks, 1), UNLIMITED),
            "pids": np.full((ticks, 1), ABSENT),
            "pids_max_events": np.arange(ticks, dtype=np.uint64).reshape(ticks, 1) * np.uint64(3),
        },
    )


def test_json_leaves_absent_out_and_says_max() -> None:
    shown = get.as_json(ABC, Capture((ABC,), {"limits": sample()}), is_window=False)
    assert shown["groups"]["limits"] == {
        "tick": 5,
        "time_unix_ns": 0,
        "values": {"memory_bytes": "max", "pids_max_events": 0},
    }
    assert shown["container"]["name"] == "web"


def test_a_window_shows_counters_by_the_second_and_gauges_by_their_range() -> None:
    capture = Capture((ABC,), {"limits": sample(3)})
    text = list(get.as_text(ABC, capture, is_window=True))
    assert text[2].startswith("limits  3 ticks, 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:02.000Z")
    assert text[3].split() == ["pids_max_events", "6", "(3", "a", "second)"]
    assert len(text) == 4
    assert get.as_json(ABC, capture, is_window=True)["groups"]["limits"]["values"]["pids_max_events"] == [0, 3, 6]
