"""Settings of the answers."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.conversation.topics import SensitiveSettings
from inference.embedding.settings import EncoderSettings

# Short on purpose: asked for more ("in the language of the question"), the smallest model answers in French.
SYSTEM_PROMPT = "You are a helpful assistant. Answer briefly and plainly."


class AnswerSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    system_prompt: str = Field(default=SYSTEM_PROMPT, description="What the model is told before every conversation.")
    language: Literal["auto", "en", "zh"] = Field(
        default="auto",
        description="Language of the service's own sentences. `auto`: Chinese for a question in Chinese, else English.",
    )
    disclaimer: bool = Field(
        default=True, description="Whether a finished answer carries a line that it was written by a model."
    )
    generate: Literal["always", "ungrounded-marked", "grounded-only", "never"] = Field(
        default="grounded-only",
        description="Whether the model writes where there is no verified answer. `grounded-only`: from passages of "
        "loaded documents, checked against them. `ungrounded-marked`: also without any, and the answer says so. "
        "`always`: also without any, as an ordinary answer. `never`. As long as nothing is loaded, it writes unless "
        "`never`.",
    )
    withhold_overdue: bool = Field(
        default=False,
        description="Whether entries whose `review_by` is over are not shown any more, until somebody has looked at "
        "them. Otherwise they are shown, and say so.",
    )
    variants_after_people: int = Field(
        default=2,
        ge=0,
        le=100,
        description="How many different people must show, by a choice or a thumb, that an entry answers a question, "
        "before its words become a variant of it by themselves. 0: never, people decide with `inthread faq variants`.",
    )
    sensitive: SensitiveSettings = Field(
        default_factory=SensitiveSettings, description="What is nobody else's business."
    )
    ask_channel: str = Field(
        default="",
        pattern=r"^([CG][A-Z0-9_]+)?$",
        description="Slack channel in which people are asked what nothing answers, such as C0HELPHR; the bot must be a "
        "member. Empty: only for entries whose owner has a channel.",
    )
    owner_channels: dict[str, str] = Field(
        default_factory=dict,
        description='Slack channels of the owners of entries, such as `{ "hr@acme.test" = "C0HELPHR" }`. An owner that '
        "is a channel itself needs no line.",
    )
    link_hosts: tuple[str, ...] = Field(
        default=(),
        description="Hosts whose links stay clickable in answers, with their subdomains. All others become plain text.",
    )
    encoder: EncoderSettings = Field(
        default_factory=EncoderSettings, description="What makes vectors of questions and answers."
    )
