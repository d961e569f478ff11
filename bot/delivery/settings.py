"""Settings of the delivery."""

from pydantic import BaseModel, ConfigDict, Field

from bot.delivery.failpoints import PATTERN


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
    edit_window_seconds: float = Field(
        default=300,
        ge=0,
        description="How long after its reply has ended an edited question is answered anew, in the same message.",
    )
    catch_up_seconds: float = Field(
        default=600, gt=0, description="How often to look through the channels for questions whose event never came."
    )
    catch_up_hours: float = Field(
        default=12,
        ge=0,
        description="Questions older than this are left alone when they are found late. 0: never look for missed ones.",
    )
    catch_up_leaves_answered: bool = Field(
        default=False, description="Leave a question alone that somebody else in the thread has replied to meanwhile."
    )
    failpoint: str = Field(
        default="",
        pattern=PATTERN,
        description="For tests of crashes: NAME or NAME@N ends the process, as SIGKILL does, when it comes by the N-th "
        "time. Empty: off.",
    )
