"""Entries and passages as replies cite them: copied, with what was true on the day."""

from collections.abc import Iterable
from datetime import date

from bot.conversation.knowledge.reviews import is_overdue
from storage.basis import Basis, BasisKind, CitedEntry, CitedPassage
from storage.knowledge.records import Entry, Passage


def verified(entry: Entry, today: date) -> Basis:
    return Basis(kind=BasisKind.VERIFIED, entries=(cited(entry, today),))


def suggested(entries: Iterable[Entry], today: date) -> Basis:
    return Basis(kind=BasisKind.SUGGESTED, entries=tuple(cited(entry, today) for entry in entries))


def written_from(passages: Iterable[Passage]) -> Basis:
    return Basis(kind=BasisKind.GROUNDED, passages=tuple(_cited_passage(passage) for passage in passages))


def quoting(passage: Passage) -> Basis:
    return Basis(kind=BasisKind.QUOTED, passages=(_cited_passage(passage),))


def _cited_passage(passage: Passage) -> CitedPassage:
    return CitedPassage(
        passage_id=passage.passage_id,
        document=passage.document,
        heading_path=passage.heading_path,
        lang=passage.lang,
        source_url=passage.source_url,
    )


def cited(entry: Entry, today: date) -> CitedEntry:
    text = entry.text
    return CitedEntry(
        entry_id=entry.entry_id,
        revision=entry.revision,
        title=text.question,
        lang=text.lang,
        owner=text.owner,
        source_url=text.source_url,
        verified_on=text.verified_at or entry.revised_at.date(),  # whoever published it stood by it on that day
        is_overdue=is_overdue(entry, today),
    )
