"""Settings of the browser chat."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.browsers import require_origin


class WebSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(
        default=False, description="Whether to serve the browser chat at [service] host and port. Off by default."
    )
    title: str = Field(
        default="inthread", min_length=1, max_length=60, description="Name of the chat, at the top of the page."
    )
    company: str = Field(default="", max_length=60, description="Whose chat it is, below the name. Empty: left out.")
    language: Literal["auto", "en", "zh"] = Field(
        default="auto",
        description="Language of the page until the reader chooses another. `auto`: as the browser prefers.",
    )
    examples: tuple[str, ...] = Field(
        default=(),
        max_length=6,
        description="Questions that an empty conversation suggests. Empty: a few general ones in the page's language.",
    )
    public_url: str = Field(
        default="",
        description="Address under which people open the page when a proxy with TLS stands in front, "
        "such as https://chat.example.com. Its cookie is then sent over https only.",
    )
    session_days: int = Field(
        default=180, ge=1, le=400, description="How long a browser stays signed in after it was last used."
    )
    max_question_characters: int = Field(
        default=20_000, ge=100, le=20_000, description="Longer questions are refused before they are accepted."
    )
    questions_per_minute: int = Field(
        default=20, ge=1, le=10_000, description="Questions that one person may send in a minute."
    )

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, url: str) -> str:
        return require_origin(url)

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")
