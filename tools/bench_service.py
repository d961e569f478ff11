"""How fast the service acknowledges, shows that it has begun, and shows text. `make bench-service`.

The service runs as a process of its own with the scripted engine, against the sandbox, which enforces Slack's limits.
Times are taken by the sandbox: what Slack and the person would see.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bot.sandbox import Sandbox, SandboxSettings
from tools.service_process import running_service

IDLE_QUESTIONS = 20
IDLE_SECONDS = 1.5  # Slack takes one post a second in a channel: sooner is not idle
EVENTS_PER_SECOND = 20
LOAD_SECONDS = 30


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with Sandbox(SandboxSettings()) as sandbox:
            environment = {"INTHREAD_INFERENCE__ENGINE": "scripted", "INTHREAD_DELIVERY__GRACE_SECONDS": "0"}
            async with running_service(sandbox, Path(folder), environment) as service:
                shown, text = await _ask_at_idle(sandbox)
                acks = await acknowledge_under_load(sandbox, LOAD_SECONDS)
                metrics = await service.metrics()
                rss, peak = service.rss_megabytes()
    lag = {name: value for name, value in metrics.items() if name.startswith("inthread_loop_lag_seconds_bucket")}
    print_row("event to first visible message, idle", shown, "ms, to hold: < 1000")
    print_row("event to first text, idle", text, "ms")
    print_row(f"event to acknowledgement, {EVENTS_PER_SECOND}/s", acks, "ms, to hold: p99 ≤ 250")
    longest = 1000 * metrics["inthread_loop_lag_max_seconds"]
    late = metrics["inthread_loop_lag_seconds_count"] - next(
        value for name, value in lag.items() if 'le="0.05"' in name
    )
    print(f"event loop: longest pause {longest:.1f} ms, {late:.0f} ticks later than 50 ms (to hold: none)")
    print(f"memory: {rss:.0f} MB, peak {peak:.0f} MB; calls refused by limits or too early: {_refused(sandbox)}")


async def _ask_at_idle(sandbox: Sandbox) -> tuple[list[float], list[float]]:
    """Milliseconds from the question to the first message and to the first text of the answer."""
    person, channel = next(iter(sandbox.people)), next(iter(sandbox.channels))
    shown, text = [], []
    for number in range(IDLE_QUESTIONS):
        await asyncio.sleep(IDLE_SECONDS)
        asked = time.time()
        ts = await sandbox.post_as(person, channel=channel, text=f"<@{sandbox.bot_user_id}> question {number}")
        await sandbox.until(lambda ts=ts: _is_whole(sandbox, channel, ts), timeout=60)
        reply = sandbox.messages(channel, ts)[1]
        versions = sandbox.history_of(channel, reply["ts"])
        shown.append(1000 * (versions[0].at - asked))
        text.append(1000 * (next(v.at for v in versions if v.text.startswith("Scripted")) - asked))
    return shown, text


def _is_whole(sandbox: Sandbox, channel: str, ts: str) -> bool:
    messages = sandbox.messages(channel, ts)
    return len(messages) == 2 and " 20" in messages[1]["text"] and len(messages[1]["blocks"]) == 2


async def acknowledge_under_load(sandbox: Sandbox, seconds: int) -> list[float]:
    """Milliseconds from each event to its acknowledgement, direct messages of all people at a steady rate."""
    people = list(sandbox.people)
    before = len(sandbox.acks)
    due = time.monotonic()
    for number in range(EVENTS_PER_SECOND * seconds):
        person = people[number % len(people)]
        await sandbox.post_as(person, channel=sandbox.dm_with(person), text=f"load question {number}")
        due += 1 / EVENTS_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    await asyncio.sleep(1)
    acks = sandbox.acks[before:]
    missing = sum(ack.acked_at is None for ack in acks)
    if missing:
        print(f"NOT ACKNOWLEDGED: {missing}", file=sys.stderr)
    return [1000 * (ack.acked_at - ack.sent_at) for ack in acks if ack.acked_at is not None]


def _refused(sandbox: Sandbox) -> str:
    limited = sum(call.status == 429 for call in sandbox.calls)
    return f"{limited} of {len(sandbox.calls)}, {len(sandbox.violations)} too early"


def print_row(name: str, values: Sequence[float], unit: str) -> None:
    p99 = statistics.quantiles(values, n=100, method="inclusive")[98]
    figures = f"median {statistics.median(values):.1f}, p99 {p99:.1f}, most {max(values):.1f}"
    print(f"{name}: {figures} {unit} (n={len(values)})")


if __name__ == "__main__":
    asyncio.run(main())
