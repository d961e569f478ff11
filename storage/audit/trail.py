"""What the stores of questions, replies and knowledge put on record, each inside the transaction that does it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from storage.audit import decisions, entries
from storage.audit.canonical import Scalar
from storage.audit.keys import BodyKeys
from storage.audit.log import AuditEntry, SealedEntry, append, append_all, seal
from storage.audit.pseudonyms import Pseudonym
from storage.basis import CitedEntry
from storage.knowledge.records import Author, EntryChange, GivenDocument
from storage.records import NewQuestion, Reply, ReplyFigures, ReplyTimings


class AuditTrail:
    def __init__(self, pseudonym: Pseudonym, keys: BodyKeys) -> None:
        """`keys`: of what is written, for whoever may read it."""
        self.pseudonym = pseudonym
        self.keys = keys

    def add(self, connection: Connection, entry: AuditEntry) -> int:
        """Its seq."""
        return append(connection, self.keys, entry)

    def accepted(self, connection: Connection, question: NewQuestion, exchange: int, now: datetime) -> None:
        self.add(connection, entries.question_accepted(question, exchange, self._actor(question), now))

    def edited(self, connection: Connection, reply: Reply, text: str, now: datetime) -> None:
        self.add(connection, entries.question_edited(reply, text, self._actor(reply), now))

    def deleted(self, connection: Connection, reply: Reply, now: datetime) -> None:
        self.add(connection, entries.question_deleted(reply, self._actor(reply), now))

    def ended(
        self,
        connection: Connection,
        reply: Reply,
        figures: ReplyFigures,
        timings: ReplyTimings,
        edits: int,
        now: datetime,
    ) -> None:
        self.add(
            connection, entries.reply_ended(reply, figures, timings, edits=edits, actor=self._actor(reply), at=now)
        )

    def chosen(self, connection: Connection, reply: Reply, entry: CitedEntry | None, user: str, now: datetime) -> None:
        self.add(connection, entries.suggestion_chosen(reply, entry, self._person(reply, user), now))

    def judged(
        self, connection: Connection, reply: Reply, user: str, verdict: str, comment: str, now: datetime
    ) -> None:
        self.add(connection, entries.reply_judged(reply, verdict, comment, self._person(reply, user), now))

    def gap_dismissed(self, connection: Connection, gap: str, questions: int, author: Author, now: datetime) -> None:
        self.add(connection, decisions.gap_dismissed(gap, questions, author, self._writer(author), now))

    def gap_restored(self, connection: Connection, gap: str, questions: int, author: Author, now: datetime) -> None:
        self.add(connection, decisions.gap_restored(gap, questions, author, self._writer(author), now))

    def variant_rejected(self, connection: Connection, entry_id: str, author: Author, now: datetime) -> None:
        self.add(connection, decisions.variant_rejected(entry_id, author, self._writer(author), now))

    def asked_people(self, connection: Connection, reply: Reply, escalation_id: str, user: str, now: datetime) -> None:
        self.add(connection, entries.people_asked(reply, escalation_id, self._person(reply, user), now))

    def people_not_reached(self, connection: Connection, reply: Reply, escalation_id: str, now: datetime) -> None:
        self.add(connection, entries.people_not_reached(reply, escalation_id, self._actor(reply), now))

    def expert_answered(
        self, connection: Connection, escalation_id: str, author: Author, text: str, now: datetime
    ) -> None:
        self.add(connection, entries.expert_answered(escalation_id, author, text, self._writer(author), now))

    def administered(
        self,
        connection: Connection,
        kind: str,
        author: Author,
        fields: Mapping[str, Scalar],
        words: Mapping[str, Scalar] | None,
        now: datetime,
    ) -> None:
        """What somebody has done at the admin pages, or to who may open them."""
        said = {**fields, "via": author.platform, "actor": self._writer(author)}
        self.add(connection, AuditEntry(kind, now, said, words))

    def seal_entries(self, changes: Iterable[EntryChange], author: Author, now: datetime) -> list[SealedEntry]:
        """For `add_sealed`: an import of thousands is made ready before it holds up other writers."""
        actor = self._writer(author)
        return [seal(entry) for change in changes for entry in entries.entry_changed(change, author, actor, now)]

    def seal_documents(
        self, imported: Iterable[GivenDocument], removed: Iterable[str], author: Author, now: datetime
    ) -> list[SealedEntry]:
        """As `seal_entries`."""
        actor = self._writer(author)
        return [
            *(seal(entries.document_imported(document, author, actor, now)) for document in imported),
            *(seal(entries.document_removed(name, author, actor, now)) for name in removed),
        ]

    def add_sealed(self, connection: Connection, sealed: Iterable[SealedEntry]) -> None:
        append_all(connection, self.keys, sealed)

    def _writer(self, author: Author) -> str:
        return self.pseudonym(author.platform, author.tenant, author.user)

    def _person(self, reply: Reply, user: str) -> str:
        """Somebody who does something with a reply: not always who asked."""
        return self.pseudonym(reply.platform, reply.tenant, user)

    def _actor(self, record: NewQuestion | Reply) -> str:
        return self.pseudonym(record.platform, record.tenant, record.user)
