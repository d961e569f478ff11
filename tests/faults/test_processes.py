"""Nothing that the campaign started is left behind, however the campaign ends."""

import asyncio
import signal
import sys
from pathlib import Path

from tools.faults.clock import SharedClock
from tools.faults.processes import processes

SECONDS = 20.0
CAMPAIGN = """
import asyncio, os, pathlib, sys
from tools.faults.clock import SharedClock
from tools.faults.processes import processes
async def main():
    async with processes() as running:
        service = await running.start(pathlib.Path(sys.argv[1]), dict(os.environ), SharedClock.start(1.0))
        print(service.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
ENVIRONMENT = {
    "INTHREAD_SERVICE__PORT": "0",
    "INTHREAD_INFERENCE__ENGINE": "scripted",
    "INTHREAD_WEB__ENABLED": "true",
}


async def until_gone(*pids: int) -> None:
    async with asyncio.timeout(SECONDS):
        while any(is_running(pid) for pid in pids):  # noqa: ASYNC110 - strangers by now: nobody tells when they end
            await asyncio.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_a_campaign_that_is_killed_takes_its_services_with_it(tmp_path: Path) -> None:
    campaign = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CAMPAIGN, str(tmp_path)), stdout=asyncio.subprocess.PIPE, env=ENVIRONMENT
    )
    assert campaign.stdout is not None
    service = int(await asyncio.wait_for(campaign.stdout.readline(), SECONDS))
    assert is_running(service)

    campaign.kill()
    await campaign.wait()

    await until_gone(service)


async def test_leaving_ends_every_service(tmp_path: Path) -> None:
    async with processes() as running:
        service = await running.start(tmp_path, ENVIRONMENT, SharedClock.start(1.0))
        assert is_running(service.pid)

    assert not is_running(service.pid)
    assert await service.wait(0) == -signal.SIGKILL
    service.send(signal.SIGTERM)  # nothing happens, to nobody


async def test_how_a_service_ended_is_known(tmp_path: Path) -> None:
    refused = {**ENVIRONMENT, "INTHREAD_WEB__ENABLED": "false"}  # no platform to serve
    async with processes() as running:
        killed = await running.start(tmp_path, ENVIRONMENT, SharedClock.start(1.0))
        await killed.kill()
        failed = await running.start(tmp_path, refused, SharedClock.start(1.0))

        assert await killed.wait(SECONDS) == -signal.SIGKILL
        assert await failed.wait(SECONDS) == 1
