"""Entries to write, and the one who writes them."""

from typing import Any

from storage.knowledge.records import Author, EntryText, GivenEntry

HR = Author("slack", "T1", "UHR")


def a_text(question: str = "How do I park a bicycle?", **changes: Any) -> EntryText:
    """`changes` are its fields."""
    fields = {
        "lang": "en",
        "question": question,
        "variants": ("where do bikes go", "is there a bike cellar"),
        "answer": "Bicycles stand in the cellar of building B. The gate opens with your badge from 6:30 on.",
        "owner": "facilities@acme.test",
        "source_url": "https://intranet.acme.test/facilities/bicycles",
    }
    return EntryText(**{**fields, **changes})


def given(entry_id: str = "bicycles", **changes: Any) -> GivenEntry:
    """As a file gives it; `status` aside, `changes` are fields of its text."""
    status = changes.pop("status", None)
    return GivenEntry(entry_id=entry_id, text=a_text(**changes), status=status)
