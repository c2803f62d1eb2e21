"""The daemon behind its door: what keeps it from starting, and who gets an answer."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .test_cli_daemon import PROGRAM, Daemon, environment

pytestmark = pytest.mark.root
TOKEN = "a-token-of-the-test-0123456789"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder on tmpfs; what runs in it is ended."""
    place = Path(f"/dev/shm/pcf-door-{tmp_path.name}")
    place.mkdir(mode=0o700)
    yield place
    for running in Daemon.all:
        if place in running.ring.parents:
            running.end(signal.SIGKILL)
    subprocess.run(["rm", "-rf", str(place)], check=True)


def private(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words], capture_output=True, text=True, check=False, env=environment(), timeout=60
    )


@pytest.mark.parametrize(
    ("flag", "content", "words"),
    [
        ("http_auth_file", "alice:plain\n", ":1: the hash is neither bcrypt"),
        ("token_file", f"a {TOKEN}\nb short\n", ":2: the token has 5 characters"),
        ("http_digest_file", "alice:elsewhere:" + "0" * 32, ': no line is of the realm "localhost"'),
        ("tls_cert", "x", "one of the two is not set"),
    ],
)
def test_a_broken_file_keeps_it_from_starting(folder: Path, flag: str, content: str, words: str) -> None:
    path = private(folder / "file", content)
    done = command("run", f"--ring_dir={folder}/ring", f"--grpc_listen=unix:{folder}/s", f"--{flag}={path}")
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (folder / "ring").exists(), "nothing is left behind"


def test_commands_get_in_with_a_token_and_not_without(folder: Path) -> None:
    tokens = private(folder / "tokens", f"reader {TOKEN}\n")
    login = private(folder / "login", TOKEN)
    daemon = Daemon(folder, f"--token_file={tokens}")
    daemon.ready()
    target = f"--target={daemon.target}"
    assert command("ls", target, f"--login_file={login}").returncode == 0
    assert "UNAUTHENTICATED" in command("ls", target).stderr
    assert 'lacks the scope "processes"' in command("ps", target, f"--login_file={login}").stderr
    private(tokens, "broken\n")
    watched = command("watch", target, f"--login_file={login}", "--count=2", "--format=jsonl")
    assert watched.returncode == 0, "the file as it was before it broke"
    assert daemon.end() == 0


def test_root_by_the_kernels_word(folder: Path) -> None:
    daemon = Daemon(folder, "--peer_uids=root")
    daemon.ready()
    assert command("ps", f"--target={daemon.target}").returncode == 0
    assert daemon.end() == 0
