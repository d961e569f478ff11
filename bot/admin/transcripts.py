"""A thread as people saw it, made of the entries about it: questions, every reply, what was thought of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from markupsafe import Markup

from bot.admin.markdown import answer_to_html, to_html
from storage.audit.reading import LoggedEntry

FIGURES = (
    "basis entry_id entry_revision cites failure attempt edits seconds_in_line seconds_to_first_text "
    "model_id model_sha256 prompt_sha256 prompt_tokens new_tokens seconds_to_first_token seconds"
).split()


@dataclass(frozen=True, slots=True)
class Said:
    """A question as it read then, or a reply as it ended. `html` is None where there is no text, or none any more."""

    seq: int
    at: datetime
    html: Markup | None = field(repr=False)
    is_erased: bool
    outcome: str = ""
    state: str = ""
    figures: Sequence[tuple[str, object]] = ()


@dataclass(frozen=True, slots=True)
class Happened:
    """Something else about it: a thumb, a choice, a deletion."""

    seq: int
    at: datetime
    kind: str
    actor: str
    what: str
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownExchange:
    """`questions` and `replies`: oldest first, each one a revision of the one before."""

    reply_id: str
    actor: str
    questions: Sequence[Said]
    replies: Sequence[Said]
    events: Sequence[Happened]


def exchanges_of(entries: Sequence[LoggedEntry], link_hosts: Sequence[str]) -> list[ShownExchange]:
    """By the question they are about, in the order in which these came."""
    by_reply: dict[str, list[LoggedEntry]] = {}
    for entry in entries:
        by_reply.setdefault(str(entry.header["reply_id"]), []).append(entry)
    return [_exchange(reply_id, about, link_hosts) for reply_id, about in by_reply.items()]


def _exchange(reply_id: str, entries: Sequence[LoggedEntry], link_hosts: Sequence[str]) -> ShownExchange:
    questions = [_question(entry) for entry in entries if entry.kind in ("question", "question_edited")]
    replies = [_reply(entry, link_hosts) for entry in entries if entry.kind == "reply"]
    others = [entry for entry in entries if entry.kind not in ("question", "question_edited", "reply")]
    actor = str(entries[0].header.get("actor", ""))
    return ShownExchange(reply_id, actor, questions, replies, [_event(entry) for entry in others])


def _question(entry: LoggedEntry) -> Said:
    return Said(entry.seq, entry.at, _html(entry), entry.is_erased)


def _reply(entry: LoggedEntry, link_hosts: Sequence[str]) -> Said:
    header = entry.header
    html = None
    if entry.body is not None:
        text = str(entry.body.get("text", ""))
        # An entry is shown as its author wrote it; what a model wrote, made harmless, as people saw it.
        html = to_html(text) if header.get("basis") == "verified" else answer_to_html(text, link_hosts)
    return Said(
        entry.seq,
        entry.at,
        html,
        entry.is_erased,
        outcome=str(header.get("outcome") or ""),
        state=str(header.get("state") or ""),
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
