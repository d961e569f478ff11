"""An empty working folder, an environment without Slack, and the command in this process."""

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from bot.cli import main
from tests.scenarios.house import free_port

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Commands configure the logs of the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for variable in (
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_API_URL",
        "INTHREAD_SETTINGS",
    ):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("INTHREAD_INFERENCE__ENGINE", "scripted")
    monkeypatch.setenv("INTHREAD_SERVICE__PORT", str(free_port()))
    monkeypatch.setenv("INTHREAD_SANDBOX__PORT", str(free_port()))
    return tmp_path


@pytest.fixture
def database_file(folder: Path, migrated_file: Path) -> Path:
    """A database at the newest revision, where the settings say."""
    (folder / "data").mkdir()
    return Path(shutil.copy(migrated_file, folder / "data" / "inthread.db"))


@pytest.fixture
def run(folder: Path) -> Run:
    return lambda *arguments: CliRunner().invoke(main, arguments)


def the_line(result: Result) -> str:
    """What was said on standard error: exactly one line, without a traceback."""
    (line,) = result.stderr.strip().split("\n")
    assert line.startswith("inthread: ")
    return line
