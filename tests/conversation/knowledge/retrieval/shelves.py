"""Entries, and an index of them that needs no database."""

from collections.abc import Sequence

from bot.conversation.knowledge.retrieval.building import KnownTexts, build_entry_index
from bot.conversation.knowledge.retrieval.entry_index import EntryIndex
from bot.conversation.knowledge.retrieval.reading import Floats, Reading, read
from storage.knowledge.records import Entry
from storage.knowledge.words import fold
from tests.conversation.knowledge.concepts import ConceptEncoder
from tests.conversation.knowledge.samples import an_entry

ENCODER = ConceptEncoder()

BALANCE = an_entry(
    "balance",
    "How much vacation do I have left?",
    variants=("my remaining pto", "leave balance", "how much holiday is remaining"),
    answer="Your remaining leave is shown in Workday.",
)
REQUEST = an_entry(
    "request",
    "How do I request vacation?",
    variants=("apply for pto", "book leave", "request holiday for monday"),
    answer="Request leave in Workday.",
)
PAYDAY = an_entry(
    "payday",
    "When do I get paid?",
    variants=("when is payday", "day of the salary", "my next pay"),
    answer="Salaries are paid on the 25th.",
)
BADGE = an_entry(
    "badge",
    "I lost my badge",
    variants=("my card is gone", "badge stolen", "pass lost"),
    answer="Call extension 500: your badge is blocked.",
)
OFFICE = (BADGE, BALANCE, PAYDAY, REQUEST)


class Encoded:
    """Fits `KnownTexts`: everything has a vector but what stands in `unknown`."""

    def __init__(self, kind: str, unknown: Sequence[str] = ()) -> None:
        self._embed = ENCODER.embed_queries if kind == "question" else ENCODER.embed_passages
        self._unknown = {fold(text) for text in unknown}

    def take(self, texts: Sequence[str]) -> Floats:
        vectors = self._embed(texts)
        vectors[[text in self._unknown for text in texts]] = 0
        return vectors


QUESTIONS: KnownTexts = Encoded("question")
ANSWERS: KnownTexts = Encoded("passage")


def index_of(*entries: Entry, unknown: Sequence[str] = ()) -> EntryIndex:
    return build_entry_index(sorted(entries, key=lambda one: one.entry_id), Encoded("question", unknown), ANSWERS)


def question(text: str) -> Reading:
    folded = fold(text)
    return read(folded, ENCODER.embed_queries([folded])[0])


def ids(entries: Sequence[Entry]) -> list[str]:
    return [entry.entry_id for entry in entries]
