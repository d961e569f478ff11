"""What is on record about a finished reply, as far as it shows."""

from dataclasses import dataclass

from bot.conversation.messages import Outcome
from storage.basis import Basis, BasisKind
from storage.records import Reply, TranscriptTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """`question`: what it answers. `people_were_asked`: somebody is to answer it besides.

    `is_sensitive`: the question is nobody else's business.
    """

    text: str
    outcome: Outcome
    question: str = ""
    basis: Basis | None = None
    people_were_asked: bool = False
    is_sensitive: bool = False


def were_people_asked(reply: Reply | TranscriptTurn) -> bool:
    """Whether its question is with people; their own messages about it are not."""
    is_theirs = reply.basis is not None and reply.basis.kind in (BasisKind.ESCALATED, BasisKind.RELAYED)
    return reply.escalation_id is not None and not is_theirs
