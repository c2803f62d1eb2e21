"""Passwords are checked aside, a few at a time, each good one once; addresses that are wrong too often wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.door import passwords as p
from pycadvisor_fast.door.failures import MOST_ADDRESSES, Failures, bucket_name
from pycadvisor_fast.door.files import Watched
from pycadvisor_fast.door.htpasswd import Htpasswd, is_right, parse_htpasswd
from pycadvisor_fast.door.passwords import Passwords
from pycadvisor_fast.door.refusals import BusyError, TooManyFailuresError

from .door_rig import HTPASSWD, PASSWORDS, Clock, written

ADDRESS = "192.0.2.1"


class Rig:
    """Passwords whose check is counted, and can be held up."""

    def __init__(self, folder: Path, a_minute: int = 30) -> None:
        self.clock = Clock()
        self.path = written(folder / "htpasswd", HTPASSWD)
        self.failures = Failures(a_minute, self.clock)
        self.file: Watched[Htpasswd] = Watched(str(self.path), "http_auth_file", parse_htpasswd, self.clock)
        self.asked: list[tuple[bytes, str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.passwords = Passwords(self.file, self.failures, self._check, self.clock)

    def _check(self, password: bytes, hashed: str) -> bool:
        self.asked.append((password, hashed))
        assert self.gate.wait(20)
        return is_right(password, hashed)

    async def verify(self, name: str, password: str | bytes, address: str = ADDRESS) -> bool:
        given = password.encode() if isinstance(password, str) else password
        return await self.passwords.verify(name, given, address)


def with_rig(folder: Path, main: Callable[[Rig], Any], **how: Any) -> None:
    rig = Rig(folder, **how)

    async def bounded() -> None:
        async with asyncio.timeout(30):
            await main(rig)

    try:
        asyncio.run(bounded())
    finally:
        rig.gate.set()
        rig.passwords.close()


@pytest.mark.parametrize("name", PASSWORDS)
def test_each_kind_of_hash(tmp_path: Path, name: str) -> None:
    async def main(rig: Rig) -> None:
        assert await rig.verify(name, PASSWORDS[name])
        for wrong in ("", PASSWORDS[name] + "x", PASSWORDS[name][:-1], PASSWORDS[name].upper()):
            assert not await rig.verify(name, wrong)

    with_rig(tmp_path, main)


@pytest.mark.parametrize("password", [b"\0", b"secret\0", b"\xff\xfe", b"x" * 100, b"x" * 5000, "käse".encode()])
@pytest.mark.parametrize("name", ["alice", "bob", "carol", "nobody", "", "\udcff"])
def test_odd_passwords_are_wrong_and_nothing_else(tmp_path: Path, name: str, password: bytes) -> None:
    async def main(rig: Rig) -> None:
        assert not await rig.verify(name, password)
        assert rig.failures.total == 1

    with_rig(tmp_path, main)


def test_a_good_password_is_hashed_once_and_again_after_five_minutes(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        for _ in range(5):
            assert await rig.verify("alice", "secret")
        assert rig.passwords.checked == len(rig.asked) == 1
        rig.clock.now += p.KNOWN_FOR_SECONDS + 1
        assert await rig.verify("alice", "secret")
        assert rig.passwords.checked == 2

    with_rig(tmp_path, main)


def test_what_is_remembered_is_not_the_password(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        assert await rig.verify("alice", "secret")
        for key, value in vars(rig.passwords).items():
            assert "secret" not in repr(value), key
        assert not await rig.verify("alic", "esecret"), "the border between name and password counts"

    with_rig(tmp_path, main)


def test_a_wrong_one_is_hashed_each_time_and_a_stranger_costs_the_same(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        assert not await rig.verify("alice", "guess")
        assert not await rig.verify("alice", "guess")
        assert not await rig.verify("mallory", "guess")
        assert len(rig.asked) == 3
        assert rig.asked[2] == rig.asked[0], "the decoy is of the dearest kind in the file, here alice's"

    with_rig(tmp_path, main)


def test_the_decoys_own_password_lets_nobody_in(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        for _ in range(2):
            assert not await rig.verify("mallory", "secret")

    with_rig(tmp_path, main)


def test_a_changed_file_forgets_what_was_good(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        assert await rig.verify("alice", "secret")
        written(rig.path, "bob:$apr1$mjTu4BuN$WmFI.wepZDKA8JW7lrHNd.\n")
        rig.clock.now += 2
        assert not await rig.verify("alice", "secret")
        assert await rig.verify("bob", "hunter2")

    with_rig(tmp_path, main)


def test_a_broken_file_keeps_the_users(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        written(rig.path, "bob:plain\n")
        rig.clock.now += 2
        assert await rig.verify("alice", "secret")
        assert ":1: the hash is neither" in rig.file.trouble

    with_rig(tmp_path, main)


def test_the_same_credentials_at_once_are_hashed_once(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        rig.gate.clear()
        tasks = [asyncio.create_task(rig.verify("alice", "secret")) for _ in range(20)]
        await asyncio.sleep(0)
        tasks[0].cancel()  # its connection broke: the others still want to know
        rig.gate.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert answers[1:] == [True] * 19
        assert len(rig.asked) == 1
        assert rig.failures.addresses == 0

    with_rig(tmp_path, main)


def test_a_flood_waits_at_most_so_long_a_queue(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        rig.gate.clear()
        tasks = []
        for number in range(p.MOST_WAITING):
            tasks.append(asyncio.create_task(rig.verify("alice", f"guess {number}", f"10.0.0.{number}")))
            await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await rig.verify("alice", "one more", "10.0.1.1")
        assert len(rig.asked) <= p.WORKERS, "so many threads and no more"
        rig.gate.set()
        assert await asyncio.gather(*tasks) == [False] * p.MOST_WAITING
        assert await rig.verify("alice", "secret")

    with_rig(tmp_path, main)


def test_one_address_does_not_take_all_the_places(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        rig.gate.clear()
        tasks = []
        for number in range(p.MOST_FROM_ONE):
            tasks.append(asyncio.create_task(rig.verify("alice", f"guess {number}")))
            await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await rig.verify("alice", "one more")
        tasks.append(asyncio.create_task(rig.verify("bob", "hunter2", "192.0.2.2")))
        await asyncio.sleep(0)
        rig.gate.set()
        assert await asyncio.gather(*tasks) == [False] * p.MOST_FROM_ONE + [True]
        assert not rig.passwords._asking

    with_rig(tmp_path, main)


def test_the_loop_goes_on_while_a_password_is_checked(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        assert await rig.verify("bob", "hunter2")
        rig.gate.clear()
        task = asyncio.create_task(rig.verify("alice", "secret"))
        await asyncio.sleep(0)
        assert await rig.verify("bob", "hunter2"), "known: not behind the other in a queue"
        assert not task.done()
        rig.gate.set()
        assert await task

    with_rig(tmp_path, main)


def test_an_address_that_is_wrong_too_often_waits_and_no_other(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        assert await rig.verify("bob", "hunter2")
        for number in range(3):
            assert not await rig.verify("alice", f"guess {number}")
        for name, password in (("alice", "guess"), ("alice", "secret"), ("bob", "hunter2")):
            with pytest.raises(TooManyFailuresError) as caught:
                await rig.verify(name, password)
            assert 0 < caught.value.after <= 20, "three a minute"
        asked = len(rig.asked)
        assert asked == 4, "not looked at, not even against what is known: that would be an oracle"
        assert await rig.verify("alice", "secret", "192.0.2.2")
        rig.clock.now += 20
        assert await rig.verify("alice", "secret")
        assert (rig.failures.total, rig.failures.refused) == (3, 3)

    with_rig(tmp_path, main, a_minute=3)


def test_right_ones_are_never_held_up_however_many(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        for _ in range(3):
            assert await asyncio.gather(*(rig.verify(name, PASSWORDS[name]) for name in PASSWORDS)) == [True] * 3
            rig.clock.now += p.KNOWN_FOR_SECONDS + 1

    with_rig(tmp_path, main, a_minute=3)


# ---- failures alone


def test_addresses_are_counted_by_network() -> None:
    assert bucket_name("192.0.2.1") == "192.0.2.1"
    assert bucket_name("::ffff:192.0.2.1") == "192.0.2.1"
    assert bucket_name("2001:db8::1") == bucket_name("2001:db8::2:3") != bucket_name("2001:db8:0:1::1")
    assert bucket_name("fe80::1%eth0") == "fe80::/64"
    assert bucket_name("uid 1000") == "uid 1000"


def test_no_flood_of_addresses_fills_the_memory() -> None:
    failures = Failures(5, Clock())
    for number in range(MOST_ADDRESSES + 500):
        failures.take(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert failures.addresses == MOST_ADDRESSES


def test_tries_come_back_with_time_and_never_more_than_at_first() -> None:
    clock = Clock()
    failures = Failures(6, clock)
    for _ in range(6):
        failures.take("a")
    with pytest.raises(TooManyFailuresError, match="again in 10 s"):
        failures.take("a")
    clock.now += 10
    failures.take("a")
    with pytest.raises(TooManyFailuresError):
        failures.check("a")
    clock.now += 10_000
    for _ in range(6):
        failures.take("a")
    with pytest.raises(TooManyFailuresError):
        failures.take("a")


def test_zero_is_no_limit() -> None:
    failures = Failures(0)
    for _ in range(1000):
        failures.take("a")
        failures.check("a")
    assert failures.addresses == 0


def test_the_log_is_not_flooded(caplog: pytest.LogCaptureFixture) -> None:
    failures = Failures(1, Clock())
    for number in range(100):
        failures.take(f"10.0.0.{number}")
    assert len(caplog.records) == 1
