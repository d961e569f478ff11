"""Sockets closed every three seconds: nothing lost, and a new one is open within five."""

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace

from bot.sandbox import Sandbox
from bot.sandbox.feed import Change
from tools.faults.house import SETTINGS, House, house
from tools.faults.judging import judge
from tools.faults.processes import Processes
from tools.faults.table import Row
from tools.faults.tcp_proxy import TcpProxy

CLOSED_EVERY_SECONDS = 3.0
RECONNECT_SECONDS = 5.0
QUESTION_EVERY_SECONDS = 1.3
SETTLE_SECONDS = 60.0
# By the wall's clock: closings come at Slack's pace, reconnections at ours. Tickets are not limited as at Slack, where
# one a minute would forbid what is asked for here.
SETTINGS_IN_REAL_TIME = replace(SETTINGS, rate_limit_scale=20.0, ack_seconds=3.0)


@dataclass
class Gaps:
    """Seconds from each closing of a socket to the opening that made up for it."""

    seconds: list[float] = field(default_factory=list)
    _closed_at: deque[float] = field(default_factory=deque)

    def hear(self, change: Change) -> None:
        event = change.data.get("event")
        if event == "socket_closed":
            self._closed_at.append(time.monotonic())
        elif event == "socket_opened" and self._closed_at:
            self.seconds.append(time.monotonic() - self._closed_at.popleft())

    def all_up_to_now(self) -> list[float]:
        """With those that nothing has made up for yet."""
        return [*self.seconds, *(time.monotonic() - closed for closed in self._closed_at)]


async def closed_by_slack(processes: Processes, seed: int, seconds: float) -> Row:
    """Each socket is reset three seconds after it was opened."""
    async with house(processes, seed, SETTINGS_IN_REAL_TIME, speed=1, words=10) as home:
        home.sandbox.faults.sockets.drop_after_seconds = CLOSED_EVERY_SECONDS
        return await _row("Sockets closed every 3 s, one by one", home, seconds, lambda: None)


async def closed_by_the_network(processes: Processes, seed: int, seconds: float) -> Row:
    """All connections are reset at once, those of the Web API too."""
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(TcpProxy(seed))
        settings = replace(SETTINGS_IN_REAL_TIME, public_url=proxy.url)
        home = await stack.enter_async_context(house(processes, seed, settings, speed=1, words=10))
        proxy.lead_to(home.sandbox.url)
        return await _row("All connections reset every 3 s", home, seconds, proxy.reset_all)


async def _row(what: str, home: House, seconds: float, harm: Callable[[], None]) -> Row:
    await home.start()
    await home.ready()
    with _gaps(home.sandbox) as gaps:
        await asyncio.gather(_ask_for(home, seconds), _strike_for(seconds, harm))
        measured = gaps.all_up_to_now()
    home.sandbox.faults.clear()
    await home.settle(SETTLE_SECONDS)
    await home.stop()
    longest = max(measured, default=0.0)
    figure = f"{len(measured)} closed; open again after {statistics.median(measured):.2f} s, at most {longest:.2f} s"
    return Row(what, judge(home), f"{figure}, to hold: ≤ 5 s", len(measured) > 1 and longest <= RECONNECT_SECONDS)


async def _ask_for(home: House, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await home.ask()
        await asyncio.sleep(QUESTION_EVERY_SECONDS)


async def _strike_for(seconds: float, harm: Callable[[], None]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                await asyncio.sleep(CLOSED_EVERY_SECONDS)
                harm()


@contextmanager
def _gaps(sandbox: Sandbox) -> Generator[Gaps, None, None]:
    gaps = Gaps()
    unsubscribe = sandbox.feed.subscribe(gaps.hear)
    try:
        yield gaps
    finally:
        unsubscribe()


async def run(processes: Processes, seed: int, *, short: bool) -> list[Row]:
    seconds = 13.0 if short else 300.0
    both = (closed_by_slack(processes, seed, seconds), closed_by_the_network(processes, seed, seconds))
    return list(await asyncio.gather(*both))
