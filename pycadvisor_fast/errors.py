"""Errors a user of the package can meet. Each message says what failed, on what, and what to do."""

from __future__ import annotations


class PycadvisorError(Exception):
    """Base of all errors raised on purpose by pycadvisor_fast."""


class ConfigError(PycadvisorError):
    """A flag, environment variable or config file entry is wrong. The command exits with status 2."""


class SelectionError(PycadvisorError, ValueError):
    """A request names a container selector, group or column that does not exist or does not parse."""


class NotServedError(SelectionError):
    """What is asked for exists, and this host or its settings do not give it."""


class RingError(PycadvisorError):
    """A ring directory cannot be created, mapped or trusted."""


class TornError(RingError):
    """The tick was overwritten while it was read: take a newer one."""


class NativeError(PycadvisorError, OSError):
    """A call into libpcf failed. ``errno`` is the positive errno of the failing system call."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(abs(code), text)
        self.text = text

    def __str__(self) -> str:
        return self.text


class MissingDependencyError(PycadvisorError, ImportError):
    """An optional dependency is not installed; the message names the extra to install."""


class UnsupportedError(PycadvisorError):
    """This host cannot do it: no cgroups, no procfs, no permission that could be had another way."""
