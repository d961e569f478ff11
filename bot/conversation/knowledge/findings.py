"""What a look into the company's knowledge brings back, and what it is asked with."""

from dataclasses import dataclass
from enum import StrEnum

from storage.knowledge.records import Entry, Passage


class Route(StrEnum):
    """What the gate decided."""

    DIRECT = "direct"  # the first entry answers the question: show it word for word
    SUGGEST = "suggest"  # one of the entries may: let the person choose
    NONE = "none"  # nothing verified answers it


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A question on its way into retrieval.

    `previous`: the person's question before it in the thread, "" for a first one. `audience`: what the asker may see
    beside what everyone may: `channel:C…` of the channel it was asked in, `group:S…` of the asker's user groups.
    """

    text: str
    previous: str = ""
    audience: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ScoredEntry:
    entry: Entry
    score: float


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    passage: Passage
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """`entries`: best first, each once; with DIRECT the first is the answer, with SUGGEST the first three are shown.

    `passages`: of handbooks, best first: grounds for generated text, never verified answers.
    """

    route: Route
    entries: tuple[ScoredEntry, ...] = ()
    passages: tuple[ScoredPassage, ...] = ()

    @property
    def score(self) -> float:
        return self.entries[0].score if self.entries else 0.0
