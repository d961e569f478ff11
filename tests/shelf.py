"""Knowledge that a test lays out: which question finds what. No retrieval, no gate."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from bot.conversation.knowledge.findings import Findings, Inquiry, Route, ScoredEntry, ScoredPassage
from storage.knowledge.records import Entry, EntryStatus, EntryText, Passage


def an_entry(entry_id: str = "pto_balance", **changes: object) -> Entry:
    """A published entry; `changes` are of its text, or `revision` and `status`."""
    text = {
        "lang": "en",
        "question": "How many vacation days do I have left?",
        "variants": (),
        "answer": "Your remaining paid leave is shown in Workday under *Time Off > Balance*: up to 5 days carry over.",
        "owner": "hr@acme.test",
        "source_url": f"https://intranet.acme.test/hr/{entry_id}",
        "verified_at": date(2025, 10, 12),
        "review_by": date(2027, 6, 30),
    }
    outer = {name: changes.pop(name) for name in ("revision", "status") if name in changes}
    return Entry(
        **{
            "entry_id": entry_id,
            "revision": 1,
            "status": EntryStatus.PUBLISHED,
            "text": EntryText(**{**text, **changes}),  # type: ignore[arg-type]
            "author": "U0DANA",
            "revised_at": datetime(2025, 10, 1, tzinfo=UTC),
            **outer,
        }  # type: ignore[arg-type]
    )


def a_passage(text: str, *heading_path: str, **changes: object) -> Passage:
    fields = {"passage_id": f"p {text[:20]}", "document": "handbook.md", "lang": "en", **changes}
    return Passage(text=text, heading_path=heading_path or ("Handbook", "Leave"), **fields)  # type: ignore[arg-type]


class Shelf:
    """Implements `LooksUp` and `FindsEntries`. What nobody laid out, nothing is found for."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.inquiries: list[Inquiry] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self._findings: dict[str, Findings] = {}
        self.is_empty = False

    def lay_out(
        self, question: str, route: Route, *entries: Entry, passages: tuple[Passage, ...] = (), chance: float = 1.0
    ) -> "Shelf":
        """`chance`: that an entry is meant."""
        self.entries |= {entry.entry_id: entry for entry in entries}
        self._findings[question] = Findings(
            route=route,
            entries=tuple(ScoredEntry(entry, chance) for entry in entries),
            passages=tuple(ScoredPassage(passage, 1.0) for passage in passages),
        )
        return self

    def change(self, entry_id: str, **changes: object) -> None:
        """A newer revision of the entry, or another status."""
        entry = self.entries[entry_id]
        status = changes.pop("status", entry.status)
        text = replace(entry.text, **changes)  # type: ignore[arg-type]
        self.entries[entry_id] = replace(entry, revision=entry.revision + 1, status=status, text=text)  # type: ignore[arg-type]

    async def groups(self) -> frozenset[str]:
        labels = {label for entry in self.entries.values() for label in entry.text.audience}
        return frozenset(label.removeprefix("group:") for label in labels if label.startswith("group:"))

    async def look_up(self, inquiry: Inquiry) -> Findings:
        self.inquiries.append(inquiry)
        await self.may_go_on.wait()
        return self._findings.get(inquiry.text, Findings(route=Route.NONE))

    async def nearness(self, texts: Sequence[str]) -> None:
        return None

    async def is_everyday(self, text: str) -> bool:
        return False

    async def find(self, entry_id: str) -> Entry | None:
        return self.entries.get(entry_id)

    async def open(self) -> None:
        pass

    async def keep_fresh(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass
