"""Entries as the store gives them."""

from typing import Any

from storage.knowledge.records import Entry, EntryStatus
from tests.clock import START
from tests.storage.knowledge.samples import a_text


def an_entry(entry_id: str, question: str = "How do I park a bicycle?", **changes: Any) -> Entry:
    """Published; `changes` are fields of its text. With three variants that no other entry has."""
    variants = tuple(f"{entry_id} {number}" for number in ("one", "two", "three"))
    text = a_text(question, **{"variants": variants, **changes})
    return Entry(
        entry_id=entry_id,
        revision=1,
        status=EntryStatus.PUBLISHED,
        text=text,
        author="cli:eve",
        revised_at=START,
    )
