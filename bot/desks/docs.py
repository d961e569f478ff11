"""Taking handbooks over from folders."""

import asyncio
from collections.abc import Sequence
from pathlib import PurePosixPath

from bot.clock import Clock
from bot.conversation.knowledge.handbooks.folder import ENDINGS, Handbook, load_documents
from bot.desks.knowledge import Desk, open_desk
from bot.errors import NotFound, ServiceError
from bot.settings import Settings
from storage.knowledge.records import EVERYONE, DocumentChange, DocumentOutcome, DocumentSummary


async def import_handbook(
    settings: Settings, handbook: Handbook, clock: Clock, *, replace: bool, dry_run: bool
) -> list[DocumentChange]:
    """All documents of the folder in one transaction, in place of those that were imported under its name before.

    `replace`: even if none of those is there any more. `dry_run`: only say what would become of them.
    Raises: FilesRefused, ServiceError, StorageError.
    """
    documents = await asyncio.to_thread(load_documents, handbook)
    if not documents:
        endings = ", ".join(sorted(ENDINGS))
        raise ServiceError(f"no handbook in {handbook.folder}: the names of its files have to end in {endings}")
    async with open_desk(settings, create=not dry_run) as desk:
        await _refuse_wider_audience(desk, handbook)
        planned = await desk.passages.preview(handbook.name, documents)
        if not replace:
            _refuse_other_handbook(handbook, planned)
        if dry_run:
            return planned
        return await desk.passages.replace(handbook.name, documents, desk.author, clock.now())


async def remove_handbook(settings: Settings, name: str, clock: Clock) -> list[DocumentChange]:
    """All documents that were imported under the name. Raises: NotFound, StorageError."""
    async with open_desk(settings) as desk:
        removed = await desk.passages.replace(name, [], desk.author, clock.now())
    if not removed:
        raise NotFound(f"no handbook was imported as {name[:80]!r}: see `inthread docs list`")
    return removed


async def load_list(settings: Settings) -> list[DocumentSummary]:
    """Raises: StorageError."""
    async with open_desk(settings) as desk:
        return await desk.passages.documents()


async def _refuse_wider_audience(desk: Desk, handbook: Handbook) -> None:
    """An option that was forgotten must not show everybody what some were meant to see."""
    for document in await desk.passages.documents():
        if document.collection != handbook.name or document.audience == (EVERYONE,):
            continue
        path = PurePosixPath(document.name).relative_to(handbook.name)
        if handbook.audience_of(path) is None:
            raise ServiceError(
                f"{document.name} was imported for {', '.join(document.audience)} only: give --audience for its folder "
                f"again, or --audience {path.parent}=everyone"
            )


def _refuse_other_handbook(handbook: Handbook, planned: Sequence[DocumentChange]) -> None:
    """Two folders that happen to have the same name are two handbooks."""
    outcomes = {change.outcome for change in planned}
    if outcomes == {DocumentOutcome.ADDED, DocumentOutcome.REMOVED}:
        raise ServiceError(
            f"nothing that was imported as {handbook.name!r} before is in {handbook.folder}: "
            "give another handbook another --name, or add --replace"
        )
