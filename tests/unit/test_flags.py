"""Go's flag syntax."""

from __future__ import annotations

import pytest

from pycadvisor_fast.cli.flags import CommandLine, split
from pycadvisor_fast.config import BY_NAME
from pycadvisor_fast.errors import ConfigError


def parts(*words: str) -> CommandLine:
    return split(words, BY_NAME)


@pytest.mark.parametrize("words", [("-port=1",), ("--port=1",), ("-port", "1"), ("--port", "1")])
def test_four_ways_to_write_a_flag(words: tuple[str, ...]) -> None:
    assert parts(*words) == CommandLine((("port", "1"),), ())


def test_a_bool_never_takes_the_next_word() -> None:
    assert parts("-docker_only", "false") == CommandLine((("docker_only", "true"),), ("false",))
    assert parts("--docker_only=false").flags == (("docker_only", "false"),)


def test_a_value_may_look_like_a_flag_or_be_empty() -> None:
    assert parts("--docker", "-x").flags == (("docker", "-x"),)
    assert parts("--docker=").flags == (("docker", ""),)
    assert parts("--docker", "").flags == (("docker", ""),)
    assert parts("--disable_metrics=a=b").flags == (("disable_metrics", "a=b"),)


def test_two_dashes_end_the_flags() -> None:
    assert parts("a", "--", "--port", "-") == CommandLine((), ("a", "--port", "-"))


def test_words_may_stand_between_flags() -> None:
    assert parts("a", "--port=1", "b", "-").words == ("a", "b", "-")


def test_order_and_repetition_are_kept() -> None:
    assert parts("--port=1", "--port=2").flags == (("port", "1"), ("port", "2"))


def test_names_with_hyphens() -> None:
    assert parts("--docker-tls", "--containerd-namespace=x").flags == (
        ("docker-tls", "true"),
        ("containerd-namespace", "x"),
    )


def test_an_unknown_flag_names_the_nearest() -> None:
    with pytest.raises(
        ConfigError, match='unknown flag "--houskeeping_interval"; did you mean "housekeeping_interval"'
    ):
        parts("--houskeeping_interval=1s")
    with pytest.raises(ConfigError, match='did you mean "grpc_listen"'):
        parts("--grpc-listen=x")


@pytest.mark.parametrize("word", ["---port", "-=1", "--=1"])
def test_what_is_no_flag_at_all(word: str) -> None:
    with pytest.raises(ConfigError, match="is no flag"):
        parts(word)


def test_a_missing_value_says_what_to_give() -> None:
    with pytest.raises(ConfigError, match="--storage_duration needs a value: a duration"):
        parts("--storage_duration")


@pytest.mark.parametrize("word", ["-h", "--help", "-help"])
def test_help(word: str) -> None:
    assert parts(word, "--nonsense").wants_help


@pytest.mark.parametrize(
    "line",
    [
        "-logtostderr -v=4 --vmodule=*=2 -port=8080 --docker_only --housekeeping_interval=10s",
        "--storage_driver=influxdb --storage_driver_host=db:8086 --disable_metrics=percpu,sched,tcp,udp",
        "-store_container_labels=false --whitelisted_container_labels=a,b -enable_load_reader=true",
    ],
)
def test_command_lines_written_for_cadvisor(line: str) -> None:
    from pycadvisor_fast.config import load

    load(parts(*line.split()).flags, {})
