"""The values that travel from a platform to an answer and back. Frozen; no behaviour beyond their own shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from inference.engine import Figures, StopReason
from storage.basis import Basis, CitedEntry


@dataclass(frozen=True, slots=True)
class ThreadKey:
    """Which conversation. History never crosses it: every look-up names all four."""

    platform: str
    tenant: str
    channel: str
    thread: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMessage:
    """A question as a person posted it.

    `message_key` names the post itself, per platform and tenant, whatever event brought it: two events of one post
    have one key. `text` is plain: mention stripped, entities decoded. `edited_at`: since when it reads so, if it was
    changed after it was sent; by the platform's clock. `is_public`: others read along where it was asked.
    `is_follow_up`: it stands in a thread that began before. `address` is what the platform needs to answer here again
    after a restart; opaque to everybody else.
    """

    thread: ThreadKey
    message_key: str
    user: str
    text: str
    sent_at: datetime
    edited_at: datetime | None = None
    is_public: bool = False
    is_follow_up: bool = False
    address: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Question:
    """A question where it stands in its thread.

    `user`: whose turn it takes. `audience`: what may be shown where it was asked, as entries name it, beside what is
    for everyone. `declined`: entries that were suggested already, and none of them was meant. `is_sensitive`: it is
    nobody else's business, and no model has a say.
    """

    thread_id: int
    exchange: int
    text: str
    user: str = ""
    audience: frozenset[str] = frozenset()
    declined: tuple[CitedEntry, ...] = ()
    is_sensitive: bool = False


class Outcome(StrEnum):
    """How a reply ended, as the person sees it."""

    ANSWERED = "answered"
    SUGGESTED = "suggested"  # asked back: did you mean one of these
    NO_ANSWER = "no_answer"  # nothing verified answers it
    PASSED_ON = "passed_on"  # no answer: a question that was put to people
    TOLD = "told"  # nobody has asked: something that owners should know
    CUT_SHORT = "cut_short"  # the model would have gone on: length limit
    STOPPED = "stopped"  # by the person
    WENT_IN_CIRCLES = "went_in_circles"  # the model repeated itself, and was stopped
    BUSY = "busy"  # refused: the line is full
    TOO_LONG = "too_long"  # refused: the question does not fit
    EMPTY = "empty"  # nothing was asked
    FAILED = "failed"  # something broke; an incident id was shown
    INTERRUPTED = "interrupted"  # the service was restarted twice in the middle

    @property
    def is_answer(self) -> bool:
        return self in (Outcome.ANSWERED, Outcome.CUT_SHORT, Outcome.STOPPED, Outcome.WENT_IN_CIRCLES)

    @property
    def is_as_intended(self) -> bool:
        """Whether the reply ended as it should: with an answer, or by saying what else there is."""
        return self.is_answer or self in (Outcome.SUGGESTED, Outcome.NO_ANSWER, Outcome.PASSED_ON, Outcome.TOLD)

    @property
    def may_be_asked_again(self) -> bool:
        """Whether the same question may well end better another time."""
        return self in (Outcome.STOPPED, Outcome.WENT_IN_CIRCLES, Outcome.BUSY, Outcome.FAILED, Outcome.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class ReplyUpdate:
    """The reply so far: always the full text. The last update alone has an `outcome`, and what the text rests on.

    `instructions`: what the model was told before anything that people wrote; "" where no model was asked.
    """

    text: str
    outcome: Outcome | None = None
    stop_reason: StopReason | None = None
    figures: Figures | None = None
    basis: Basis | None = None
    instructions: str = ""
