"""What leaves the storage: frozen records, no rows, no sessions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from storage.basis import Basis


class ReplyState(StrEnum):
    """How far a reply has come. See docs/delivery.md for the picture."""

    QUEUED = "QUEUED"  # accepted, nobody works on it
    GENERATING = "GENERATING"  # claimed by a worker; nothing can be visible yet
    INTENT = "INTENT"  # a post may be under way: look before posting again
    POSTED = "POSTED"  # the first message stands
    STREAMING = "STREAMING"  # text of the answer is visible and grows
    FINALIZING = "FINALIZING"  # the whole text is committed; the last edit may be under way
    DONE = "DONE"
    FAILED_SHOWN = "FAILED_SHOWN"  # ended with a sentence instead of an answer
    WITHDRAWING = "WITHDRAWING"  # the question was deleted: what stands of the reply is being taken away
    WITHDRAWN = "WITHDRAWN"  # question or reply was deleted
    UNDELIVERABLE = "UNDELIVERABLE"  # the platform takes no message there (archived, bot removed)

    @property
    def is_open(self) -> bool:
        return self not in CLOSED_STATES


CLOSED_STATES = frozenset({ReplyState.DONE, ReplyState.FAILED_SHOWN, ReplyState.WITHDRAWN, ReplyState.UNDELIVERABLE})


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answer. `answer` is None while there is none."""

    number: int
    question: str
    answer: str | None


@dataclass(frozen=True, slots=True)
class EarlierQuestion:
    """What was asked before in a thread. `basis`: of its reply, as far as it has come."""

    text: str
    basis: Basis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewQuestion:
    """What is written when a post is accepted. `redacted`: how much was taken out of its text, by kind.

    `again_of`: the reply to the same post that was answered before, where it is asked once more.
    """

    message_key: str
    reply_id: str
    platform: str
    tenant: str
    channel: str
    thread: str
    user: str
    text: str
    address: Mapping[str, str]
    sent_at: datetime
    edited_at: datetime | None = None
    topic: str | None = None
    is_public: bool = False
    redacted: Mapping[str, int] = field(default_factory=dict)
    again_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply with the question it belongs to.

    `topic`: what makes the question nobody else's business. `is_public`: others read along where it was asked.
    """

    reply_id: str
    message_key: str
    platform: str
    tenant: str
    channel: str
    thread: str
    thread_id: int
    exchange: int
    user: str
    question: str
    address: Mapping[str, str]
    sent_at: datetime
    received_at: datetime
    state: ReplyState
    attempt: int
    interruptions: int
    fence: int
    intent_at: datetime | None
    posted_ref: str | None
    final_text: str | None
    outcome: str | None
    failure: str | None
    basis: Basis | None = None
    escalation_id: str | None = None
    topic: str | None = None
    is_public: bool = False

    @property
    def is_private(self) -> bool:
        """Whether it must not be shown where the question was asked."""
        return self.topic is not None and self.is_public


@dataclass(frozen=True, slots=True)
class Continuation:
    part: int
    intent_at: datetime
    posted_ref: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFigures:
    """What is kept about how an answer was made."""

    model_id: str | None = None
    model_sha256: str | None = None
    prompt_sha256: str | None = None  # of what the model is told before anything that people wrote
    prompt_tokens: int | None = None
    new_tokens: int | None = None
    seconds_to_first_token: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTimings:
    """From when the question was accepted, in seconds. None: it had no turn, or no text was shown."""

    seconds_in_line: float | None = None
    seconds_to_first_text: float | None = None


@dataclass(frozen=True, slots=True)
class ThreadSummary:
    """A thread as a list shows it. `title`: the beginning of its first question."""

    thread: str
    title: str
    last_at: datetime


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question of one person, wherever it was asked. `address` is the platform's own."""

    channel: str
    text: str
    address: Mapping[str, str]
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptTurn:
    """A question with how far its reply has come. `final_text` is as it was written: not made safe."""

    exchange: int
    question: str
    address: Mapping[str, str]
    sent_at: datetime
    reply_id: str
    state: ReplyState
    final_text: str | None
    outcome: str | None
    basis: Basis | None = None
    escalation_id: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    thread: str
    turns: tuple[TranscriptTurn, ...]
    has_earlier: bool
