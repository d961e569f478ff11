"""RFC 8785 JSON, as it is hashed and kept. What people and models write never makes it fail."""

from collections.abc import Mapping
from datetime import UTC, datetime

import rfc8785

Scalar = str | int | float | bool | None

LARGEST_NUMBER = 2**53 - 1  # beyond it readers of JSON disagree on a number, and RFC 8785 refuses it


def canonical(values: Mapping[str, Scalar]) -> bytes:
    """The one spelling of an object, UTF-8.

    JSON cannot say everything: half a surrogate pair becomes U+FFFD, and a number that is not finite or beyond 2^53
    becomes its text.
    """
    return rfc8785.dumps({well_formed(name): _representable(value) for name, value in values.items()})


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
