"""Whether a text that a model wrote stands on the passages that it was given. The rules are in docs/answers.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.conversation.knowledge.grounding.addresses import find_addresses
from bot.conversation.knowledge.grounding.plain import plain
from bot.conversation.knowledge.grounding.scripts import is_readable
from bot.conversation.knowledge.grounding.sentences import split_sentences
from bot.conversation.knowledge.grounding.statements import Statement, state, together
from storage.knowledge.records import Passage

LEAST_OVERLAP = 0.8
MOST_SOURCE_SENTENCES = 3


class Fault(StrEnum):
    """What a text says that its source does not."""

    FIGURE = "figure"  # a number, an amount, a date, or the same one of something else
    ADDRESS = "address"  # a link, a domain, an e-mail address, a mention
    RULE = "rule"  # a word that a rule turns on: before, only, at least, must, Monday
    NEGATION = "negation"  # it denies what the source says, or says what the source denies
    SCRIPT = "script"  # the asker does not read it
    OVERLAP = "overlap"  # too many other words
    EMPTY = "empty"  # it says nothing that could be checked


@dataclass(frozen=True, slots=True)
class Checked:
    """`passage`: what the text stands on, the best there is. Without `faults` it may be shown."""

    passage: Passage
    faults: tuple[Fault, ...] = ()


class Grounds:
    """Passages, made ready to be compared with. `language`: of the question."""

    def __init__(self, passages: Sequence[Passage], language: str) -> None:
        assert passages, "nothing to stand on"
        self._sources = [_Source(passage) for passage in passages]
        self._language = language

    def check_sentence(self, sentence: str) -> Checked:
        """Against the one passage that has most of its words, and in it against the sentences that it comes from."""
        text = plain(sentence)
        said = state(text)
        source = max(self._sources, key=lambda source: source.whole.coverage_of(said))
        return Checked(source.passage, self._faults(text, said, source.origin_of(said), source.addresses))

    def check_whole(self, text: str, passages: Sequence[Passage]) -> Checked:
        """The same once more over everything that is to stand: what is split over sentences is found here.

        `passages`: those that its sentences stand on. Denials are told sentence by sentence alone.
        """
        whole = plain(text)
        sources = [source for source in self._sources if source.passage in passages]
        addresses = set().union(*(source.addresses for source in sources))
        faults = self._faults(whole, state(whole), together(source.whole for source in sources), addresses)
        return Checked(sources[0].passage, tuple(fault for fault in faults if fault is not Fault.NEGATION))

    def _faults(self, text: str, said: Statement, origin: Statement, addresses: set[str]) -> tuple[Fault, ...]:
        """`origin`: what the source says where the text says it again."""
        wrong = {
            Fault.FIGURE: origin.lacks_figure_of(said),
            Fault.ADDRESS: bool(find_addresses(text) - addresses),
            Fault.RULE: origin.lacks_rule_of(said),
            Fault.NEGATION: origin.is_turned_round_by(said),
            Fault.SCRIPT: not is_readable(text, self._language),
            Fault.OVERLAP: origin.coverage_of(said) < LEAST_OVERLAP * len(said.content),
            Fault.EMPTY: not said.content,
        }
        return tuple(fault for fault, is_so in wrong.items() if is_so)


class _Source:
    """A passage in sentences. The headings it stands under belong to each."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
        headings, text = plain("\n".join(passage.heading_path)), plain(passage.text)
        self.addresses = find_addresses("\n".join([headings, text, plain(passage.source_url)]))
        sentences, rest = split_sentences(text)
        self._headings = state(headings)
        self._sentences = [state(sentence) for sentence in (*sentences, rest) if sentence.strip()]
        self.whole = together([self._headings, *self._sentences])

    def origin_of(self, said: Statement) -> Statement:
        """The fewest sentences that have enough of its words, best first."""
        origin, rest = self._headings, list(self._sentences)
        for _ in range(min(MOST_SOURCE_SENTENCES, len(rest))):
            longer = [(together([origin, sentence]), sentence) for sentence in rest]
            origin, best = max(longer, key=lambda pair: pair[0].coverage_of(said))
            rest.remove(best)
            if origin.coverage_of(said) >= LEAST_OVERLAP * len(said.content):
                break
        return origin
