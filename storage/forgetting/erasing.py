"""Erasing a person: keys, texts of the log, thread history, what the log is searched by; and an entry that says so.

What is erased cannot be read afterwards in any file of ours. What stays: headers under a pseudonym, published answers
of the company, and what the platform itself keeps.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from storage.audit.canonical import Scalar
from storage.audit.keys import give_up
from storage.audit.log import AuditEntry
from storage.audit.removals import ERASURE, spans_of, spans_text
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.errors import DatabaseUnavailable, Trouble, UnderHold
from storage.forgetting import bodies, posts, traces
from storage.forgetting.bodies import NOT_SEARCHED, SearchedBy
from storage.forgetting.held import HeldPlaces
from storage.forgetting.holds import Held, all_holds
from storage.forgetting.traces import Person
from storage.knowledge.records import Author
from storage.schema import BodyKeyRow


@dataclass(frozen=True, slots=True)
class Erased:
    """How much went. `published`: entries of the company that stay, in which the person's words may stand.

    `seq`: of the entry that says so; None for what was only looked at.
    """

    questions: int
    texts: int
    keys: int
    published: tuple[str, ...]
    seq: int | None = None

    @property
    def is_nothing(self) -> bool:
        return not (self.questions or self.texts or self.keys)


@dataclass(frozen=True, slots=True)
class _Gone:
    """What went, with the entries whose bodies did, and by which names the log knows the person."""

    erased: Erased
    seqs: list[int]
    names: list[str]


class _OnlyLooking(Exception):
    def __init__(self, erased: Erased) -> None:
        self.erased = erased


async def _nobody_to_tell(_person: Person) -> None:
    """Whoever erases from a command has nothing of them in memory."""


class ErasureStore:
    def __init__(
        self,
        database: Database,
        trail: AuditTrail,
        searched_by: SearchedBy = NOT_SEARCHED,
        on_erased: Callable[[Person], Awaitable[None]] = _nobody_to_tell,
    ) -> None:
        """`on_erased` hears of each who is: what is in memory of them has to go too."""
        self._database = database
        self._trail = trail
        self._searched_by = searched_by
        self._on_erased = on_erased

    async def preview(self, person: Person, now: datetime) -> Erased:
        """What would go. Changes nothing. Raises: UnderHold."""

        def work(connection: Connection) -> None:
            raise _OnlyLooking(_erase(connection, self._trail, self._searched_by, person, now).erased)

        try:
            await self._database.write(work)
        except _OnlyLooking as found:
            return found.erased
        raise AssertionError("looking always ends so")

    async def erase(self, person: Person, reason: str, author: Author, now: datetime) -> Erased:
        """All there is about a person, for good. Where there is nothing, nothing is recorded either.

        Writers wait while the file is written anew. Raises: UnderHold, DatabaseUnavailable, AuditKeyUnusable; when it
        ends in the middle, or somebody who reads keeps copies, ask for it again: what is left then goes.
        """

        def work(connection: Connection) -> Erased:
            gone = _erase(connection, self._trail, self._searched_by, person, now)
            if gone.erased.is_nothing:
                return gone.erased
            self._searched_by.leave_no_trace(connection)
            entry = _entry(self._trail, person, gone, reason, author, now)
            return replace(gone.erased, seq=self._trail.add(connection, entry))

        erased = await self._database.write(work)
        await self._database.write(self._trail.keys.destroy_unheld)  # not before: what they open has to be gone
        is_gone = await self._database.scrub()
        await self._on_erased(person)
        if not is_gone:  # a program that reads keeps old pages in the write-ahead log
            raise DatabaseUnavailable(Trouble.LOCKED)
        return erased


def _erase(connection: Connection, trail: AuditTrail, searched_by: SearchedBy, person: Person, now: datetime) -> _Gone:
    own = traces.own_posts(connection, person)
    held = HeldPlaces(connection, trail.pseudonym, all_holds(connection))
    names = traces.pseudonyms(connection, trail.pseudonym, person)
    reply_ids = {post.reply_id for post in own}
    quoting = [*traces.digests_about(connection, reply_ids), *traces.relayed_from(connection, person)]
    put = posts.escalations_put_by(connection, reply_ids)
    drafts, made = traces.entries_made_of(connection, {*put, *traces.answered_by(connection, person)})
    published = {*made, *traces.entries_in_words_of(connection, own)}
    seqs = bodies.said_by(connection, names)
    seqs |= bodies.about_replies(connection, {*reply_ids, *(post.reply_id for post in quoting)})
    seqs |= bodies.about(connection, ("expert_answer",), "escalation_id", put)
    seqs |= bodies.about(connection, ("entry_added", "entry_revised"), "entry_id", drafts)
    _require_free(held.of_person(person), *map(held.of_post, (*own, *quoting)), held.of_entries(connection, seqs))
    traces.forget_deeds(connection, person)
    traces.forget_requests(connection, person)
    traces.remove_drafts(connection, drafts)
    posts.blank(connection, quoting)
    posts.forget(connection, own, now)
    gone = sorted(seqs)
    bodies.remove(connection, gone, searched_by)
    key_ids = connection.execute(select(BodyKeyRow.key_id).where(BodyKeyRow.person.in_(names))).scalars().all()
    give_up(connection, key_ids)
    questions = sum(not post.is_notice for post in own)
    return _Gone(Erased(questions, len(gone), len(key_ids), tuple(sorted(published))), gone, names)


def _entry(trail: AuditTrail, person: Person, gone: _Gone, reason: str, author: Author, now: datetime) -> AuditEntry:
    """Who, why, when, and which texts; whom, under the pseudonym alone."""
    fields: dict[str, Scalar] = {
        "platform": person.platform,
        "subject": " ".join(gone.names),
        "seqs": spans_text(spans_of(gone.seqs)),
        "questions": gone.erased.questions,
        "texts": gone.erased.texts,
        "keys": gone.erased.keys,
        "via": author.platform,
        "actor": trail.pseudonym(author.platform, author.tenant, author.user),
    }
    # Who erases themselves is not named: their id would stand beside their pseudonym.
    is_own = (author.platform, author.user) == (person.platform, person.user)
    return AuditEntry(ERASURE, now, fields, {"reason": reason, **({} if is_own else {"by": str(author)})})


def _require_free(*found: Held | None) -> None:
    """Raises: UnderHold. A part alone is not erased: their keys open all of it."""
    for held in filter(None, found):
        raise UnderHold(f"{held} is under a hold: nothing was erased; `inthread audit holds` says why")
