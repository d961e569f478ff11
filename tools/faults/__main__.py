"""`python -m tools.faults`, which is `make faults`: one table of every figure that the delivery is to hold."""

import argparse
import asyncio
import importlib
import signal
import sys
import time
from importlib.util import find_spec

from tools.faults.processes import Processes, processes
from tools.faults.table import Row, table

# Modules of this package; each has `run(processes, seed, short=...)`, the rows of the table that it fills.
PARTS = ("kills", "shuffle", "weather", "sockets", "disk", "acking", "stopping", "restarting", "soak")
MOST_EVIDENCE = 20


async def run_part(processes: Processes, name: str, seed: int, *, short: bool) -> list[Row]:
    """The rows of one part."""
    module = importlib.import_module(f"tools.faults.{name}")
    rows: list[Row] = await module.run(processes, seed, short=short)
    return rows


def known_parts() -> list[str]:
    return [name for name in PARTS if find_spec(f"tools.faults.{name}") is not None]


async def main(names: list[str], seed: int, *, short: bool) -> int:
    """0 if every figure is held. SIGTERM ends it as Ctrl-C does: nothing that it started is left."""
    ourselves = asyncio.current_task()
    assert ourselves is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ourselves.cancel)
    rows: list[Row] = []
    async with processes() as running:
        for name in names:
            begun = time.monotonic()
            found = await run_part(running, name, seed, short=short)
            _report(name, found, time.monotonic() - begun)
            rows += found
    print(table(rows))
    return 0 if all(row.holds for row in rows) else 1


def _report(name: str, rows: list[Row], seconds: float) -> None:
    print(f"{name}: {seconds:.0f} s", file=sys.stderr)
    for row in rows:
        for line in row.verdict.evidence[:MOST_EVIDENCE]:
            print(f"  {row.what}: {line}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tools.faults", description=__doc__)
    parser.add_argument("--only", action="append", choices=known_parts(), help="One part; may be given again.")
    parser.add_argument("--seed", type=int, default=1, help="Draws the faults; another one, other faults. Default: 1.")
    parser.add_argument("--short", action="store_true", help="Small numbers: minutes instead of hours.")
    arguments = parser.parse_args()
    sys.exit(asyncio.run(main(arguments.only or known_parts(), arguments.seed, short=arguments.short)))
