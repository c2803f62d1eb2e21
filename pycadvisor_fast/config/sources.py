"""Where settings come from, and which one wins: flag, then environment, then TOML file, then default."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import ConfigError
from .table import BY_NAME, LATER, SETTINGS, Setting
from .values import merge_intervals, nearest

_PREFIX = "PYCADVISOR_FAST_"
# What Kubernetes puts into every pod of a namespace with a service called "pycadvisor-fast" (and Docker's old links
# did): PYCADVISOR_FAST_PORT=tcp://10.0.0.1:8081, PYCADVISOR_FAST_SERVICE_HOST=... Not meant for us.
_SERVICE_LINK = re.compile(_PREFIX + r"(SERVICE_(HOST|PORT)\w*|PORT_\d+_(TCP|UDP|SCTP)\w*)")


class Settings:
    """All settings by name (``settings["reader"]``), where each came from, and warnings to log."""

    def __init__(self, by_name: Mapping[str, Any], origins: Mapping[str, str], warnings: Sequence[str] = ()) -> None:
        self.by_name = by_name
        self.origins = origins
        self.warnings = tuple(warnings)

    def __getitem__(self, name: str) -> Any:
        return self.by_name[name]

    def origin(self, name: str) -> str:
        """Where its value came from: "flag", "environment", the path of a file, or "default"."""
        return self.origins.get(name, "default")

    def is_given(self, name: str) -> bool:
        """Whether anybody set it, be it to its default."""
        return name in self.origins


def load(
    flags: Sequence[tuple[str, str]] = (),
    environment: Mapping[str, str] | None = None,
    known_elsewhere: Iterable[str] = (),
) -> Settings:
    """Settings from flags (name and text, in the order given), environment and the TOML file.

    ``known_elsewhere``: further variable names with our prefix that are not settings of the daemon.
    Raises ConfigError, one line, for anything wrong in any of the three.
    """
    variables = os.environ if environment is None else environment
    flag_values = _from_flags(flags)
    environment_values, warnings = _from_environment(variables, set(known_elsewhere))
    path, is_required = _config_path(flag_values, environment_values)
    file_values = _from_file(path, is_required) if path else {}
    values: dict[str, Any] = {setting.name: setting.default for setting in SETTINGS}
    origins: dict[str, str] = {}
    for origin, layer in ((path, file_values), ("environment", environment_values), ("flag", flag_values)):
        for name, value in layer.items():
            values[name] = merge_intervals(values[name], value) if BY_NAME[name].type.is_merged else value
            origins[name] = origin
    return Settings(values, origins, (*warnings, *_not_served(origins)))


def parse_flag(setting: Setting, text: str) -> Any:
    """The value of a flag's text. Raises ConfigError."""
    try:
        return setting.type.parse(text)
    except ValueError as error:
        raise ConfigError(f"--{setting.name}: {error}; give {setting.type.expected}") from None


def _from_flags(flags: Sequence[tuple[str, str]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, text in flags:
        setting = BY_NAME[name]
        value = parse_flag(setting, text)
        out[name] = merge_intervals(out.get(name, {}), value) if setting.type.is_merged else value
    return out


def _from_environment(variables: Mapping[str, str], elsewhere: set[str]) -> tuple[dict[str, Any], list[str]]:
    by_variable = {setting.environment: setting for setting in SETTINGS}
    out: dict[str, Any] = {}
    warnings = []
    for variable in sorted(name for name in variables if name.startswith(_PREFIX)):
        text = variables[variable]
        if not text or variable in elsewhere or _SERVICE_LINK.fullmatch(variable):
            continue
        setting = by_variable.get(variable)
        if setting is None:
            warnings.append(f"environment variable {variable} is no setting{nearest(variable, by_variable)}; ignored")
        elif not (setting.name == "port" and "://" in text):
            out[setting.name] = _parse_variable(setting, text)
    return out, warnings


def _parse_variable(setting: Setting, text: str) -> Any:
    try:
        return setting.type.parse(text)
    except ValueError as error:
        raise ConfigError(
            f"environment variable {setting.environment}: {error}; give {setting.type.expected}"
        ) from None


def _config_path(flag_values: Mapping[str, Any], environment_values: Mapping[str, Any]) -> tuple[str, bool]:
    for layer in (flag_values, environment_values):
        if "config" in layer:
            return layer["config"], True
    return BY_NAME["config"].default, False


def _from_file(path: str, is_required: bool) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            table = tomllib.load(file)
    except FileNotFoundError:
        if is_required:
            raise ConfigError(f"config file {path} does not exist; create it or drop --config") from None
        return {}
    except OSError as error:
        raise ConfigError(f"config file {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"config file {path} is not TOML: {error}") from None
    return {key: _convert(path, key, value) for key, value in table.items()}


def _convert(path: str, key: str, value: Any) -> Any:
    setting = BY_NAME.get(key)
    if setting is None or key in ("config", "version"):
        raise ConfigError(f'config file {path}: unknown key "{key}"{nearest(key, BY_NAME)}')
    try:
        return setting.type.convert(value)
    except ValueError as error:
        raise ConfigError(f"config file {path}: {key}: expected {setting.type.expected}; {error}") from None


def _not_served(origins: Mapping[str, str]) -> list[str]:
    later = [setting.name for setting in SETTINGS if setting.name in origins and setting.state == LATER]
    return [f"accepted, not served yet: {', '.join(later)}"] if later else []
