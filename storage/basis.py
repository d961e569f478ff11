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
    DIGEST = "digest"  # no reply: gaps, told to owners
    REVIEWS = "reviews"  # no reply: entries to be reviewed, told to owners


# What people are told of without having asked.
TOLD_TO_OWNERS = frozenset({BasisKind.DIGEST, BasisKind.REVIEWS})


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedEntry:
    """An entry as it was cited. `title` is its question; `is_overdue`: its review was due by then.

    `review_by`: where it is cited for its review.
    """

    entry_id: str
    revision: int
    title: str
    lang: str
    owner: str = ""
    source_url: str = ""
    verified_on: date | None = None
    is_overdue: bool = False
    review_by: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedPassage:
    passage_id: str
    document: str
    heading_path: tuple[str, ...]
    lang: str
    source_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedGap:
    """A gap as owners are told of it. `reply_ids`: to its questions, the one that stands for it first.

    `entry`: the nearest, where one is near. `settled`: what was done about it, "" while nothing was; `settled_by`: as
    people call who did it.
    """

    reply_ids: tuple[str, ...]
    question: str
    also: tuple[str, ...]
    lang: str
    people: int
    entry: CitedEntry | None = None
    settled: str = ""
    settled_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """`entries`: the one that was shown, those that were suggested, or are to be reviewed. `passages`: those written
    from, or quoted.
    """

    kind: BasisKind
    entries: tuple[CitedEntry, ...] = ()
    passages: tuple[CitedPassage, ...] = ()
    gaps: tuple[CitedGap, ...] = ()


def to_json(basis: Basis) -> dict[str, Any]:
    """All but the kind, which has a column of its own."""
    return {
        "entries": [_entry_to_json(entry) for entry in basis.entries],
        "passages": [asdict(passage) for passage in basis.passages],
        **({"gaps": [_gap_to_json(gap) for gap in basis.gaps]} if basis.gaps else {}),
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
        gaps=tuple(_gap_from_json(gap) for gap in values.get("gaps", ())),
    )


_DAYS = ("verified_on", "review_by")


def _entry_to_json(entry: CitedEntry) -> dict[str, Any]:
    days = {name: day and day.isoformat() for name in _DAYS if (day := getattr(entry, name)) or name == "verified_on"}
    return {**{name: value for name, value in asdict(entry).items() if name not in _DAYS}, **days}


def _entry_from_json(values: Mapping[str, Any]) -> CitedEntry:
    days = {name: (text := values.get(name)) and date.fromisoformat(text) for name in _DAYS}
    return CitedEntry(**{**values, **days})


def _gap_to_json(gap: CitedGap) -> dict[str, Any]:
    return {**asdict(gap), "entry": gap.entry and _entry_to_json(gap.entry)}


def _gap_from_json(values: Mapping[str, Any]) -> CitedGap:
    entry = values.get("entry")
    lists = {name: tuple(values[name]) for name in ("reply_ids", "also")}
    return CitedGap(**{**values, **lists, "entry": entry and _entry_from_json(entry)})
