"""Entries as replies cite them: copied, with what was true on the day."""

from collections.abc import Iterable
from datetime import date

from storage.basis import Basis, BasisKind, CitedEntry
from storage.knowledge.records import Entry


def verified(entry: Entry, today: date) -> Basis:
    return Basis(kind=BasisKind.VERIFIED, entries=(_cited(entry, today),))


def suggested(entries: Iterable[Entry], today: date) -> Basis:
    return Basis(kind=BasisKind.SUGGESTED, entries=tuple(_cited(entry, today) for entry in entries))


def _cited(entry: Entry, today: date) -> CitedEntry:
    text = entry.text
    return CitedEntry(
        entry_id=entry.entry_id,
        revision=entry.revision,
        title=text.question,
        lang=text.lang,
        owner=text.owner,
        source_url=text.source_url,
        verified_on=text.verified_at or entry.revised_at.date(),  # whoever published it stood by it on that day
        is_overdue=text.review_by is not None and text.review_by < today,
    )
