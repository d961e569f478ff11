"""Settings of the answers."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

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
    link_hosts: tuple[str, ...] = Field(
        default=(),
        description="Hosts whose links stay clickable in answers, with their subdomains. All others become plain text.",
    )
    encoder: EncoderSettings = Field(
        default_factory=EncoderSettings, description="What makes vectors of questions and answers."
    )
