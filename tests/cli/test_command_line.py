"""The command: exit codes, and one line that says what to do."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for variable in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_API_URL", "INTHREAD_SETTINGS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("INTHREAD_INFERENCE__ENGINE", "scripted")
    monkeypatch.setenv("INTHREAD_INFERENCE__SCRIPTED__WORDS_PER_SECOND", "0")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def the_line(result: Result) -> str:
    """What was said on standard error: exactly one line, without a traceback."""
    (line,) = result.stderr.strip().split("\n")
    assert line.startswith("inthread: ")
    return line


def test_help_and_version_succeed(folder: Path) -> None:
    for arguments in (["--help"], ["-h"], ["--version"], ["run", "--help"], ["db", "--help"]):
        assert run(*arguments).exit_code == 0


@pytest.mark.parametrize(
    "arguments", [["dance"], ["run", "--fast"], ["ask"], ["db", "downgrade"], ["sandbox", "--port", "x"]]
)
def test_wrong_use_is_2(folder: Path, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_upgrading_the_database_says_what_was_done_and_what_was_there(folder: Path) -> None:
    first, second = run("db", "upgrade"), run("db", "upgrade")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout.startswith("new → ")
    assert second.stdout.strip().endswith("already")
    assert (folder / "data" / "inthread.db").exists()


def test_the_settings_file_can_be_named_after_the_command(folder: Path) -> None:
    (folder / "mine.toml").write_text("[service]\ndata_dir = 'elsewhere'")

    assert run("db", "upgrade", "--settings", "mine.toml").exit_code == 0
    assert (folder / "elsewhere" / "inthread.db").exists()


def test_asking_writes_the_answer_alone_to_standard_output(folder: Path) -> None:
    result = run("ask", "hello")

    assert result.exit_code == 0
    assert result.stdout.startswith("Scripted reply to: hello. 1 2 3")
    assert "tokens/s" in result.stderr


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("[service]\nprot = 1", "did you mean `port`"),
        ("[service", "not valid TOML"),
        ("[storage]\nurl = 'nonsense'", "[storage] url"),
        ("[service]\ndata_dir = 'settings.toml/data'", "[service] data_dir"),
    ],
)
def test_what_fails_is_1_and_one_line(folder: Path, settings: str, words: str) -> None:
    (folder / "settings.toml").write_text(settings)

    result = run("db", "upgrade")

    assert result.exit_code == 1
    assert words in the_line(result)


def test_a_question_too_long_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTHREAD_INFERENCE__ENGINE", "transformers")
    monkeypatch.setenv("INTHREAD_INFERENCE__MODEL", "no-such-model")

    result = run("ask", "hello")

    assert result.exit_code == 1
    assert "no-such-model" in the_line(result)


def test_an_unknown_settings_file_is_one_line(folder: Path) -> None:
    result = run("db", "upgrade", "--settings", "nowhere.toml")

    assert result.exit_code == 1
    assert "nowhere.toml" in the_line(result)
