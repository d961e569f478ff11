"""The loop for commands: gaps and proposed variants, beside a running service or without one."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from bot.assembly.library import open_library
from bot.clock import Calendar, Clock
from bot.conversation.characters import strip_invisible
from bot.conversation.knowledge.reviews import shown_by
from bot.conversation.learning.gaps import Gap, Gaps, asked_in
from bot.conversation.learning.variants import LearningStores, Variants, Weighed
from bot.desks.opening import OpenRecord, open_record
from bot.errors import NotFound, ServiceError
from bot.settings import Settings
from storage.admin.accounts import DeedStore
from storage.admin.records import Report
from storage.feedback import FeedbackStore
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Author, Entry
from storage.learning.dismissals import DismissalStore, Dismissed
from storage.learning.rejections import RejectionStore

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LearningDesk:
    """`author`: whoever types the command."""

    gaps: Gaps
    dismissals: DismissalStore
    variants: Variants
    deeds: DeedStore
    author: Author


@asynccontextmanager
async def open_learning_desk(settings: Settings, clock: Clock) -> AsyncGenerator[LearningDesk, None]:
    """Raises: StorageError, EngineFailed."""
    async with (
        open_record(settings) as record,
        open_library(settings, record.database, record.trail, clock) as library,
    ):
        database, trail, knowledge = record.database, record.trail, library.knowledge
        await knowledge.refresh()
        feedback, dismissals = FeedbackStore(database, trail), DismissalStore(database, trail)
        stores = LearningStores(EntryStore(database, trail), feedback, RejectionStore(database, trail))
        yield LearningDesk(
            Gaps(feedback, dismissals, knowledge, shown_by(settings.answers, Calendar(clock, settings.admin.zone))),
            dismissals,
            Variants(stores, knowledge, settings.answers.variants_after_people, clock),
            DeedStore(database, trail),
            record.author,
        )


async def read_gaps(settings: Settings, days: int, clock: Clock, asked: Callable[[int], None]) -> list[Gap]:
    """That they are read is on record."""
    async with open_learning_desk(settings, clock) as desk:
        gaps = await desk.gaps.find(clock.now() - timedelta(days=days), asked)
        await desk.deeds.record_reading(Report.GAPS, asked_in(gaps), desk.author, clock.now())
        return gaps


async def read_dismissed(settings: Settings, clock: Clock) -> list[Dismissed]:
    """The questions that stand for gaps which were put aside. That they are read is on record."""
    async with open_record(settings) as record:
        dismissed = await _dismissed(record)
        deeds = DeedStore(record.database, record.trail)
        await deeds.record_reading(Report.DISMISSED_GAPS, len(dismissed), record.author, clock.now())
        return dismissed


async def _dismissed(record: OpenRecord) -> list[Dismissed]:
    return [one for one in await DismissalStore(record.database, record.trail).all() if one.stands_for_gap]


async def dismiss_gap(settings: Settings, beginning: str, days: int, clock: Clock) -> Gap:
    """The gap whose id begins so. Raises: NotFound, StorageError, EngineFailed."""
    async with open_learning_desk(settings, clock) as desk:
        gaps = await desk.gaps.find(clock.now() - timedelta(days=days))
        gap = _the_one(beginning, [(gap.gap_id, gap) for gap in gaps], "gap", "inthread faq gaps")
        reply_ids = [one.question.reply_id for one in gap.questions]
        await desk.dismissals.dismiss(gap.gap_id, reply_ids, desk.author, clock.now())
        return gap


async def restore_gap(settings: Settings, beginning: str, clock: Clock) -> Dismissed:
    """Raises: NotFound, StorageError."""
    async with open_record(settings) as record:
        dismissed = [(one.gap, one) for one in await _dismissed(record)]
        gap = _the_one(beginning, dismissed, "dismissed gap", "inthread faq gaps --dismissed")
        await DismissalStore(record.database, record.trail).restore(gap.gap, record.author, clock.now())
    return gap


async def read_variants(settings: Settings, clock: Clock) -> list[Weighed]:
    """That they are read is on record."""
    async with open_learning_desk(settings, clock) as desk:
        proposed = await desk.variants.proposals()
        await desk.deeds.record_reading(Report.VARIANTS, len(proposed), desk.author, clock.now())
        return proposed


async def decide_variants(
    settings: Settings, accepted: Sequence[str], rejected: Sequence[str], clock: Clock
) -> tuple[list[Entry], list[Weighed]]:
    """The entries that have a variant more, and what was rejected. Keys: whole, or as much of them as tells.

    Raises: NotFound, ServiceError, StorageError, EngineFailed.
    """
    async with open_learning_desk(settings, clock) as desk:
        proposals = [(one.proposal.key, one) for one in await desk.variants.proposals()]
        taken, refused = (
            [_the_one(key, proposals, "proposed variant", "inthread faq variants") for key in dict.fromkeys(keys)]
            for keys in (accepted, rejected)
        )
        _require_unobstructed(taken)
        for one in refused:
            await desk.variants.reject(one.proposal, desk.author)
        changed = [await desk.variants.accept(one.proposal, desk.author) for one in taken]
        return [entry for entry in changed if entry is not None], refused


def _require_unobstructed(weighed: Iterable[Weighed]) -> None:
    for one in weighed:
        if one.obstacle is not None:
            raise ServiceError(
                f"{one.proposal.key} cannot become a variant of {one.proposal.entry_id}: {one.obstacle}; "
                "what must be all the same, `inthread faq import` or /faq edit can write"
            )


def _the_one(beginning: str, things: Sequence[tuple[str, T]], what: str, see: str) -> T:
    found = [thing for thing_id, thing in things if beginning and thing_id.startswith(beginning)]
    if len(found) != 1:
        many = "several begin so" if found else "there is none"
        raise NotFound(f"no {what} {strip_invisible(beginning)[:80]!r}: {many}, see `{see}`")
    return found[0]
