"""Where settings come from, and what is said about those that are wrong."""

from pathlib import Path

import pytest

from bot.errors import SettingsWrong
from bot.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(toml: str = "", **environ: str) -> Settings:
    """From a file with this text, and this environment alone."""
    path = Path("the-settings.toml")
    path.write_text(toml, "utf-8")
    return load_settings(path, environ)


def complaint(toml: str = "", **environ: str) -> str:
    with pytest.raises(SettingsWrong) as wrong:
        load(toml, **environ)
    assert "\n" not in str(wrong.value)
    return str(wrong.value)


def test_without_a_file_there_are_defaults() -> None:
    settings = load_settings(environ={})

    assert settings.service.port == 8420
    assert settings.database_url == "sqlite:///data/inthread.db"
    assert not settings.slack.is_on


def test_a_file_in_the_working_folder_is_taken() -> None:
    Path("settings.toml").write_text("[service]\nport = 9000")

    assert load_settings(environ={}).service.port == 9000


def test_a_named_file_goes_before_it_and_the_command_line_before_the_environment() -> None:
    Path("settings.toml").write_text("[service]\nport = 9000")
    Path("one.toml").write_text("[service]\nport = 9001")
    Path("two.toml").write_text("[service]\nport = 9002")

    assert load_settings(environ={"INTHREAD_SETTINGS": "one.toml"}).service.port == 9001
    assert load_settings(Path("two.toml"), {"INTHREAD_SETTINGS": "one.toml"}).service.port == 9002


def test_the_environment_goes_over_the_file() -> None:
    settings = load("[service]\nport = 9000\nhost = '0.0.0.0'", INTHREAD_SERVICE__PORT="9001")

    assert (settings.service.port, settings.service.host) == (9001, "0.0.0.0")


def test_the_environment_reaches_every_depth_and_type() -> None:
    settings = load(
        INTHREAD_INFERENCE__ENGINE="scripted",
        INTHREAD_INFERENCE__SCRIPTED__WORDS="7",
        INTHREAD_INFERENCE__TEMPERATURE="0.5",
        INTHREAD_ANSWERS__DISCLAIMER="false",
        INTHREAD_ANSWERS__LINK_HOSTS='["wiki.acme.example", "hr.acme.example"]',
        INTHREAD_SERVICE__DATA_DIR="/var/lib/inthread",
    )

    assert settings.inference.scripted.words == 7
    assert settings.inference.temperature == 0.5
    assert settings.answers.disclaimer is False
    assert settings.answers.link_hosts == ("wiki.acme.example", "hr.acme.example")
    assert settings.models_dir == Path("/var/lib/inthread/models")


def test_tokens_in_the_environment_turn_slack_on_unless_it_is_off() -> None:
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": " xapp-1\n"}

    assert load(**tokens).slack.is_on
    assert load(**tokens).slack.app_token.get_secret_value() == "xapp-1"
    assert not load("[slack]\nenabled = false", **tokens).slack.is_on
    assert not load(SLACK_BOT_TOKEN="xoxb-1").slack.is_on


def test_other_variables_are_nobodys_business() -> None:
    assert load(PATH="/bin", INTHREAD_SETTINGS="", INTHREAD_HOME="/x", SLACK_TEAM="T1") == Settings()


# ── what is wrong ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[service]\nprot = 1", ["[service] prot", "the-settings.toml", "`port`"]),
        ("[servce]\nport = 1", ["[servce]", "`service`"]),
        ("[inference.scripted]\nword = 1", ["[inference.scripted] word", "`words`"]),
        ("[delivery]\nxyzzy = 1", ["[delivery] xyzzy", "waiting_per_user"]),
        ("[service]\nport = 'http'", ["[service] port", "integer", "'http'"]),
        ("[service]\nport = 70000", ["[service] port", "65535", "70000"]),
        ("[inference]\nengine = 'magic'", ["[inference] engine", "transformers", "'magic'"]),
        ("[inference]\nprompt_tokens = 1", ["[inference] prompt_tokens", "64"]),
        ("service = 5", ["[service]", "not 5"]),
        ("[service\nport = 1", ["the-settings.toml", "not valid TOML", "line 1"]),
    ],
)
def test_what_is_wrong_in_the_file_is_said_in_one_line(toml: str, words: list[str]) -> None:
    said = complaint(toml)

    assert [word for word in words if word not in said] == []


def test_what_is_wrong_in_the_environment_names_the_variable() -> None:
    assert "INTHREAD_SERVICE__PORT" in complaint(INTHREAD_SERVICE__PORT="high")
    assert "INTHREAD_SERVICE__PROT" in complaint(INTHREAD_SERVICE__PROT="1")
    assert "`port`" in complaint(INTHREAD_SERVICE__PROT="1")


def test_all_that_is_wrong_is_said_at_once() -> None:
    said = complaint("[service]\nprot = 1\n[delivery]\nlease_seconds = -1")

    assert "prot" in said
    assert "lease_seconds" in said


def test_a_named_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SettingsWrong, match=r"no settings file nowhere\.toml"):
        load_settings(Path("nowhere.toml"), {})
    with pytest.raises(SettingsWrong, match=r"no settings file nowhere\.toml"):
        load_settings(environ={"INTHREAD_SETTINGS": "nowhere.toml"})


def test_a_folder_or_bytes_are_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="cannot read"):
        load_settings(tmp_path, {})
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsWrong, match="not valid TOML"):
        load_settings(tmp_path / "bytes.toml", {})


# ── secrets ──────────────────────────────────────────────────────────────────

SECRETS = {
    "bot_token": "SLACK_BOT_TOKEN",
    "app_token": "SLACK_APP_TOKEN",
    "signing_secret": "SLACK_SIGNING_SECRET",
    "api_url": "SLACK_API_URL",
}


@pytest.mark.parametrize(("key", "variable"), SECRETS.items())
def test_secrets_are_refused_in_the_file_and_not_repeated(key: str, variable: str) -> None:
    said = complaint(f"[slack]\n{key} = 'xoxb-canary'")

    assert variable in said
    assert "canary" not in said


def test_secrets_show_nowhere() -> None:
    settings = load(SLACK_BOT_TOKEN="xoxb-canary", SLACK_APP_TOKEN="xapp-canary", SLACK_SIGNING_SECRET="canary")

    for shown in (
        repr(settings),
        str(settings),
        f"{settings.slack!r}",
        settings.model_dump_json(),
        str(vars(settings)),
    ):
        assert "canary" not in shown


def test_secrets_show_not_even_when_something_beside_them_is_wrong() -> None:
    tokens = {"SLACK_BOT_TOKEN": "xoxb-canary", "SLACK_APP_TOKEN": "xapp-canary"}

    assert "canary" not in complaint("[slack]\nsokets = 1", **tokens)
    assert "canary" not in complaint("slack = 5", **tokens)
    assert "canary" not in complaint(INTHREAD_SLACK__BOT_TOKEN__X="canary")
    assert "canary" not in complaint("[slack.bot_token]\nx = 'canary'")


def test_a_hint_never_names_a_secret_as_a_key_of_the_file() -> None:
    assert "bot_token" not in complaint("[slack]\nbot_tokn = 'x'")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError):
        load().service.port = 1
