"""A thread as people saw it, made of the entries about it: questions, every reply, what was thought of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, ClassVar

from markupsafe import Markup

from bot.admin.markdown import answer_to_html, to_html
from storage.audit.conversations import LoggedEntry

FIGURES = (
    "basis entry_id entry_revision cites failure attempt edits seconds_in_line seconds_to_first_text "
    "model_id model_sha256 prompt_sha256 prompt_tokens new_tokens seconds_to_first_token seconds"
).split()


_WHY = {name: name for name in ("question_edited", "question_deleted", "people_asked", "people_not_reached")}
WHYS = (*_WHY, "entry_chosen", "none_chosen", "asked_again")  # why there is a further question, or revision of a reply


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it read then. `html` is None where there is no text any more."""

    sort: ClassVar[str] = "asked"
    seq: int
    at: datetime
    html: Markup | None = field(repr=False)
    is_erased: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Replied:
    """A revision of the reply: as it stood when it ended. `number` counts from 1. `html` as of `Asked`, or None.

    `why`: what made it another than the one before. `until`: when the next one ended; None for the last.
    """

    sort: ClassVar[str] = "replied"
    seq: int
    at: datetime
    html: Markup | None = field(repr=False)
    is_erased: bool
    outcome: str
    state: str
    number: int
    why: str
    figures: Sequence[tuple[str, object]]
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """Something else about it: a thumb, a choice, a deletion."""

    sort: ClassVar[str] = "happened"
    seq: int
    at: datetime
    kind: str
    actor: str
    what: str
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownExchange:
    """`moments`: in the order in which they came."""

    reply_id: str
    actor: str
    moments: Sequence[Asked | Replied | Happened]

    @property
    def revisions(self) -> int:
        return sum(isinstance(one, Replied) for one in self.moments)


def exchanges_of(entries: Sequence[LoggedEntry], link_hosts: Sequence[str]) -> list[ShownExchange]:
    """By the question they are about, in the order in which these came."""
    by_reply: dict[str, list[LoggedEntry]] = {}
    for entry in entries:
        by_reply.setdefault(str(entry.header["reply_id"]), []).append(entry)
    return [
        ShownExchange(reply_id, str(about[0].header.get("actor", "")), _moments(about, link_hosts))
        for reply_id, about in by_reply.items()
    ]


def _moments(entries: Sequence[LoggedEntry], link_hosts: Sequence[str]) -> list[Asked | Replied | Happened]:
    moments: list[Asked | Replied | Happened] = []
    replied: list[Replied] = []
    why = ""
    for entry in entries:
        if entry.kind in ("question", "question_edited"):
            moments.append(_question(entry))
        elif entry.kind == "reply":
            replied.append(_reply(entry, len(replied) + 1, why, link_hosts))
            moments.append(replied[-1])
            why = ""
        else:
            moments.append(_event(entry))
        why = _why(entry) or why
    until = {before.seq: after.at for before, after in pairwise(replied)}
    return [replace(one, until=until.get(one.seq)) if isinstance(one, Replied) else one for one in moments]


def _why(entry: LoggedEntry) -> str:
    """What it gives a further revision as its reason."""
    if entry.kind == "suggestion_chosen":
        return "entry_chosen" if entry.header.get("entry_id") else "none_chosen"
    return _WHY.get(entry.kind, "")


def _question(entry: LoggedEntry) -> Asked:
    why = "asked_again" if entry.header.get("again_of") else _why(entry)
    return Asked(entry.seq, entry.at, _html(entry), entry.is_erased, why)


def _reply(entry: LoggedEntry, number: int, why: str, link_hosts: Sequence[str]) -> Replied:
    header = entry.header
    html = None
    if entry.body is not None:
        text = str(entry.body.get("text", ""))
        # An entry is shown as its author wrote it; what a model wrote, made harmless, as people saw it.
        html = to_html(text) if header.get("basis") == "verified" else answer_to_html(text, link_hosts)
    return Replied(
        entry.seq,
        entry.at,
        html,
        entry.is_erased,
        outcome=str(header.get("outcome") or ""),
        state=str(header.get("state") or ""),
        number=number,
        why=why,
        figures=tuple(_figures(header)),
    )


def _figures(header: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name in FIGURES:
        if (value := header.get(name)) not in (None, ""):
            yield name, round(value, 2) if isinstance(value, float) else value


def _event(entry: LoggedEntry) -> Happened:
    header = entry.header
    what = str(header.get("verdict") or header.get("entry_id") or "")
    text = None if entry.body is None else str(entry.body.get("comment", ""))
    return Happened(entry.seq, entry.at, entry.kind, str(header.get("actor", "")), what, text)


def _html(entry: LoggedEntry) -> Markup | None:
    """A question is plain text: what looks like markup in it is somebody's."""
    return None if entry.body is None else Markup('<p class="said">{}</p>').format(entry.body.get("text", ""))
