"""Handbooks as `inthread docs` shows them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from bot.conversation.characters import strip_invisible
from storage.knowledge.records import EVERYONE, DocumentChange, DocumentOutcome, DocumentSummary


def change_lines(changes: Sequence[DocumentChange], *, dry_run: bool = False) -> Iterator[str]:
    """What was added, changed and removed, one in a line; how many of each."""
    for change in changes:
        name = strip_invisible(change.name)
        match change.outcome:
            case DocumentOutcome.ADDED:
                yield f"added    {name}  {_passages(change.passages)}"
            case DocumentOutcome.CHANGED:
                yield f"changed  {name}  {change.new_passages} of {_passages(change.passages)} new"
            case DocumentOutcome.REMOVED:
                yield f"removed  {name}"
    counts = Counter(change.outcome for change in changes)
    passages = sum(change.passages for change in changes)
    yield (
        f"{len(changes):,} documents: {', '.join(f'{counts[outcome]:,} {outcome}' for outcome in DocumentOutcome)}; "
        f"{_passages(passages)}" + ("; nothing was written (--dry-run)" if dry_run else "")
    )


def list_lines(documents: Sequence[DocumentSummary]) -> Iterator[str]:
    if not documents:
        yield "no handbooks: `inthread docs import DIR` takes one over (docs/knowledge.md)"
        return
    yield f"{'passages':>8}  {'imported (UTC)':16}  document"
    for document in documents:
        some = "" if document.audience == (EVERYONE,) else f"  for {', '.join(document.audience)}"
        yield f"{document.passages:8}  {document.imported_at:%Y-%m-%d %H:%M}  {strip_invisible(document.name)}{some}"


def as_json(document: DocumentSummary) -> dict[str, Any]:
    return {
        **asdict(document),
        "name": strip_invisible(document.name),
        "imported_at": document.imported_at.isoformat(),
    }


def _passages(number: int) -> str:
    return "1 passage" if number == 1 else f"{number:,} passages"
