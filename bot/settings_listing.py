"""The settings in force, line by line: what each is, and who said so. Secrets are not in it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from bot.settings import Settings, TracedSettings

DEFAULT = "default"
_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One key. `value` is what JSON can say; `origin` is `default`, a file or a variable."""

    table: str
    key: str
    value: Any
    origin: str


def list_settings(traced: TracedSettings) -> list[SettingLine]:
    """Every key of every table, in the order of the reference."""
    return [
        SettingLine(".".join(keys[:-1]), keys[-1], _shown(value), traced.origins.get(keys, DEFAULT))
        for keys, value in _values(traced.settings, ())
    ]


def values_by_name(settings: Settings) -> dict[str, str]:
    """As the record keeps them: JSON of each, by `table.key`."""
    lines = list_settings(TracedSettings(settings, {}))
    return {
        f"{line.table}.{line.key}": json.dumps(line.value, ensure_ascii=False, sort_keys=True, default=str)
        for line in lines
    }


def _values(model: BaseModel, table: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    nested = []
    for key in type(model).model_fields:
        value = getattr(model, key)
        if isinstance(value, BaseModel):
            nested.append((key, value))
        else:
            yield (*table, key), value
    for key, value in nested:
        yield from _values(value, (*table, key))


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else ""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str):
        return _PASSWORD.sub("********@", value)  # of a proxy or a database
    return list(value) if isinstance(value, tuple) else value
