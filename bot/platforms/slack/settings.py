"""Settings of the Slack platform. Tokens come from the environment alone; `bot.settings` fills them in."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

DEFAULT_API_URL = "https://slack.com/api/"


class SlackSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool | None = Field(
        default=None, description="Whether to connect to Slack. Unset: yes when the tokens are in the environment."
    )
    mode: Literal["socket", "http"] = Field(
        default="socket",
        description="How events arrive. `socket`: over websockets that the service opens. `http`: Slack sends them to "
        "/slack/events of the service, which must be reachable by HTTPS; needs SLACK_SIGNING_SECRET, no app token.",
    )
    dm_mode: Literal["thread", "conversation"] = Field(
        default="thread",
        description="`thread`: each direct message opens a thread. `conversation`: all are one conversation.",
    )
    follow_ups: bool = Field(
        default=True, description="Answer messages without a mention in threads that the bot was asked in."
    )
    command_replies: Literal["ephemeral", "channel"] = Field(
        default="ephemeral", description="Who sees the answer to `/faq`: only the person who asked, or the channel."
    )
    editors: tuple[Annotated[str, Field(pattern=r"^[UWS][A-Z0-9]+$")], ...] = Field(
        default=(),
        description="Who writes the company's answers in Slack, with `/faq add`, `edit` and `list`, and decides about "
        "gaps: ids of users (U…) and user groups (S…). Empty: nobody.",
    )
    suggested_prompts: tuple[str, ...] = Field(
        default=(),
        max_length=4,
        description="Questions offered in the bot's direct messages. Empty: three of our own, in their language.",
    )
    sockets: int = Field(default=2, ge=1, le=10, description="Socket Mode connections held open at once.")
    proxy: str = Field(
        default="",
        description="HTTP proxy for the Web API and the websocket, such as http://proxy.example:3128. "
        "HTTP_PROXY and HTTPS_PROXY of the environment are not used.",
    )
    timeout_seconds: float = Field(default=10, gt=0, le=120, description="How long a Web API call may take.")

    api_url: str = Field(default=DEFAULT_API_URL, description="From SLACK_API_URL: the base of the Web API.")
    bot_token: SecretStr = Field(default=SecretStr(""), description="From SLACK_BOT_TOKEN.")
    app_token: SecretStr = Field(default=SecretStr(""), description="From SLACK_APP_TOKEN.")
    signing_secret: SecretStr = Field(default=SecretStr(""), description="From SLACK_SIGNING_SECRET.")

    @property
    def is_on(self) -> bool:
        """With HTTP the bot token decides: a signing secret that was forgotten must not turn Slack off in silence."""
        if self.enabled is not None:
            return self.enabled
        if self.mode == "http":
            return bool(self.bot_token.get_secret_value())
        return bool(self.bot_token.get_secret_value() and self.app_token.get_secret_value())

    @property
    def missing_secrets(self) -> list[str]:
        """The environment variables that this mode needs and that are not set."""
        needed = {"SLACK_BOT_TOKEN": self.bot_token}
        if self.mode == "http":
            needed["SLACK_SIGNING_SECRET"] = self.signing_secret
        else:
            needed["SLACK_APP_TOKEN"] = self.app_token
        return [name for name, secret in needed.items() if not secret.get_secret_value()]
