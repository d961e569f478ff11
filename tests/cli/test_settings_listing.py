"""`inthread settings`: what is in force, and who said so."""

import json
from pathlib import Path

import pytest

from bot.settings_reference import settings_reference
from tests.cli.conftest import Run, the_line


def listed(run: Run) -> dict[tuple[str, str], tuple[object, str]]:
    result = run("settings", "--json")
    assert result.exit_code == 0
    return {(line["table"], line["key"]): (line["value"], line["origin"]) for line in json.loads(result.stdout)}


def test_each_value_says_where_it_comes_from(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "settings.toml").write_text("[service]\nhost = '127.0.0.2'\n[log]\nlevel = 'error'")
    monkeypatch.setenv("INTHREAD_LOG__LEVEL", "debug")

    lines = listed(run)

    assert lines["service", "host"] == ("127.0.0.2", "settings.toml")
    assert lines["log", "level"] == ("debug", "INTHREAD_LOG__LEVEL")
    assert lines["delivery", "grace_seconds"] == (25, "default")


def test_secrets_are_masked_and_passwords_in_addresses_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-canary")
    monkeypatch.setenv("INTHREAD_SLACK__PROXY", "http://me:canary@proxy.example:3128")

    for arguments in (["settings"], ["settings", "--json"]):
        shown = run(*arguments).output
        assert "canary" not in shown
        assert "SLACK_BOT_TOKEN" in shown
        assert "http://********@proxy.example:3128" in shown


def test_every_key_of_the_reference_is_listed(run: Run) -> None:
    tables = {table for table, _ in listed(run)}
    documented = {line.strip("# `[]") for line in settings_reference().splitlines() if line.startswith("## `[")}

    assert documented <= tables
    assert "[service]" in run("settings").stdout


def test_what_is_wrong_is_one_line(run: Run, folder: Path) -> None:
    (folder / "settings.toml").write_text("[service]\nprot = 1")

    result = run("settings")

    assert result.exit_code == 1
    assert "did you mean `port`" in the_line(result)
