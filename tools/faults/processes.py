"""Service processes by the dozen: started through the zygote, signalled, waited for. None outlives `processes()`."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tools.faults.clock import SharedClock

FORK_SECONDS = 30.0
LOG = "service.log"  # in the folder that a service works in


class ServiceProcess:
    """One run of the service. Signals go by its descriptor, which never means another process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._descriptor = os.pidfd_open(pid)

    @property
    def is_running(self) -> bool:
        return not self._ended.done()

    def send(self, number: signal.Signals) -> None:
        """At once, also from within the sandbox. Does nothing when it has ended."""
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    async def wait(self, seconds: float) -> int:
        """Its exit code; negative: the signal that ended it. Raises: TimeoutError."""
        return await asyncio.wait_for(asyncio.shield(self._ended), seconds)

    async def kill(self) -> None:
        """SIGKILL, and gone when this returns."""
        self.send(signal.SIGKILL)
        await self.wait(FORK_SECONDS)

    def end(self, code: int) -> None:
        """It has ended: called by whoever watches it."""
        if self.is_running:
            self._ended.set_result(code)
            os.close(self._descriptor)


class Processes:
    """The zygote's other side."""

    def __init__(self, zygote: asyncio.subprocess.Process) -> None:
        self._zygote = zygote
        self._running: dict[int, ServiceProcess] = {}
        self._started: asyncio.Queue[ServiceProcess] = asyncio.Queue()
        self._one_at_a_time = asyncio.Lock()

    async def start(self, folder: Path, environment: Mapping[str, str], clock: SharedClock) -> ServiceProcess:
        """A service that works in `folder`; returns when it exists, long before it is ready."""
        order = {
            "start": dict(environment),
            "folder": str(folder),
            "clock": [clock.speed, clock.wall, clock.began],
        }
        async with self._one_at_a_time:
            assert self._zygote.stdin is not None
            self._zygote.stdin.write(json.dumps(order).encode() + b"\n")
            return await asyncio.wait_for(self._started.get(), FORK_SECONDS)

    async def listen(self) -> None:
        """Until the zygote has ended, and every fork with it."""
        assert self._zygote.stdout is not None
        async for line in self._zygote.stdout:
            answer = json.loads(line)
            if "started" in answer:
                started = self._running[answer["started"]] = ServiceProcess(answer["started"])
                self._started.put_nowait(started)
            else:
                self._running.pop(answer["ended"]).end(answer["code"])
        for left in self._running.values():
            left.end(-signal.SIGKILL)


@asynccontextmanager
async def processes() -> AsyncGenerator[Processes, None]:
    """Whatever was started has ended when this is left."""
    zygote = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tools.faults.zygote"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    owner = Processes(zygote)
    listening = asyncio.create_task(owner.listen())
    try:
        yield owner
    finally:
        assert zygote.stdin is not None
        zygote.stdin.close()  # it ends its forks, then itself
        await zygote.wait()
        await listening
