"""Events that come one to five times, shuffled and delayed, with restarts in between: exactly one reply each."""

import asyncio
import random
from dataclasses import replace

from bot.sandbox.faults import DeliveryFaults
from bot.sandbox.messages import CHANNEL, Channel
from tools.faults.house import SETTINGS, House, house
from tools.faults.judging import judge
from tools.faults.processes import Processes
from tools.faults.table import Row

MOST_REPEATS = 4
DELAY_SECONDS = 1.0
# A burst of posts, then a restart: an orderly one and a SIGKILL by turns.
POSTS_BETWEEN_RESTARTS = 60
PAUSE_SECONDS = 0.01
# As many may be open as the service may have to take up at its start.
MOST_OPEN = 120
GRACE_SECONDS = 0.3
SETTLE_SECONDS = 120.0
CHANNELS = 20


async def shuffled_events(processes: Processes, seed: int, posts: int) -> Row:
    rng = random.Random(f"shuffle {seed}")
    settings = replace(SETTINGS, log_limit=20 * posts)
    async with house(processes, seed, settings, speed=50, words=8, words_per_second=0) as home:
        open_channels(home)
        home.sandbox.faults.deliveries = DeliveryFaults(repeats=MOST_REPEATS, delay_seconds=DELAY_SECONDS)
        await _start(home)
        restarts = 0
        for number in range(1, posts + 1):
            await home.ask()
            await asyncio.sleep(PAUSE_SECONDS)
            if number % POSTS_BETWEEN_RESTARTS == 0:
                await (home.stop() if restarts % 2 else home.kill())
                await asyncio.sleep(rng.uniform(0.0, DELAY_SECONDS / 2))  # asked and delivered while nobody runs
                await _start(home)
                restarts += 1
                if not await home.settle(SETTLE_SECONDS, most_open=MOST_OPEN):
                    break  # something is lost: no use in losing more
        await home.settle(SETTLE_SECONDS)
        async with asyncio.timeout(SETTLE_SECONDS):
            await home.sandbox.delivered()  # until then a duplicate may do harm
        await home.stop()
        deliveries = sum(
            ack.acked_at is not None for ack in home.sandbox.acks if ack.kind in ("message", "app_mention")
        )
        verdict = judge(home)
    return Row(
        "Events 1–5 times, shuffled, delayed, restarts between",
        verdict,
        f"{verdict.cases} of {posts} posts in {deliveries} deliveries, {restarts} restarts",
        verdict.cases == posts and deliveries > posts and restarts > 0,
    )


def open_channels(home: House) -> None:
    """More places than a workspace begins with: Slack takes one post a second in each."""
    members = [*home.sandbox.people, home.sandbox.bot_user_id]
    for number in range(CHANNELS):
        name = f"team-{number}"
        channel = Channel(f"C0TEAM{number:02}", name, CHANNEL, "", list(members), int(home.sandbox.now))
        home.sandbox.channels[channel.id] = channel
        home.places.append(channel.id)


async def _start(home: House) -> None:
    await home.start(delivery__grace_seconds=GRACE_SECONDS)
    await home.ready()


async def run(processes: Processes, seed: int, *, short: bool) -> list[Row]:
    return [await shuffled_events(processes, seed, 150 if short else 10_000)]
