"""`inthread status`, and the endpoint that it asks."""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
import pytest
import structlog
from click.testing import CliRunner, Result

from bot.cli import main
from bot.status_report import duration
from tests.books import closed_replies
from tests.cli.conftest import Run, the_line
from tests.cli.slack_double import slack_that_says
from tests.scenarios.conftest import house as house
from tests.scenarios.house import ALICE, GENERAL, House


@pytest.fixture(autouse=True)
def _log_elsewhere(_logs_as_before: None) -> None:
    """The service runs in the process whose output is read: a line of its log would stand in the middle of it."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))


def test_when_nothing_runs_one_line_says_so(run: Run) -> None:
    result = run("status")

    assert result.exit_code == 1
    assert "nothing runs at 127.0.0.1:" in the_line(result)


def test_somebody_else_at_the_port_is_told_apart(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with slack_that_says({}) as (address, _):
        monkeypatch.setenv("INTHREAD_SERVICE__PORT", address.split(":")[2].split("/")[0])
        result = run("status")

    assert result.exit_code == 1
    assert "is not inthread" in the_line(result)


async def invoke(house: House, *arguments: str) -> Result:
    environment = {"INTHREAD_SERVICE__PORT": str(house.port), "INTHREAD_SETTINGS": None}
    return await asyncio.to_thread(CliRunner().invoke, main, arguments, env=environment)


async def test_a_running_service_tells_figures_and_no_text(house: House, folder: Path) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "canary of a question")
    await house.answered(GENERAL, ts)
    await closed_replies(house.folder / "inthread.db", 1)

    shown, machine = await invoke(house, "status"), await invoke(house, "status", "--json")

    assert shown.exit_code == 0
    assert "1 DONE" in shown.stdout
    assert "0 waiting" in shown.stdout
    status = json.loads(machine.stdout)
    assert status["ready"] == {"model": True, "storage": True, "slack": True}
    assert status["line"] == {"is_open": True, "active": 0, "waiting": 0}
    assert status["errors_last_hour"] == 0
    assert "canary" not in shown.output + machine.output


async def test_the_doctor_takes_a_running_service_for_healthy(house: House, folder: Path) -> None:
    await house.start()

    result = await invoke(house, "doctor", "--json")

    (port,) = (finding for finding in json.loads(result.stdout)["findings"] if finding["check"] == "port")
    assert port["state"] == "ok"
    assert "running inthread" in port["says"]


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-For": "10.0.0.1"}, {"Host": "evil.example"}, {"Origin": "https://evil.example"}]
)
async def test_the_status_is_for_this_machine_alone(house: House, headers: dict[str, str]) -> None:
    await house.start()

    async with aiohttp.ClientSession() as session:
        async with session.get(f"{house.url}/statusz") as direct:
            assert direct.status == 200
        async with session.get(f"{house.url}/statusz", headers=headers) as handed_on:
            assert handed_on.status == 404


def test_durations_have_two_units() -> None:
    assert [duration(seconds) for seconds in (0.4, 59, 61, 3_600, 90_061)] == [
        "0 s",
        "59 s",
        "1 min 1 s",
        "1 h",
        "1 d 1 h",
    ]
