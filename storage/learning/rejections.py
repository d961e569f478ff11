"""Variants that somebody did not want: they are not proposed again. Kept without the words."""

from datetime import datetime

from sqlalchemy import Connection, select

from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.dialect import insert
from storage.knowledge.records import Author
from storage.knowledge.words import fold, text_hash
from storage.learning.tables import VariantRejectionRow


def same_words(text: str) -> str:
    """What texts have in common that say the same but for case, width, spaces and punctuation."""
    return "".join(character for character in fold(text) if character.isalnum())


class RejectionStore:
    """A rejection is one transaction with its entry in the audit log."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def reject(self, entry_id: str, text: str, author: Author, now: datetime) -> bool:
        """These words are no variant of this entry. False: somebody has said so before."""
        values = {
            "entry_id": entry_id,
            "words_hash": text_hash(same_words(text)),
            "author": str(author),
            "rejected_at": now,
        }

        def work(connection: Connection) -> bool:
            statement = insert(VariantRejectionRow).values(**values).on_conflict_do_nothing()
            is_new = connection.execute(statement).rowcount == 1
            if is_new:
                self._trail.variant_rejected(connection, entry_id, author, now)
            return is_new

        return await self._database.write(work)

    async def all(self) -> frozenset[tuple[str, bytes]]:
        """(entry id, hash of the words): see `is_among`."""
        query = select(VariantRejectionRow.entry_id, VariantRejectionRow.words_hash)
        return await self._database.read(
            lambda connection: frozenset((row.entry_id, row.words_hash) for row in connection.execute(query))
        )


def is_among(rejections: frozenset[tuple[str, bytes]], entry_id: str, text: str) -> bool:
    return (entry_id, text_hash(same_words(text))) in rejections
