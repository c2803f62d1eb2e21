"""What a command is: plain data that the program dispatches on, and that --help is written from."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..config import BY_NAME, SETTINGS, Setting, Settings, load
from ..config.values import merge_intervals
from ..errors import ConfigError
from . import flags

PROGRAM = "pycadvisor-fast"


@dataclass(frozen=True)
class Invocation:
    """A command line understood: the daemon's settings, the command's own flags by name, and the words."""

    settings: Settings
    own: Mapping[str, Any]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Command:
    """One command. ``settings``: the daemon's settings it heeds; ``own``: flags it alone has."""

    name: str
    summary: str
    run: Callable[[Invocation], int]
    settings: tuple[Setting, ...] = SETTINGS
    own: tuple[Setting, ...] = ()
    words: str = ""  # how its words are called in the usage line, "" = it takes none
    most_words: int = 0
    about: str = ""
    examples: tuple[str, ...] = field(default=())

    @property
    def known(self) -> dict[str, Setting]:
        """All its flags by name; its own hide a setting of the same name."""
        return {setting.name: setting for setting in (*self.settings, *self.own)}

    def understand(self, line: flags.CommandLine, environment: Mapping[str, str] = os.environ) -> Invocation:
        """Values for a command line. Raises ConfigError."""
        if len(line.words) > self.most_words:
            raise ConfigError(f'{self.name}: unexpected argument "{line.words[self.most_words]}"')
        names = {setting.name for setting in self.own}
        settings = load(
            [flag for flag in line.flags if flag[0] not in names], environment, {s.environment for s in TARGET_FLAGS}
        )
        return Invocation(settings, self._own_values(line.flags, environment), line.words)

    def _own_values(self, given: Sequence[tuple[str, str]], environment: Mapping[str, str]) -> dict[str, Any]:
        by_name = {setting.name: setting for setting in self.own}
        out = {setting.name: setting.default for setting in self.own}
        for setting in TARGET_FLAGS:
            if setting.name in by_name and environment.get(setting.environment):
                out[setting.name] = environment[setting.environment]
        seen: set[str] = set()
        for name, text in given:
            if name in by_name:
                out[name] = _parsed(by_name[name], text, out[name] if name in seen else None)
                seen.add(name)
        return out


def _parsed(setting: Setting, text: str, earlier: Any) -> Any:
    try:
        value = setting.type.parse(text)
    except ValueError as error:
        raise ConfigError(f"--{setting.name}: {error}; give {setting.type.expected}") from None
    if not setting.type.is_merged or earlier is None:
        return value
    return merge_intervals(earlier, value) if isinstance(value, dict) else (*earlier, *value)


def settings_named(*names: str) -> tuple[Setting, ...]:
    """Settings of the daemon that a command heeds, by name."""
    return tuple(BY_NAME[name] for name in names)


# Here and not with the commands that have them: the daemon must not take their environment variables for mistyped ones.
TARGET = Setting(
    "target",
    BY_NAME["ring_dir"].type,
    "",
    "Where from",
    "address of the daemon (host:port or unix:/path); default: the addresses of grpc_listen, then the ring itself",
)
TLS_CA = Setting(
    "tls_ca",
    BY_NAME["ring_dir"].type,
    "",
    "Where from",
    'the daemon speaks TLS: file of the authority that signed its certificate, or "system"',
)
LOGIN_FILE = Setting(
    "login_file",
    BY_NAME["ring_dir"].type,
    "",
    "Where from",
    "the daemon asks who is there: file with one line, a token or NAME:PASSWORD",
)
TARGET_FLAGS = (TARGET, TLS_CA, LOGIN_FILE)
