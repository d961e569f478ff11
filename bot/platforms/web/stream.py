"""What a page hears while answers grow: server-sent events, the newest frame of each reply.

A page that reads slowly skips frames; one that does not read at all is cut off and comes back.
"""

import asyncio
import json

from aiohttp import web

from bot.platforms.web.fence import HEADERS
from bot.platforms.web.hub import Frame, Hub, Subscription
from bot.platforms.web.views import frame_view

HEARTBEAT_SECONDS = 15.0  # proxies end connections that are silent for a minute
WRITE_SECONDS = 20.0


async def stream(request: web.Request, hub: Hub, user_id: str) -> web.StreamResponse:
    """Until the page goes or the service ends. Raises: Refused, when the person has too many pages open."""
    with hub.subscribe(user_id) as subscription:
        response = web.StreamResponse(headers={**HEADERS, "X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        response.charset = "utf-8"
        await response.prepare(request)
        try:
            await _send(response, ": here\n\n")
            while not subscription.is_closed:
                await _send(response, await _next(subscription))
        except (ConnectionError, TimeoutError):
            if request.transport is not None:
                request.transport.abort()
        return response


async def _next(subscription: Subscription) -> str:
    try:
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            news = await subscription.take()
    except TimeoutError:
        return ": still here\n\n"
    erased = [_bare_event("erased")] if news.is_erased else []
    behind = [_bare_event("behind")] if news.is_behind else []
    return "".join([*erased, *map(_event, news.frames), *behind])


def _bare_event(name: str) -> str:
    return f"event: {name}\ndata: {{}}\n\n"


def _event(frame: Frame) -> str:
    return f"event: reply\ndata: {json.dumps(frame_view(frame), ensure_ascii=False)}\n\n"


async def _send(response: web.StreamResponse, text: str) -> None:
    if text:
        async with asyncio.timeout(WRITE_SECONDS):
            await response.write(text.encode())
