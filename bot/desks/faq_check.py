"""Looking through the entries for what could be better."""

from bot.clock import Calendar, Clock
from bot.conversation.knowledge.checks import Remark, find_remarks
from bot.conversation.knowledge.links import find_dead_links
from bot.desks.knowledge import load_entries
from bot.desks.links import open_fetcher
from bot.settings import Settings
from storage.knowledge.records import EntryStatus


async def check_entries(settings: Settings, clock: Clock, *, links: bool) -> tuple[int, list[Remark]]:
    """How many published entries there are, and what is to be said about them. Raises: StorageError."""
    entries = await load_entries(settings, EntryStatus.PUBLISHED)
    remarks = list(find_remarks(entries, Calendar(clock, settings.admin.zone).today()))
    if links:
        async with open_fetcher() as fetch:
            remarks += await find_dead_links(entries, fetch)
    return len(entries), remarks
