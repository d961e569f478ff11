"""settings.toml and the environment, once, into frozen typed settings. The only reader of the environment.

Each package declares what can be set about it; this module knows where values come from and says, in one line, what
is wrong with one.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.admin.settings import AdminSettings
from bot.conversation.settings import AnswerSettings
from bot.delivery.settings import DeliverySettings
from bot.errors import SettingsWrong
from bot.http_server import HttpSettings
from bot.jobs.schedule import JobSettings
from bot.log import LogSettings
from bot.platforms.slack.settings import SlackSettings
from bot.platforms.web.settings import WebSettings
from inference.settings import InferenceSettings
from storage.audit.settings import AuditFiles, AuditSettings
from storage.settings import StorageSettings

PREFIX = "INTHREAD_"
DEFAULT_FILE = Path("settings.toml")
# Secrets, and where Slack is: never in the file, where they would be copied, shown and committed.
FROM_ENVIRONMENT_ONLY = {
    ("slack", "bot_token"): "SLACK_BOT_TOKEN",
    ("slack", "app_token"): "SLACK_APP_TOKEN",
    ("slack", "signing_secret"): "SLACK_SIGNING_SECRET",
    ("slack", "api_url"): "SLACK_API_URL",
    ("admin", "oidc_client_secret"): "ADMIN_OIDC_CLIENT_SECRET",
}


class ServiceSettings(HttpSettings):
    data_dir: Path = Field(default=Path("data"), description="Folder for the database and the models.")


class SandboxTable(HttpSettings):
    port: int = Field(default=8421, ge=0, le=65535, description="Port of the local Slack workspace; 0: any free one.")


class Settings(BaseModel):
    """Everything that can be set. One attribute for each table of settings.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: ServiceSettings = ServiceSettings()
    slack: SlackSettings = SlackSettings()
    web: WebSettings = WebSettings()
    inference: InferenceSettings = InferenceSettings()
    answers: AnswerSettings = AnswerSettings()
    storage: StorageSettings = StorageSettings()
    audit: AuditSettings = AuditSettings()
    delivery: DeliverySettings = DeliverySettings()
    admin: AdminSettings = AdminSettings()
    jobs: JobSettings = JobSettings()
    log: LogSettings = LogSettings()
    sandbox: SandboxTable = SandboxTable()

    @property
    def database_url(self) -> str:
        return self.storage.url or f"sqlite:///{self.service.data_dir / 'inthread.db'}"

    @property
    def audit_files(self) -> AuditFiles:
        return self.audit.files(self.service.data_dir)

    @property
    def own_files(self) -> tuple[Path, ...]:
        """Beside the database, what no command may write over: without the keys nobody can read the log any more."""
        audit = self.audit_files
        keys = (
            audit.names_key,
            audit.signing_key,
            audit.master_key,
            audit.body_keys,
            self.service.data_dir / "web.key",
        )
        return (*keys, audit.checkpoints)

    @property
    def models_dir(self) -> Path:
        return self.inference.models_dir or self.service.data_dir / "models"


@dataclass(frozen=True, slots=True)
class TracedSettings:
    """Settings, and which file or variable each value that is not a default came from."""

    settings: Settings
    origins: Mapping[tuple[str, ...], str]


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force. Raises: SettingsWrong, as `trace_settings`."""
    return trace_settings(path, environ).settings


def trace_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> TracedSettings:
    """The settings in force: defaults, then the file, then the environment.

    The file is `path`, else the one that INTHREAD_SETTINGS names, else settings.toml of the working folder if there
    is one. Raises: SettingsWrong, naming the key, where it came from and the nearest known name.
    """
    environ = os.environ if environ is None else environ
    named = path or (Path(environ["INTHREAD_SETTINGS"]) if environ.get("INTHREAD_SETTINGS") else None)
    values = _read_file(named)
    source = str(named or DEFAULT_FILE)
    _refuse_secrets(values, source)
    in_file = dict.fromkeys(_leaves(values, ()), source)
    origins: dict[tuple[str, ...], str] = {}
    for keys, value, variable in _from_environment(environ):
        _set(values, keys, value)
        origins[keys] = variable
    try:
        return TracedSettings(Settings.model_validate(values), in_file | origins)
    except ValidationError as error:
        raise SettingsWrong("; ".join(_explain(details, origins, source) for details in error.errors())) from None


def _leaves(values: Mapping[str, Any], table: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*table, key))
        else:
            yield (*table, key)


def _read_file(named: Path | None) -> dict[str, Any]:
    path = named or DEFAULT_FILE
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if named is None:
            return {}
        raise SettingsWrong(f"there is no settings file {path}: check --settings or INTHREAD_SETTINGS") from None
    except OSError as error:
        raise SettingsWrong(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsWrong(f"{path} is not valid TOML: {error}") from None


def _refuse_secrets(values: Mapping[str, Any], source: str) -> None:
    for (table, key), variable in FROM_ENVIRONMENT_ONLY.items():
        if isinstance(values.get(table), Mapping) and key in values[table]:
            raise SettingsWrong(
                f"[{table}] {key} does not belong into {source}: put it into the environment as {variable}"
            )


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], Any, str]]:
    for variable, text in sorted(environ.items()):
        if variable.startswith(PREFIX) and "__" in variable:
            keys = tuple(variable.removeprefix(PREFIX).lower().split("__"))
            yield keys, _parse(text), variable
    for keys, variable in FROM_ENVIRONMENT_ONLY.items():
        if environ.get(variable):
            yield keys, environ[variable].strip(), variable


def _parse(text: str) -> Any:
    """Lists are written as in TOML; everything else is text that the setting's type reads."""
    if text.startswith("["):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def _set(values: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    for key in keys[:-1]:
        table = values.setdefault(key, {})
        if not isinstance(table, dict):
            return  # the wrong type is reported by the validation
        values = table
    values[keys[-1]] = value


def _explain(details: Mapping[str, Any], origins: Mapping[tuple[str, ...], str], source: str) -> str:
    location = tuple(str(part) for part in details["loc"])
    where = next((variable for keys, variable in origins.items() if keys == location[: len(keys)]), source)
    name = f"[{'.'.join(location[:-1])}] {location[-1]}" if len(location) > 1 else f"[{location[-1]}]"
    if details["type"] == "extra_forbidden":
        return f"unknown setting {name} in {where}{_nearest(location)}"
    wrong = f"{name} in {where}: {details['msg'][0].lower()}{details['msg'][1:]}"
    is_secret = location[:2] in FROM_ENVIRONMENT_ONLY
    return wrong if is_secret else f"{wrong}, not {details['input']!r}"


def _nearest(location: tuple[str, ...]) -> str:
    model: Any = Settings
    for key in location[:-1]:
        model = model.model_fields[key].annotation
    known = [field for field in model.model_fields if (*location[:-1], field) not in FROM_ENVIRONMENT_ONLY]
    close = difflib.get_close_matches(location[-1], known, n=1, cutoff=0.5)
    return f": did you mean `{close[0]}`?" if close else f": known are {', '.join(known)}"
