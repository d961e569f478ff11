"""RFC 8785 JSON, as it is hashed and kept. What people and models write never makes it fail."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import rfc8785

Scalar = str | int | float | bool | None

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
LARGEST_NUMBER = 2**53 - 1  # beyond it readers of JSON disagree on a number, and RFC 8785 refuses it


def canonical(values: Mapping[str, Scalar]) -> bytes:
    """The one spelling of an object, UTF-8.

    JSON cannot say everything: half a surrogate pair becomes U+FFFD, and a number that is not finite or beyond 2^53
    becomes its text.
    """
    return rfc8785.dumps({well_formed(name): _representable(value) for name, value in values.items()})


def respell(values: dict[str, Any]) -> bytes:
    """RFC 8785 JSON of what was read from JSON. Raises: ValueError, RecursionError, for what it cannot say.

    Nearly all objects are spelled alike by Python's own encoder, which is many times as fast; the rest is left to the
    library.
    """
    if all(name.isascii() and _is_spelled_alike(value) for name, value in values.items()):
        return _ENCODER.encode(values).encode()
    return rfc8785.dumps(values)


def _is_spelled_alike(value: object) -> bool:
    if value is None or type(value) in (str, bool):
        return True
    if type(value) is int:
        return abs(value) <= LARGEST_NUMBER
    return type(value) is float and 1e-4 <= abs(value) < 1e15 and not value.is_integer()


def utc_text(at: datetime) -> str:
    """As times stand in the log: `2026-03-02T09:00:00.000000Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _representable(value: Scalar) -> Scalar:
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, int | float) and not abs(value) <= LARGEST_NUMBER:  # NaN is not less than anything
        return repr(value)
    return value


def well_formed(text: str) -> str:
    """The same text, if UTF-8 can carry it. Halves of a pair that stand together become their character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
