"""Who has shown, by a choice or a thumb, that an entry answers a question. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from bot.conversation.knowledge.entry_rules import tidy_line
from storage.basis import BasisKind
from storage.feedback import AnsweredQuestion, Feedback, MadeChoice, Verdict
from storage.learning.rejections import same_words

KEY_DIGITS = 8
# Where a name proves nothing, as in the browser chat, all are one person: two windows are not two people.
NOBODY_IS_PROVEN = frozenset({"web"})


@dataclass(frozen=True, slots=True)
class Signal:
    """`person` says that the entry answers these words, or (`agrees` is False) that it does not."""

    entry_id: str
    text: str
    person: str
    agrees: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """Words that people say an entry answers, as they were first written. `against`: who says that it does not."""

    entry_id: str
    text: str
    people: frozenset[str]
    against: frozenset[str]
    last_at: datetime

    @property
    def key(self) -> str:
        """What people call it by: the same as long as entry and words are."""
        return sha256(f"{self.entry_id}\n{same_words(self.text)}".encode()).hexdigest()[:KEY_DIGITS]


def read_signals(choices: Iterable[MadeChoice], feedback: Iterable[Feedback]) -> Iterator[Signal]:
    """Of suggestions that were chosen, and thumbs on verified answers. What is nobody else's business is no signal."""
    for choice in choices:
        if choice.entry_id is not None and not choice.question.is_sensitive:
            person = _person(choice.question, choice.user)
            yield Signal(choice.entry_id, tidy_line(choice.text), person, True, choice.chosen_at)
    for given in feedback:
        basis = given.question.basis
        if basis is not None and basis.kind is BasisKind.VERIFIED and not given.question.is_sensitive:
            agrees = given.verdict is Verdict.UP
            person, text = _person(given.question, given.user), tidy_line(given.question.text)
            yield Signal(basis.entries[0].entry_id, text, person, agrees, given.given_at)


def propose(signals: Iterable[Signal]) -> list[Proposal]:
    """One for each entry and words, the newest first. The last that a person said counts."""
    said: dict[tuple[str, str], dict[str, Signal]] = defaultdict(dict)
    texts: dict[tuple[str, str], str] = {}
    for signal in sorted(signals, key=lambda each: each.at):
        words = signal.entry_id, same_words(signal.text)
        said[words][signal.person] = signal
        texts.setdefault(words, signal.text)
    proposals = [_proposal(words[0], texts[words], list(each.values())) for words, each in said.items()]
    return sorted((one for one in proposals if one.people), key=lambda one: one.last_at, reverse=True)


def _proposal(entry_id: str, text: str, signals: list[Signal]) -> Proposal:
    return Proposal(
        entry_id,
        text,
        people=frozenset(signal.person for signal in signals if signal.agrees),
        against=frozenset(signal.person for signal in signals if not signal.agrees),
        last_at=max(signal.at for signal in signals),
    )


def _person(question: AnsweredQuestion, user: str) -> str:
    return f"{question.platform}:{question.tenant}:{'' if question.platform in NOBODY_IS_PROVEN else user}"
