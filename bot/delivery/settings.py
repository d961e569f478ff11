"""Settings of the delivery."""

from pydantic import BaseModel, ConfigDict, Field


class DeliverySettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    waiting_per_user: int = Field(
        default=3,
        ge=0,
        le=100,
        description="Questions that one person may have waiting besides the one being answered.",
    )
    waiting_total: int = Field(
        default=200, ge=0, le=100_000, description="Questions that may wait altogether. Beyond it: told to ask later."
    )
    lease_seconds: float = Field(
        default=600, gt=0, description="A reply whose worker shows no progress for so long is ended with a sentence."
    )
    grace_seconds: float = Field(
        default=25, ge=0, description="On SIGTERM, how long answers in progress may take to finish."
    )
