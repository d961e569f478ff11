"""Slack in bad weather for as long as anything is to be said: every final text lands, and nobody calls too early."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace

from bot.sandbox import Fault, Sandbox
from tools.faults.house import SETTINGS, House, house
from tools.faults.judging import judge
from tools.faults.processes import Processes
from tools.faults.table import Row
from tools.faults.tcp_proxy import Harm, TcpProxy, Weather

# Of all calls 30 % are told to wait, 10 % get 5xx and 5 % a reset, half of both after the call was carried out. A fault
# is drawn only when none before it struck, hence the denominators.
RATE_LIMITED, HALF_OF_5XX, HALF_OF_RESETS = 0.30, 0.05, 0.025
FAULTS = (
    Fault("rate_limited", probability=RATE_LIMITED, retry_after=2),
    Fault("server_error", probability=HALF_OF_5XX / 0.70),
    Fault("server_error_after_commit", probability=HALF_OF_5XX / 0.65, status=502),
    Fault("reset_before_commit", probability=HALF_OF_RESETS / 0.60),
    Fault("reset_after_commit", probability=HALF_OF_RESETS / 0.575),
)
BROKEN_LINES = Weather(
    {
        Harm.RESET_BEFORE: 0.02,
        Harm.RESET_AFTER: 0.02,
        Harm.CUT: 0.02,
        Harm.CLOSE_AFTER_BYTES: 0.02,
        Harm.STALL: 0.02,
        Harm.DELAY: 0.1,
        Harm.BLACK_HOLE: 0.01,
    }
)
SETTLE_SECONDS = 150.0
PAUSE_SECONDS = 0.1
TIMEOUT_SECONDS = 2  # of a call: a black hole is noticed no sooner


async def bad_weather(processes: Processes, seed: int, questions: int) -> Row:
    """Faults of Slack itself, under its own limits."""
    settings = replace(SETTINGS, rate_limit_scale=1.0, post_tolerance=0.0, connection_burst=100)
    async with house(processes, seed, settings) as home:
        home.sandbox.faults.add(*FAULTS)
        await _ask_and_settle(home, questions)
        verdict = judge(home)
        early = len(home.sandbox.violations)
        measured = f"{_counted(home.sandbox)}; {early} calls before Retry-After, to hold: 0"
    return Row("30 % 429, 10 % 5xx, 5 % resets", verdict, measured, early == 0)


async def broken_lines(processes: Processes, seed: int, questions: int) -> Row:
    """Faults below HTTP. Without limits: who never hears of a Retry-After cannot keep it."""
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(TcpProxy(seed))
        settings = replace(SETTINGS, public_url=proxy.url)
        home = await stack.enter_async_context(house(processes, seed, settings))
        proxy.lead_to(home.sandbox.url)
        proxy.weather = BROKEN_LINES
        await _ask_and_settle(home, questions)
        verdict = judge(home)
        harms = ", ".join(f"{proxy.done[harm]} {harm.name.lower()}" for harm in Harm)
    return Row("Connections reset, cut, stalled, swallowed", verdict, harms, all(proxy.done[harm] for harm in Harm))


async def _ask_and_settle(home: House, questions: int) -> None:
    await home.start(slack__timeout_seconds=TIMEOUT_SECONDS)
    for _ in range(questions):
        await home.ask()
        await asyncio.sleep(PAUSE_SECONDS)
    await home.settle(SETTLE_SECONDS * max(1.0, questions / 100))
    await home.stop()


def _counted(sandbox: Sandbox) -> str:
    """Which faults struck how often, of how many calls."""
    struck = Counter(call.fault for call in sandbox.calls if call.fault)
    return f"{len(sandbox.calls)} calls: " + ", ".join(f"{count} {kind}" for kind, count in sorted(struck.items()))


async def run(processes: Processes, seed: int, *, short: bool) -> list[Row]:
    questions = 40 if short else 400
    return list(await asyncio.gather(bad_weather(processes, seed, questions), broken_lines(processes, seed, questions)))
