"""Drafts that come from elsewhere than an editor: kept inside the transaction that brings them."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from storage.audit.trail import AuditTrail
from storage.knowledge import changes, entry_rows
from storage.knowledge.records import Author, Entry, EntryStatus, EntryText
from storage.knowledge.revising import revise


def propose(
    connection: Connection, trail: AuditTrail, entry_id: str, text: EntryText, author: Author, now: datetime
) -> Entry | None:
    """The draft, or its next revision. None: under this id stands what is no draft any more, and is left alone."""
    before = entry_rows.find(connection, entry_id)
    if before is not None and before.status is not EntryStatus.DRAFT:
        return None
    if before is not None:  # whoever began it stays its owner
        text = replace(text, owner=before.text.owner)
    change = revise(before, entry_id, text, EntryStatus.DRAFT, author, now)
    if change.before != change.after:
        entry_rows.write(connection, entry_rows.make_rows([change]))
        trail.add_sealed(connection, trail.seal_entries([change], author, now))
        changes.advance(connection)
    return change.after
