"""`inthread doctor`: what it finds, what it says to do, and what it leaves alone."""

import asyncio
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from bot.doctor import machine
from bot.platforms.slack.examination import manifest_scopes
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import EntryStatus
from tests.cli.conftest import Run
from tests.cli.slack_double import Answers, slack_that_says
from tests.clock import START
from tests.conftest import TRAIL
from tests.scenarios.house import free_port
from tests.storage.knowledge.samples import HR, a_text

ALL_SCOPES = {"x-oauth-scopes": ", ".join(sorted(manifest_scopes()))}
US = {"ok": True, "user": "inthread", "team": "Acme", "user_id": "U1", "team_id": "T1"}


@pytest.fixture
async def office(database_file: Path) -> Path:
    """A database with an entry."""
    async with await Database.open(f"sqlite:///{database_file}") as database:
        await EntryStore(database, TRAIL).save("bicycles", a_text(), EntryStatus.PUBLISHED, HR, START)
    return database_file


def findings(run: Run, *arguments: str) -> dict[str, dict[str, Any]]:
    result = run("doctor", "--json", *arguments)
    report = json.loads(result.stdout)
    assert result.exit_code == (0 if report["ok"] else 1)
    assert report["ok"] == all(finding["state"] != "failed" for finding in report["findings"])
    for finding in report["findings"]:
        assert finding["mend"] or finding["state"] in ("ok", "note")
    return {finding["check"]: finding for finding in report["findings"]}


def test_an_empty_folder_is_healthy_and_says_what_is_missing(run: Run, folder: Path) -> None:
    result = run("doctor")

    assert result.exit_code == 0
    assert "inthread run --sandbox" in result.stdout
    assert "none yet" in result.stdout
    assert list(folder.iterdir()) == []


def test_every_check_is_there(run: Run, database_file: Path) -> None:
    found = findings(run)

    assert set(found) == {
        *("settings", "data folder", "disk", "SQLite", "database", "model", "processor", "engine", "port"),
        *("knowledge", "sandbox port"),
        *("tokens", "clock"),
    }
    assert found["database"]["state"] == "ok"
    assert found["data folder"]["says"] == "data can be written"


async def test_knowledge_that_is_not_encoded_yet_is_noted(run: Run, office: Path) -> None:
    found = await asyncio.to_thread(findings, run)

    assert found["knowledge"]["says"] == "1 published entries, 0 passages of documents"
    assert found["encoder"]["state"] == "note"
    assert "texts still to encode" in found["encoder"]["says"]


@pytest.mark.parametrize(
    ("model", "says"),
    [("none", "none: entries are only suggested"), ("/nowhere/bge", "there is nothing at /nowhere/bge")],
)
async def test_without_an_encoder_it_says_what_that_means(
    run: Run, office: Path, monkeypatch: pytest.MonkeyPatch, model: str, says: str
) -> None:
    monkeypatch.setenv("INTHREAD_ANSWERS__ENCODER__MODEL", model)

    encoder = (await asyncio.to_thread(findings, run))["encoder"]

    assert encoder["state"] == "warning"
    assert says in encoder["says"]
    assert "only suggested" in encoder["says"]


def test_wrong_settings_are_a_finding(run: Run, folder: Path) -> None:
    (folder / "settings.toml").write_text("[service]\nprot = 1")

    found = findings(run)

    assert found["settings"]["state"] == "failed"
    assert "port" in found["settings"]["mend"]


def test_failures_end_in_one_line_that_counts_them(run: Run, folder: Path) -> None:
    (folder / "data").write_text("not a folder")

    result = run("doctor")

    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "change [service] data_dir" in result.stdout


def test_a_missing_model_says_what_to_type(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTHREAD_INFERENCE__ENGINE", "transformers")
    monkeypatch.setenv("INTHREAD_INFERENCE__MODEL", "smollm2-135m-instruct")

    model = findings(run)["model"]

    assert model["state"] == "failed"
    assert "inthread model fetch smollm2-135m-instruct" in model["mend"]


def test_a_damaged_database_fails(run: Run, database_file: Path) -> None:
    database_file.write_text("certainly not a database, but long enough to be looked at" * 20)

    assert findings(run)["database"]["state"] == "failed"


def test_a_port_in_somebody_elses_hands_fails(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with slack_that_says({}) as (address, _):
        monkeypatch.setenv("INTHREAD_SERVICE__PORT", address.split(":")[2].split("/")[0])
        port = findings(run)["port"]

    assert port["state"] == "failed"
    assert "[service] port" in port["mend"]


def test_an_address_of_another_machine_fails(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTHREAD_SERVICE__HOST", "192.0.2.1")
    monkeypatch.setattr(machine, "fetch_status", _nobody)

    assert "[service] host" in findings(run)["port"]["mend"]


def _nobody(host: str, port: int) -> dict[str, Any]:
    from bot.errors import NotRunning

    raise NotRunning("nobody: nothing to do")


def test_the_sandbox_may_be_running(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("INTHREAD_SANDBOX__PORT", str(taken.getsockname()[1]))
        assert findings(run)["sandbox port"]["state"] == "note"


def test_a_disk_that_fills_up_warns_then_fails(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, state in ((1 << 30, "warning"), (100 << 20, "failed")):
        monkeypatch.setattr(machine.shutil, "disk_usage", lambda _path, free=free: _Usage(free))
        assert findings(run)["disk"]["state"] == state


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free


# ── Slack ────────────────────────────────────────────────────────────────────


@pytest.fixture
def tokens(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-canary")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-canary")
    monkeypatch.setenv("SLACK_API_URL", f"http://127.0.0.1:{free_port()}/api/")
    return


def asked(run: Run, monkeypatch: pytest.MonkeyPatch, answers: Answers, *arguments: str) -> tuple[Any, list[str]]:
    with slack_that_says(answers) as (address, calls):
        monkeypatch.setenv("SLACK_API_URL", address)
        return findings(run, *arguments), calls


@pytest.mark.parametrize(
    ("bot_token", "app_token", "words"),
    [
        ("xoxb-1", "", "SLACK_APP_TOKEN"),
        ("", "xapp-1", "SLACK_BOT_TOKEN"),
        ("xapp-1", "xoxb-1", "does not begin with xoxb-"),
    ],
)
def test_half_or_exchanged_tokens_fail(
    run: Run, tokens: None, monkeypatch: pytest.MonkeyPatch, bot_token: str, app_token: str, words: str
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", bot_token)
    monkeypatch.setenv("SLACK_APP_TOKEN", app_token)

    finding = findings(run)["tokens"]

    assert finding["state"] == "failed"
    assert words in finding["says"]


def test_slack_out_of_reach_fails_with_its_mend_and_the_rest_is_looked_at(run: Run, tokens: None) -> None:
    found = findings(run)

    assert found["Slack"]["state"] == "failed"
    assert "proxy" in found["Slack"]["mend"]
    assert found["clock"]["state"] == "note"
    assert found["SQLite"]["state"] == "ok"


def test_a_good_token_with_all_scopes_passes_and_costs_one_call(
    run: Run, tokens: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = format_datetime(datetime.now(UTC), usegmt=True)
    found, calls = asked(run, monkeypatch, {"auth.test": (US, {**ALL_SCOPES, "Date": now})})

    assert {name: found[name]["state"] for name in ("tokens", "Slack", "scopes", "clock")} == dict.fromkeys(
        ("tokens", "Slack", "scopes", "clock"), "ok"
    )
    assert "inthread in Acme" in found["Slack"]["says"]
    assert calls == ["auth.test"]


def test_missing_scopes_are_named(run: Run, tokens: None, monkeypatch: pytest.MonkeyPatch) -> None:
    some = {"x-oauth-scopes": ",".join(manifest_scopes() - {"chat:write", "im:history"})}
    found, _ = asked(run, monkeypatch, {"auth.test": (US, some)})

    assert found["scopes"]["state"] == "failed"
    assert found["scopes"]["says"] == "missing: chat:write, im:history"
    assert "reinstall" in found["scopes"]["mend"]


def test_a_scope_without_which_all_works_is_a_warning(run: Run, tokens: None, monkeypatch: pytest.MonkeyPatch) -> None:
    some = {"x-oauth-scopes": ",".join(manifest_scopes() - {"files:write"})}
    found, _ = asked(run, monkeypatch, {"auth.test": (US, some)})

    assert found["scopes"]["state"] == "warning"
    assert "files:write (people get their own data as messages instead of a file)" in found["scopes"]["says"]


def test_a_refused_token_fails(run: Run, tokens: None, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = asked(run, monkeypatch, {"auth.test": ({"ok": False, "error": "token_revoked"}, {})})

    assert found["Slack"]["state"] == "failed"
    assert "token_revoked" in found["Slack"]["says"]
    assert "scopes" not in found


def test_a_clock_that_is_wrong_warns(run: Run, tokens: None, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True)
    found, _ = asked(run, monkeypatch, {"auth.test": (US, {**ALL_SCOPES, "Date": earlier})})

    assert found["clock"]["state"] == "warning"
    assert "ahead of Slack's" in found["clock"]["says"]


def test_the_app_token_is_tried_only_when_asked(run: Run, tokens: None, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Answers = {
        "auth.test": (US, ALL_SCOPES),
        "apps.connections.open": ({"ok": False, "error": "missing_scope"}, {}),
    }
    found, calls = asked(run, monkeypatch, answers, "--connect")

    assert calls == ["auth.test", "apps.connections.open"]
    assert found["Socket Mode"]["state"] == "failed"
    assert "connections:write" in found["Socket Mode"]["mend"]


def test_tokens_are_never_shown(run: Run, tokens: None) -> None:
    for arguments in (["doctor"], ["doctor", "--json", "--connect"]):
        assert "canary" not in run(*arguments).output
