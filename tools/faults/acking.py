"""Acknowledgement under load: p99 at most 250 ms at twenty events a second."""

import statistics
from dataclasses import replace

from tools.bench_service import EVENTS_PER_SECOND, acknowledge_under_load
from tools.faults.house import SETTINGS, house
from tools.faults.judging import Verdict
from tools.faults.processes import Processes
from tools.faults.table import Row

P99_MILLISECONDS = 250.0


async def acks_in_time(processes: Processes, seed: int, seconds: int) -> Row:
    """Under Slack's own limits: what cannot be answered so fast waits, and is acknowledged all the same."""
    settings = replace(SETTINGS, rate_limit_scale=1.0, post_tolerance=0.0)
    async with house(processes, seed, settings, speed=1) as home:
        await home.start(delivery__grace_seconds=0)
        await home.ready()
        taken = await acknowledge_under_load(home.sandbox, seconds)
        missed = sum(ack.acked_at is None for ack in home.sandbox.acks)
    p99 = statistics.quantiles(taken, n=100, method="inclusive")[98]
    figure = f"median {statistics.median(taken):.1f} ms, p99 {p99:.1f} ms, to hold: ≤ 250 ms"
    verdict = Verdict(cases=len(taken) + missed, lost=missed)
    return Row(f"Acknowledgement at {EVENTS_PER_SECOND} events/s", verdict, figure, p99 <= P99_MILLISECONDS)


async def run(processes: Processes, seed: int, *, short: bool) -> list[Row]:
    return [await acks_in_time(processes, seed, 5 if short else 30)]
