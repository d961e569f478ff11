"""A reply that is being worked on, and how it ends."""

from dataclasses import dataclass, field

from bot.conversation.messages import Outcome
from bot.delivery.line import Refusal, Ticket
from bot.delivery.writer import ReplyWriter
from bot.platforms.base import Content
from inference.engine import StopSignal
from storage.basis import Basis
from storage.records import Reply, ReplyFigures


@dataclass(frozen=True, slots=True)
class Ending:
    """What the person will read at last, and how it came to be."""

    text: str
    outcome: Outcome
    figures: ReplyFigures = field(default_factory=ReplyFigures)
    failure: str | None = None
    basis: Basis | None = None


@dataclass(eq=False)
class Run:
    """A reply being worked on in this process. No `ticket`: its text is known, or it may have no turn (`refusal`)."""

    reply: Reply
    ticket: Ticket | None
    refusal: Refusal | None = None
    stop: StopSignal = field(default_factory=StopSignal)
    writer: ReplyWriter | None = None
    content: Content | None = None  # what was last to be shown while it grew
    started_at: float | None = None  # when its turn came, on the monotonic clock
