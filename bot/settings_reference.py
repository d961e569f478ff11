"""The settings reference, written from the settings themselves: docs/settings.md cannot say anything else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.settings import FROM_ENVIRONMENT_ONLY, PREFIX, Settings

HEAD = """# Settings

Every table and key of `settings.toml`, with its default. Over the file comes the environment:
`INTHREAD_<TABLE>__<KEY>`, such as `INTHREAD_DELIVERY__GRACE_SECONDS=10`; lists are written as in TOML.
This page is made from the code by `make docs`.
"""


def settings_reference() -> str:
    """The page, in Markdown."""
    lines = [HEAD]
    for name, model in _tables(Settings, ()):
        lines += [f"## `[{'.'.join(name)}]`", "", "| key | type | default | what it is |", "| --- | --- | --- | --- |"]
        lines += [_row(key, field) for key, field in _keys(name, model)]
        lines.append("")
    lines += ["## From the environment only", "", "| variable | what it is |", "| --- | --- |"]
    for (table, key), variable in FROM_ENVIRONMENT_ONLY.items():
        lines.append(f"| `{variable}` | {Settings.model_fields[table].annotation.model_fields[key].description} |")  # type: ignore[union-attr]
    lines.append(f"| `{PREFIX}SETTINGS` | The settings file, where `--settings` does not name one. |")
    return "\n".join(lines) + "\n"


def _tables(model: type[BaseModel], name: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], type[BaseModel]]]:
    for key, field in model.model_fields.items():
        if _is_table(field):
            yield (*name, key), field.annotation  # type: ignore[misc]
            yield from _tables(field.annotation, (*name, key))  # type: ignore[arg-type]


def _keys(name: tuple[str, ...], model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    for key, field in model.model_fields.items():
        if not _is_table(field) and (*name, key) not in FROM_ENVIRONMENT_ONLY:
            yield key, field


def _is_table(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def _row(key: str, field: FieldInfo) -> str:
    bounds = ", ".join(text for constraint in field.metadata if (text := _bound(constraint)))
    kind = _type_name(field.annotation) + (f", {bounds}" if bounds else "")
    description = (field.description or "").replace("|", "\\|").replace("\n", " ")
    return f"| `{key}` | {kind} | {_default(field)} | {description} |"


def _type_name(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if origin is Union or origin is type(int | None):
        return " or ".join(_type_name(part) for part in get_args(annotation) if part is not type(None))
    if origin is dict:
        return f"table of {_type_name(get_args(annotation)[1])}"
    if origin in (tuple, list):
        return f"list of {_type_name(get_args(annotation)[0])}"
    names = {str: "text", int: "integer", float: "number", bool: "true or false", Path: "path", SecretStr: "secret"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _bound(constraint: Any) -> str:
    for attribute, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
        if (value := getattr(constraint, attribute, None)) is not None:
            return f"{sign} {value:,}"
    return ""


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "unset"
    if isinstance(value, Path):
        value = str(value)
    return f"`{json.dumps(value, ensure_ascii=False, default=list)}`"
