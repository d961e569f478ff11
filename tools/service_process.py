"""`inthread run` as a process of its own, connected to a sandbox: what benchmarks and pictures measure and show."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bot.sandbox import Sandbox

START_SECONDS = 60


class ServiceProcess:
    """A running service. `url` is its own HTTP."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process = process
        self.url = url

    async def metrics(self) -> dict[str, float]:
        """Samples by name and labels, as /metrics prints them."""
        async with aiohttp.ClientSession() as session, session.get(self.url + "metrics") as response:
            text = await response.text()
        lines = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in lines}

    def rss_megabytes(self) -> tuple[float, float]:
        """Resident memory now and at its peak. Source: /proc/PID/status."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        now, peak = (re.search(rf"{key}:\s+(\d+) kB", status) for key in ("VmRSS", "VmHWM"))
        assert now is not None
        assert peak is not None
        return int(now[1]) / 1024, int(peak[1]) / 1024


@asynccontextmanager
async def running_service(
    sandbox: Sandbox, data_dir: Path, environment: Mapping[str, str], port: int = 18420
) -> AsyncGenerator[ServiceProcess, None]:
    """The service, ready; ended with SIGTERM. `environment` are settings in their environment spelling."""
    variables = {
        **os.environ,
        "SLACK_API_URL": sandbox.api_url,
        "SLACK_BOT_TOKEN": sandbox.bot_token,
        "SLACK_APP_TOKEN": sandbox.app_token,
        "INTHREAD_SERVICE__DATA_DIR": str(data_dir),
        "INTHREAD_SERVICE__PORT": str(port),
        "INTHREAD_LOG__LEVEL": "warning",
        **environment,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "run", env=variables)
    service = ServiceProcess(process, f"http://127.0.0.1:{port}/")
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await _is_ready(service.url):
                if process.returncode is not None:
                    raise RuntimeError(f"the service ended with {process.returncode}")
                await asyncio.sleep(0.05)
        yield service
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def _is_ready(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(url + "readyz") as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False
