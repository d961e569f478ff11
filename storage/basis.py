"""What a reply rests on, kept with the reply: after a restart, and years later, the same stands below the same text.

What is cited is copied as it was when it was shown. Entries change, and their revisions say how; a reply does not.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class BasisKind(StrEnum):
    VERIFIED = "verified"  # an entry, word for word
    SUGGESTED = "suggested"  # entries to choose from
    DECLINED = "declined"  # none of those entries was meant; the reply is being made anew
    NONE = "none"  # nothing verified answers it, and nothing was written instead
    GROUNDED = "grounded"  # the model, from passages
    QUOTED = "quoted"  # a passage, word for word
    UNGROUNDED = "ungrounded"  # the model, although there is knowledge: nothing in it fits
    ESCALATED = "escalated"  # a question, put to people
    RELAYED = "relayed"  # what one of them has answered
    PLAIN = "plain"  # the model: there is no knowledge


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedEntry:
    """An entry as it was cited. `title` is its question; `is_overdue`: its review was due by then."""

    entry_id: str
    revision: int
    title: str
    lang: str
    owner: str = ""
    source_url: str = ""
    verified_on: date | None = None
    is_overdue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedPassage:
    passage_id: str
    document: str
    heading_path: tuple[str, ...]
    lang: str
    source_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """`entries`: the one that was shown, or those that were suggested. `passages`: those written from, or quoted."""

    kind: BasisKind
    entries: tuple[CitedEntry, ...] = ()
    passages: tuple[CitedPassage, ...] = ()


def to_json(basis: Basis) -> dict[str, Any]:
    """All but the kind, which has a column of its own."""
    return {
        "entries": [_entry_to_json(entry) for entry in basis.entries],
        "passages": [asdict(passage) for passage in basis.passages],
    }


def from_json(kind: str | None, values: Mapping[str, Any] | None) -> Basis | None:
    """None for replies that rest on nothing, and for those from before there was anything to rest on."""
    if kind is None:
        return None
    values = values or {}
    return Basis(
        kind=BasisKind(kind),
        entries=tuple(_entry_from_json(entry) for entry in values.get("entries", ())),
        passages=tuple(
            CitedPassage(**{**passage, "heading_path": tuple(passage["heading_path"])})
            for passage in values.get("passages", ())
        ),
    )


def _entry_to_json(entry: CitedEntry) -> dict[str, Any]:
    return {**asdict(entry), "verified_on": entry.verified_on and entry.verified_on.isoformat()}


def _entry_from_json(values: Mapping[str, Any]) -> CitedEntry:
    verified_on = values.get("verified_on")
    return CitedEntry(**{**values, "verified_on": verified_on and date.fromisoformat(verified_on)})
