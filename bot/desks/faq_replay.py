"""Trying a change of the entries out on past questions, for the command."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bot.clock import Calendar, Clock
from bot.conversation.knowledge.files.formats import load_entries
from bot.conversation.knowledge.reviews import shown_by
from bot.conversation.learning.rehearsal import Rehearsal, Replay, drafts_published
from bot.desks.opening import open_record
from bot.errors import ServiceError
from bot.settings import Settings
from inference.embedding.opening import open_embedder
from storage.admin.accounts import DeedStore
from storage.admin.records import Report
from storage.knowledge.entries import EntryStore


async def replay(
    settings: Settings, path: Path | None, last: int, clock: Clock, asked: Callable[[int], None]
) -> Replay:
    """Against the entries as `path` changes them, or without one as they are when all drafts are published.

    `asked`: told after each question, of how many. That the questions which move are read is on record.
    Raises: FilesRefused, ServiceError, StorageError, EngineFailed.
    """
    given = None if path is None else await asyncio.to_thread(load_entries, [path])
    async with open_record(settings) as real:
        if given is None:
            given = drafts_published(await EntryStore(real.database, real.trail).list())
            if not given:
                raise ServiceError("there is nothing to try out: name a FILE with changed entries, or have drafts")
        opening = partial(open_embedder, settings.answers.encoder, settings.models_dir)
        calendar = Calendar(clock, settings.admin.zone)
        as_shown = shown_by(settings.answers, calendar)
        rehearsal = Rehearsal(real.database, opening, as_shown, settings.service.data_dir, real.author, calendar)
        done = await rehearsal.replay(given, last, asked)
        deeds = DeedStore(real.database, real.trail)
        await deeds.record_reading(Report.REPLAY, len(done.moves), real.author, clock.now())
        return done
