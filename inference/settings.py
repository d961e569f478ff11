"""What an administrator may set about the model: table `[inference]` of settings.toml.

Owns names, ranges and their descriptions (the settings reference is made from them). Does not know where settings are
read from; a `None` means that somebody else knows better: the model's own files, the processor, or the service.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from inference.engine import Sampling

DEFAULT_MODEL = "smollm2-135m-instruct"


class ScriptedSettings(BaseModel):
    """`[inference.scripted]`: the engine without a model, on which load and fault tests run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: int = Field(default=20, ge=0, le=100_000, description="How many numbers follow the echoed question.")
    words_per_second: float = Field(
        default=40.0, ge=0, le=100_000, description="Pace of the words; 0 means as fast as possible."
    )
    max_concurrent: int = Field(default=64, ge=1, le=10_000, description="Replies that may be under way at once.")


class TorchSettings(BaseModel):
    """`[inference.torch]`: our own engine, which answers several people at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    precision: Literal["auto", "float32", "bfloat16", "int8"] = Field(
        default="auto", description="How weights are stored and multiplied; `auto` takes what this processor does best."
    )
    max_concurrent: int = Field(default=8, ge=1, le=256, description="Replies that are written at the same time.")
    cache_megabytes: int = Field(
        default=512,
        ge=16,
        le=1_048_576,
        description="Memory for what replies under way, and earlier turns of conversations, have read and written.",
    )
    cache_type: Literal["bfloat16", "int8", "float32"] = Field(
        default="bfloat16", description="How it is kept; `int8` takes half the memory for a little accuracy."
    )
    speculation: bool = Field(
        default=True,
        description="Guess words that stood there before; changes no reply, and ends by itself where it does not pay.",
    )


class InferenceSettings(BaseModel):
    """`[inference]`: which model answers, how it chooses its words, what it may use of the machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: Literal["torch", "transformers", "scripted"] = Field(
        default="torch",
        description="`torch` runs a model on this machine's CPU and answers several people at once; `transformers` "
        "takes any family that this library knows, one reply at a time; `scripted` echoes the question, for tests.",
    )
    model: str = Field(
        default=DEFAULT_MODEL,
        min_length=1,
        description="A name that `inthread model list` knows, an id of ModelScope (`owner/name` or "
        "`owner/name@revision`) that was fetched, the path of a folder with safetensors weights, the path of a "
        ".gguf file, or `active`: the one that `inthread model use` chose.",
    )
    models_dir: Path | None = Field(
        default=None, description="Folder of fetched models; by default `models` in the service's data_dir."
    )
    prompt_tokens: int = Field(
        default=1024,
        ge=64,
        le=131_072,
        description="At most so many tokens of question and history are given to the model.",
    )
    max_new_tokens: int = Field(default=512, ge=1, le=32_768, description="At most so many tokens make a reply.")
    temperature: float | None = Field(
        default=None, ge=0, le=5, description="Randomness of the reply; 0 always takes the likeliest token."
    )
    top_p: float | None = Field(
        default=None, gt=0, le=1, description="Choose among the likeliest tokens that together have this probability."
    )
    top_k: int | None = Field(
        default=None, ge=0, le=1_000_000, description="Choose among so many likeliest tokens; 0 means all."
    )
    repetition_penalty: float | None = Field(
        default=None, ge=0.5, le=2, description="Above 1 makes tokens that already occurred less likely."
    )
    presence_penalty: float | None = Field(
        default=None, ge=-2, le=2, description="Above 0 makes tokens that the reply already has less likely."
    )
    seed: int | None = Field(
        default=None, ge=0, lt=2**63, description="Makes replies repeatable; unset, each reply draws its own."
    )
    threads: int | None = Field(
        default=None, ge=1, le=1024, description="Threads that compute; by default one for each physical core."
    )
    torch: TorchSettings = Field(default_factory=TorchSettings, description="Settings of the torch engine.")
    scripted: ScriptedSettings = Field(default_factory=ScriptedSettings, description="Settings of the scripted engine.")

    def sampling(self) -> Sampling:
        """How a reply is sampled unless the asker says otherwise."""
        return Sampling(
            max_new_tokens=self.max_new_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            repetition_penalty=self.repetition_penalty,
            presence_penalty=self.presence_penalty,
            seed=self.seed,
        )
