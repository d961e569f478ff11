"""Whether a web address leads anywhere: asked over HTTP, with a time limit, nothing of the page kept."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp

from bot.conversation.knowledge.links import Fetch

TIMEOUT_SECONDS = 10.0
# The page is there, and not for us: signed in, people may well see it.
_NOT_FOR_US = frozenset({401, 403, 407, 429})
# Servers that know no HEAD answer with one of these.
_ASK_AGAIN = frozenset({400, 403, 404, 405, 500, 501, 503})


@asynccontextmanager
async def open_fetcher(timeout_seconds: float = TIMEOUT_SECONDS) -> AsyncGenerator[Fetch, None]:
    timeout = aiohttp.ClientTimeout(total=timeout_seconds)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:

        async def fetch(address: str) -> str | None:
            try:
                status = await _status(session, "HEAD", address)
                if status in _ASK_AGAIN:
                    status = await _status(session, "GET", address)
            except TimeoutError:
                return f"does not answer within {timeout_seconds:g} s"
            except (aiohttp.ClientError, ValueError) as error:
                return f"cannot be reached ({type(error).__name__})"
            return None if status < 400 or status in _NOT_FOR_US else f"answers with {status}"

        yield fetch


async def _status(session: aiohttp.ClientSession, method: str, address: str) -> int:
    async with session.request(method, address, allow_redirects=True) as response:
        return response.status
