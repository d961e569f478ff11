"""What each kind of entry says, made from the records of questions, replies and knowledge.

`actor` is the pseudonym of who asked, or wrote the answer (storage.audit.pseudonyms): a header carries nobody's id and
nobody's words.
"""

from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256

from storage.audit.canonical import Scalar
from storage.audit.log import AuditEntry
from storage.basis import Basis, BasisKind, CitedEntry
from storage.knowledge.records import Author, Entry, EntryChange, EntryStatus, EntryText, GivenDocument
from storage.records import NewQuestion, Reply, ReplyFigures, ReplyTimings


def question_accepted(question: NewQuestion, exchange: int, actor: str, at: datetime) -> AuditEntry:
    fields: dict[str, Scalar] = {**_place(question, actor), "reply_id": question.reply_id, "exchange": exchange}
    fields["actor"] = actor
    if question.redacted:
        fields["redacted"] = " ".join(f"{kind}:{count}" for kind, count in sorted(question.redacted.items()))
    if question.again_of is not None:
        fields["again_of"] = question.again_of
    return AuditEntry("question", at, fields, {"text": question.text})


def question_edited(reply: Reply, text: str, actor: str, at: datetime) -> AuditEntry:
    """`reply`: the one to the question. `text`: the question as it reads now."""
    return AuditEntry("question_edited", at, _exchange(reply, actor), {"text": text})


def question_deleted(reply: Reply, actor: str, at: datetime) -> AuditEntry:
    """`reply`: the one to the question. `actor` asked it; who deleted it, platforms do not say."""
    return AuditEntry("question_deleted", at, _exchange(reply, actor))


def reply_ended(
    reply: Reply, figures: ReplyFigures, timings: ReplyTimings, *, edits: int, actor: str, at: datetime
) -> AuditEntry:
    """All of it as it stands once the reply is closed: read it after the change, not before."""
    fields: dict[str, Scalar] = {
        **_exchange(reply, actor),
        "state": reply.state.value,
        "outcome": reply.outcome,
        "failure": reply.failure,
        "attempt": reply.attempt,
        "edits": edits,
        **_basis(reply.basis),
        **{name: getattr(figures, name) for name in ReplyFigures.__dataclass_fields__},
        **{name: getattr(timings, name) for name in ReplyTimings.__dataclass_fields__},
    }
    return AuditEntry("reply", at, fields, None if reply.final_text is None else {"text": reply.final_text})


_NEW_STATUS = {
    EntryStatus.DRAFT: "entry_withheld",
    EntryStatus.PUBLISHED: "entry_published",
    EntryStatus.RETIRED: "entry_retired",
}


def entry_changed(change: EntryChange, author: Author, actor: str, at: datetime) -> Iterator[AuditEntry]:
    """One for what it says now, one for its new status; both when both have changed."""
    before, after = change.before, change.after
    fields = {**_entry_fields(after), "via": author.platform, "actor": actor}
    if before is None:
        yield AuditEntry("entry_added", at, fields, _words_of(after.text))
        return
    if change.is_revision:
        yield AuditEntry("entry_revised", at, fields, _words_of(after.text))
    if before.status is not after.status:
        yield AuditEntry(_NEW_STATUS[after.status], at, fields)


def document_imported(document: GivenDocument, author: Author, actor: str, at: datetime) -> AuditEntry:
    """Its name is somebody's words too; its text in full, so that what was cited can be shown again."""
    fields: dict[str, Scalar] = {
        "document_sha256": sha256(document.text.encode()).hexdigest(),
        "passages": len(document.passages),
        "via": author.platform,
        "actor": actor,
    }
    body: dict[str, Scalar] = {
        "name": document.name,
        "audience": "\n".join(document.audience),
        "source_url": document.source_url,
        "text": document.text,
    }
    return AuditEntry("document_imported", at, fields, body)


def document_removed(name: str, author: Author, actor: str, at: datetime) -> AuditEntry:
    return AuditEntry("document_removed", at, {"via": author.platform, "actor": actor}, {"name": name})


def _entry_fields(entry: Entry) -> dict[str, Scalar]:
    return {
        "entry_id": entry.entry_id,
        "revision": entry.revision,
        "status": entry.status.value,
        "lang": entry.text.lang,
    }


def _words_of(text: EntryText) -> dict[str, Scalar]:
    """What the revision says, in full. Lists stand one item in a line."""
    return {
        "question": text.question,
        "variants": "\n".join(text.variants),
        "answer": text.answer,
        "owner": text.owner,
        "audience": "\n".join(text.audience),
        "source_url": text.source_url,
        "verified_at": _day(text.verified_at),
        "review_by": _day(text.review_by),
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def suggestion_chosen(reply: Reply, entry: CitedEntry | None, person: str, at: datetime) -> AuditEntry:
    """`entry`: as it is shown instead of the suggestions; None: none of them was meant. `person` chose."""
    fields: dict[str, Scalar] = {**_exchange(reply, person), **_cited(entry)}
    return AuditEntry("suggestion_chosen", at, fields)


def reply_judged(reply: Reply, verdict: str, comment: str, person: str, at: datetime) -> AuditEntry:
    """What `person` thinks of a reply: a word of ours, and their own words if there are any."""
    fields: dict[str, Scalar] = {**_exchange(reply, person), "verdict": verdict}
    return AuditEntry("feedback", at, fields, {"comment": comment} if comment else None)


def people_asked(reply: Reply, escalation_id: str, person: str, at: datetime) -> AuditEntry:
    """`person` wants somebody to answer what `reply` has not."""
    return AuditEntry("people_asked", at, {**_exchange(reply, person), "escalation_id": escalation_id})


def people_not_reached(reply: Reply, escalation_id: str, actor: str, at: datetime) -> AuditEntry:
    return AuditEntry("people_not_reached", at, {**_exchange(reply, actor), "escalation_id": escalation_id})


def expert_answered(escalation_id: str, author: Author, text: str, actor: str, at: datetime) -> AuditEntry:
    """What `actor` wrote under a question that was put to people."""
    fields: dict[str, Scalar] = {
        "platform": author.platform,
        "tenant": author.tenant,
        "escalation_id": escalation_id,
        "actor": actor,
    }
    return AuditEntry("expert_answer", at, fields, {"text": text})


def _basis(basis: Basis | None) -> dict[str, Scalar]:
    """What a reply rests on; with a verified answer, which revision of which entry the text is.

    `cites`: every entry with its revision, and every passage, whose id changes with its text.
    """
    if basis is None:
        return {}
    entry = basis.entries[0] if basis.kind is BasisKind.VERIFIED else None
    cites = [f"{cited.entry_id}@{cited.revision}" for cited in basis.entries]
    cites += [passage.passage_id for passage in basis.passages]
    return {"basis": basis.kind.value, "cites": " ".join(cites), **(_cited(entry) if entry else {})}


def _cited(entry: CitedEntry | None) -> dict[str, Scalar]:
    if entry is None:
        return {"entry_id": None, "entry_revision": None}
    return {"entry_id": entry.entry_id, "entry_revision": entry.revision}


def _exchange(reply: Reply, actor: str) -> dict[str, Scalar]:
    return {**_place(reply, actor), "reply_id": reply.reply_id, "exchange": reply.exchange, "actor": actor}


def _place(record: NewQuestion | Reply, actor: str) -> dict[str, Scalar]:
    # Where everybody has a channel of their own, as in the browser chat, its name is the person's id.
    channel = actor if record.channel == record.user else record.channel
    return {"platform": record.platform, "tenant": record.tenant, "channel": channel, "thread": record.thread}
