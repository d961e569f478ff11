"""Forgetting somebody: in the record, and in what this process still has in memory."""

from collections.abc import Mapping

from bot.assembly.record import Record
from bot.delivery.dispatcher import Dispatcher
from bot.platforms.base import Platform
from bot.platforms.web.platform import WebPlatform
from storage.forgetting.erasing import ErasureStore
from storage.forgetting.traces import Person


def build_erasures(record: Record, dispatcher: Dispatcher, platforms: Mapping[str, Platform]) -> ErasureStore:
    """`platforms`: looked up when somebody is erased; there need not be any yet."""

    async def on_erased(person: Person) -> None:
        """Nothing is written to them any more that they asked before, and no page of theirs shows it."""
        await dispatcher.let_go(person.platform, person.user)
        platform = platforms.get(person.platform)
        if isinstance(platform, WebPlatform):
            platform.forget(person.user)

    return ErasureStore(record.database, record.trail, record.index, on_erased)
