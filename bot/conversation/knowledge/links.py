"""The links that entries show to people, and which of them lead nowhere."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.conversation.knowledge.checks import Concern, Remark
from storage.knowledge.records import Entry

# Given an address, why nobody gets there; None when it is well, or cannot be told (behind a sign-in).
Fetch = Callable[[str], Awaitable[str | None]]
MOST_AT_ONCE = 8

_MARKDOWN = MarkdownIt("commonmark", {"linkify": True}).enable("linkify")
assert _MARKDOWN.linkify is not None
_MARKDOWN.linkify.set({"fuzzy_link": False, "fuzzy_email": False})  # what is no address to the letter is none to check


async def find_dead_links(entries: Sequence[Entry], fetch: Fetch) -> list[Remark]:
    """One for each address that is dead, in order. Each is looked at once, whatever number of entries show it."""
    showing: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        for address in links_of(entry):
            showing[address].append(entry.entry_id)
    turns = asyncio.Semaphore(MOST_AT_ONCE)

    async def look(address: str) -> Remark | None:
        async with turns:
            reason = await fetch(address)
        return Remark(Concern.LINK, tuple(showing[address]), f"{address} {reason}") if reason else None

    async with asyncio.TaskGroup() as group:
        looks = [group.create_task(look(address)) for address in sorted(showing)]
    return [remark for task in looks if (remark := task.result())]


def links_of(entry: Entry) -> list[str]:
    """Addresses of the web in its answer, and its source; each once."""
    found = [entry.text.source_url, *_links(_MARKDOWN.parse(entry.text.answer))]
    return list(dict.fromkeys(address for address in found if address.startswith(("https://", "http://"))))


def _links(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        for name in ("href", "src"):
            if address := token.attrGet(name):
                yield str(address)
        yield from _links(token.children or [])
