"""Command lines in the syntax of Go's flag package, so that a command line written for cAdvisor means the same here.

``-x=v``, ``--x=v``, ``-x v`` and ``--x v``; a bool only ``-x`` or ``-x=true``; ``--`` ends the flags; last one wins.
Unlike Go, words that are no flags may stand between flags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..config import Setting, nearest
from ..config.values import BOOL
from ..errors import ConfigError

_HELP = frozenset({"h", "help"})

S = TypeVar("S", bound=Setting)


@dataclass(frozen=True)
class CommandLine:
    """A command line taken apart: flags in the order given as (name, text), and the words that are no flags."""

    flags: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    wants_help: bool = False


def split(arguments: Sequence[str], known: Mapping[str, Setting]) -> CommandLine:
    """Takes a command line apart. Raises ConfigError, one line, for an unknown flag or a missing value."""
    flags: list[tuple[str, str]] = []
    words: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            words += rest
            break
        if not word.startswith("-") or word == "-":
            words.append(word)
            continue
        name, sign, text = _name_of(word)
        if name in _HELP and name not in known:
            return CommandLine((), (), wants_help=True)
        setting = _find(name, known)
        if not sign:
            text = _implied(setting, rest)
        flags.append((setting.name, text))
    return CommandLine(tuple(flags), tuple(words))


def _name_of(word: str) -> tuple[str, str, str]:
    name, sign, text = (word[2:] if word.startswith("--") else word[1:]).partition("=")
    if not name or name.startswith("-"):
        raise ConfigError(f'"{word}" is no flag: write --name=value')
    return name, sign, text


def _find(name: str, known: Mapping[str, S]) -> S:
    if name in known:
        return known[name]
    raise ConfigError(f'unknown flag "--{name}"{nearest(name, known)}; --help lists all')


def _implied(setting: Setting, rest: list[str]) -> str:
    """The value of a flag written without "=": true for a bool, else the next word, whatever it looks like."""
    if setting.type is BOOL:
        return "true"
    if not rest:
        raise ConfigError(f"--{setting.name} needs a value: {setting.type.expected}")
    return rest.pop(0)
