"""A time in which nobody has a turn: for work that must not happen under a reply."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from bot.clock import Clock

POLL_SECONDS = 0.2


class Turns(Protocol):
    """What `bot.delivery.line.Line` is to this."""

    @property
    def active(self) -> int: ...

    def open(self) -> None: ...

    def close(self) -> None: ...


def quiet_times(turns: Turns, clock: Clock) -> Callable[[], AbstractAsyncContextManager[None]]:
    """`async with quiet():` begins when the last running reply has ended. Questions wait in line meanwhile.

    Cancelled inside, it leaves the line closed: the service is stopping, and what the work has taken apart may not be
    together again.
    """

    @asynccontextmanager
    async def quiet() -> AsyncGenerator[None, None]:
        turns.close()
        try:
            while turns.active:
                await clock.sleep(POLL_SECONDS)
        except BaseException:
            turns.open()
            raise
        try:
            yield
        except asyncio.CancelledError:
            raise
        except BaseException:
            turns.open()
            raise
        turns.open()

    return quiet
