"""Settings of the Slack platform. Tokens come from the environment alone; `bot.settings` fills them in."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

DEFAULT_API_URL = "https://slack.com/api/"


class SlackSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool | None = Field(
        default=None, description="Whether to connect to Slack. Unset: yes when both tokens are in the environment."
    )
    dm_mode: Literal["thread", "conversation"] = Field(
        default="thread",
        description="`thread`: each direct message opens a thread. `conversation`: all are one conversation.",
    )
    follow_ups: bool = Field(
        default=True, description="Answer messages without a mention in threads that the bot was asked in."
    )
    sockets: int = Field(default=2, ge=1, le=10, description="Socket Mode connections held open at once.")
    proxy: str = Field(
        default="", description="HTTP proxy for the Web API and the websocket, such as http://proxy.example:3128."
    )
    timeout_seconds: float = Field(default=10, gt=0, le=120, description="How long a Web API call may take.")

    api_url: str = Field(default=DEFAULT_API_URL, description="From SLACK_API_URL: the base of the Web API.")
    bot_token: SecretStr = Field(default=SecretStr(""), description="From SLACK_BOT_TOKEN.")
    app_token: SecretStr = Field(default=SecretStr(""), description="From SLACK_APP_TOKEN.")
    signing_secret: SecretStr = Field(default=SecretStr(""), description="From SLACK_SIGNING_SECRET.")

    @property
    def is_on(self) -> bool:
        has_tokens = bool(self.bot_token.get_secret_value() and self.app_token.get_secret_value())
        return has_tokens if self.enabled is None else self.enabled
