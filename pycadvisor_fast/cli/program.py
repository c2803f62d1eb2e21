"""The program: picks the command, and turns every error meant for people into one line and an exit code."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from importlib import import_module

from .. import __version__
from ..errors import ConfigError, MissingDependencyError, PycadvisorError, RingError, SelectionError, UnsupportedError
from . import exits, flags, helptext
from .addresses import AddressError
from .command import PROGRAM, Command

# name -> module of this package that holds its COMMAND; imported only when asked for, to keep the start short
_MODULES = ("run", "host", "ls", "ps", "watch", "get", "df", "events", "snapshot", "machine")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code; see exits.py."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _dispatch(words)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader of our pipe is gone (watch | head): nobody is left to write to, and that is no failure. The
        # interpreter would flush stdout again at exit and complain; give it something that can be flushed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.OK
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except PycadvisorError as error:
        return _complain(str(error), _code_of(error))
    except ImportError as error:
        return _complain(str(error), exits.UNSUPPORTED)
    except OSError as error:
        return _complain(_os_error_text(error), exits.FAILURE)


def find(name: str) -> Command:
    """The command of that name. Raises ConfigError."""
    from ..config import nearest

    if name not in _MODULES:
        raise ConfigError(f'unknown command "{name}"{nearest(name, _MODULES)}; commands: {", ".join(_MODULES)}')
    command: Command = import_module(f".{name}", __package__).COMMAND
    return command


def overview(width: int) -> str:
    """What --help shows without a command."""
    commands = (find(name) for name in _MODULES)
    return "\n".join(
        (
            f"usage: {PROGRAM} COMMAND [flags]",
            "",
            "What every container on this host does, many times a second, for almost nothing.",
            "",
            "Commands:",
            *(helptext.entry(command.name, command.summary, width) for command in commands),
            "",
            f"{PROGRAM} COMMAND --help lists the flags of a command. Flags without a command mean run, so that a",
            "command line written for cAdvisor starts here. Every setting of the daemon is also an environment",
            "variable (PYCADVISOR_FAST_<NAME>) and a key of the TOML file; a flag wins over the environment, that over",
            "the file, that over the default.",
        )
    )


def usage(command: Command, width: int) -> str:
    """What --help shows for a command."""
    words = f" {command.words}" if command.words else ""
    shown = tuple(setting for setting in command.own if setting.help) + command.settings
    parts = [f"usage: {PROGRAM} {command.name}{words} [flags]", f"{command.summary[:1].upper()}{command.summary[1:]}."]
    if command.about:
        parts.append(command.about)
    if command.examples:
        parts.append("\n".join(("Examples:", *(f"  {PROGRAM} {example}" for example in command.examples))))
    own = {setting.name for setting in command.own}
    parts.append(helptext.flags_text((s for s in shown if s in command.own or s.name not in own), width))
    return "\n\n".join(parts)


def version() -> str:
    """The line that --version prints."""
    return f"{PROGRAM} version {__version__}"


def _dispatch(words: list[str]) -> int:
    width = shutil.get_terminal_size((100, 24)).columns
    if not words:
        print(overview(width), file=sys.stderr)
        return exits.USAGE
    if words[0] in ("-h", "-help", "--help", "help"):
        print(usage(find(words[1]), width) if words[1:] else overview(width))
        return exits.OK
    if words == ["version"] or words[0].lstrip("-") == "version":
        print(version())
        return exits.OK
    command = find("run" if words[0].startswith("-") else words[0])
    line = flags.split(words if words[0].startswith("-") else words[1:], command.known)
    if line.wants_help:
        print(usage(command, width))
        return exits.OK
    invocation = command.understand(line)
    if invocation.settings["version"]:
        print(version())
        return exits.OK
    return command.run(invocation)


def _code_of(error: PycadvisorError) -> int:
    if isinstance(error, ConfigError | SelectionError):
        return exits.USAGE
    if isinstance(error, RingError):
        return exits.RING
    if isinstance(error, MissingDependencyError | UnsupportedError):
        return exits.UNSUPPORTED
    if isinstance(error, AddressError):
        return exits.ADDRESS
    return exits.FAILURE


def _os_error_text(error: OSError) -> str:
    what = f"{error.filename}: " if error.filename else ""
    return f"{what}{error.strerror or error}"


def _complain(text: str, code: int) -> int:
    line = " ".join(text.split())
    try:
        print(f"{PROGRAM}: {line}", file=sys.stderr)
    except OSError:
        pass  # stderr is closed: the exit code has to be enough
    return code
