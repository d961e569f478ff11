"""Where somebody's words stand, apart from their own exchanges and the log: in messages to others, in drafts."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, select, union, update

from storage import basis
from storage.admin.tables import AdminRequestRow
from storage.audit.pseudonyms import Pseudonym
from storage.basis import BasisKind
from storage.forgetting import posts
from storage.forgetting.posts import Post
from storage.forgetting.tables import NoticeShownRow
from storage.knowledge import changes, entry_rows
from storage.knowledge.records import EntryStatus
from storage.knowledge.tables import PhrasingRow
from storage.knowledge.words import fold, text_hash
from storage.learning.tables import ReviewReminderRow, VariantRejectionRow
from storage.schema import (
    ChoiceRow,
    EscalationRow,
    ExpertAnswerRow,
    FeedbackRow,
    InboxRow,
    ReplyRow,
    ThreadRow,
    TurnRow,
    WatermarkRow,
)


@dataclass(frozen=True, slots=True)
class Person:
    """`user`: as the platform calls them. In all of its tenants."""

    platform: str
    user: str


def own_posts(connection: Connection, person: Person) -> list[Post]:
    """What they asked, what was written to them, and what others were asked in their words."""
    own = posts.posts_of(
        connection,
        posts.post_query().where(ThreadRow.platform == person.platform, InboxRow.user == person.user),
    )
    known = {post.reply_id for post in own}
    put = (
        select(EscalationRow.notice_id)
        .join(ReplyRow, ReplyRow.escalation_id == EscalationRow.escalation_id)
        .join(InboxRow, InboxRow.message_key == ReplyRow.message_key)
        .join(ThreadRow, ThreadRow.thread_id == InboxRow.thread_id)
        .where(ThreadRow.platform == person.platform, InboxRow.user == person.user)
    )
    # The channel of who is asked may be on another platform than who asks.
    elsewhere = posts.post_query().where(ReplyRow.reply_id.in_(put), InboxRow.user == person.user)
    return own + [post for post in posts.posts_of(connection, elsewhere) if post.reply_id not in known]


def pseudonyms(connection: Connection, pseudonym: Pseudonym, person: Person) -> list[str]:
    """One for each tenant that was ever heard of; for none, as commands have it, where there is no other."""
    known = union(
        select(ThreadRow.tenant).where(ThreadRow.platform == person.platform),
        select(WatermarkRow.tenant).where(WatermarkRow.platform == person.platform),
    )
    tenants = set(connection.execute(known).scalars()) or {""}
    return [pseudonym(person.platform, tenant, person.user) for tenant in sorted(tenants)]


def digests_about(connection: Connection, reply_ids: set[str]) -> list[Post]:
    """Messages to owners that quote these questions."""
    query = select(ReplyRow.reply_id, ReplyRow.basis).where(ReplyRow.basis_kind == BasisKind.DIGEST)
    found = []
    for row in connection.execute(query):
        rests_on = basis.from_json(BasisKind.DIGEST, row.basis)
        if rests_on is not None and any(not reply_ids.isdisjoint(gap.reply_ids) for gap in rests_on.gaps):
            found.append(row.reply_id)
    return posts.posts_of(connection, posts.post_query().where(ReplyRow.reply_id.in_(found)))


def _answers_of(person: Person) -> tuple[ColumnElement[bool], ...]:
    return (
        ExpertAnswerRow.user == person.user,
        ExpertAnswerRow.escalation_id == EscalationRow.escalation_id,
        EscalationRow.notice_id == ReplyRow.reply_id,
        ReplyRow.message_key == InboxRow.message_key,
        InboxRow.thread_id == ThreadRow.thread_id,
        ThreadRow.platform == person.platform,
    )


def answered_by(connection: Connection, person: Person) -> list[str]:
    query = select(ExpertAnswerRow.escalation_id).where(*_answers_of(person))
    return list(connection.execute(query).scalars())


def relayed_from(connection: Connection, person: Person) -> list[Post]:
    """What was passed on to others of what this person has answered."""
    query = select(ExpertAnswerRow.message_key).where(*_answers_of(person))
    keys = set(connection.execute(query).scalars())
    relayed = posts.post_query().where(ReplyRow.basis_kind == BasisKind.RELAYED, InboxRow.is_notice)
    found = posts.posts_of(connection, relayed) if keys else []
    return [post for post in found if any(post.message_key.endswith(f":{key}") for key in keys)]


def entries_made_of(connection: Connection, escalation_ids: Collection[str]) -> tuple[list[str], list[str]]:
    """Entries that questions and answers became: ids of drafts, and of what somebody has published since."""
    query = (
        select(ReplyRow.basis)
        .join(EscalationRow, EscalationRow.notice_id == ReplyRow.reply_id)
        .where(EscalationRow.escalation_id.in_(escalation_ids))
    )
    cited = [basis.from_json(BasisKind.ESCALATED, values) for values in connection.execute(query).scalars()]
    ids = {entry.entry_id for rests_on in cited if rests_on is not None for entry in rests_on.entries}
    entries = entry_rows.find_all(connection, ids)
    drafts = [entry_id for entry_id, entry in entries.items() if entry.status is EntryStatus.DRAFT]
    return drafts, [entry_id for entry_id in entries if entry_id not in drafts]


def forget_deeds(connection: Connection, person: Person) -> None:
    """What they thought and chose of replies to others, and answered others."""
    theirs = (
        select(ReplyRow.reply_id)
        .join(InboxRow, InboxRow.message_key == ReplyRow.message_key)
        .join(ThreadRow, ThreadRow.thread_id == InboxRow.thread_id)
        .where(ThreadRow.platform == person.platform)
    )
    for row in (FeedbackRow, ChoiceRow):
        connection.execute(delete(row).where(row.user == person.user, row.reply_id.in_(theirs)))
    told = (NoticeShownRow.platform == person.platform, NoticeShownRow.user == person.user)
    connection.execute(delete(NoticeShownRow).where(*told))
    answered = select(ExpertAnswerRow.message_key).where(*_answers_of(person))
    keys = connection.execute(answered).scalars().all()
    # The row stays: the post must not be taken for another answer later.
    gone = {"text": "", "user": ""}
    connection.execute(update(ExpertAnswerRow).where(ExpertAnswerRow.message_key.in_(keys)).values(**gone))


def forget_requests(connection: Connection, person: Person) -> None:
    """That somebody asked to erase them, and why, at the admin pages: granted, refused or never decided."""
    details = AdminRequestRow.details
    about = (details["platform"].as_string() == person.platform, details["user"].as_string() == person.user)
    connection.execute(update(AdminRequestRow).where(*about).values(details={}, reason=""))


def entries_in_words_of(connection: Connection, own: Iterable[Post]) -> list[str]:
    """Published entries that are asked in exactly the words in which somebody has asked."""
    asked = [post for post in own if not post.is_notice]
    query = select(TurnRow.text).where(TurnRow.role == "user")
    hashes = set()
    for post in asked:
        words = connection.execute(query.where(TurnRow.thread_id == post.thread_id, TurnRow.exchange == post.exchange))
        hashes |= {text_hash(fold(text)) for text in words.scalars()}
    return [
        entry_id
        for some in entry_rows.chunks(hashes)
        for entry_id in connection.execute(
            select(PhrasingRow.entry_id).where(PhrasingRow.text_hash.in_(some)).distinct()
        ).scalars()
    ]


def remove_drafts(connection: Connection, entry_ids: Collection[str]) -> None:
    if not entry_ids:
        return
    for row in (ReviewReminderRow, VariantRejectionRow):
        connection.execute(delete(row).where(row.entry_id.in_(entry_ids)))
    entry_rows.remove(connection, list(entry_ids))
    changes.advance(connection)
