"""What the company's knowledge says to a question, before any model is asked. It takes no turn and waits for none."""

from dataclasses import dataclass

from bot.clock import Calendar
from bot.conversation.grounded import quoted
from bot.conversation.knowledge import citing
from bot.conversation.knowledge.findings import Findings, Inquiry, Route
from bot.conversation.knowledge.looking_up import FindsEntries, LooksUp, is_for
from bot.conversation.knowledge.reviews import is_overdue, shown_by
from bot.conversation.messages import Outcome, Question, ReplyUpdate
from bot.conversation.phrases import Language, language_of, phrase
from bot.conversation.pleasantries import pleasantry_in
from bot.conversation.privacy_phrases import PRIVACY_PHRASES, asks_about_own_data
from bot.conversation.settings import AnswerSettings
from storage.basis import Basis, BasisKind, CitedEntry
from storage.knowledge.records import Entry, Passage
from storage.records import EarlierQuestion
from storage.threads import ThreadStore

MOST_SUGGESTIONS = 3
PLAINLY = 0.75  # score of a passage: most of the question's words, near in meaning
LONG_SHOT = 0.25  # chance that the first suggestion is meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Consulted:
    """`reply`: the whole of it, where the knowledge settles the question. None: the model writes.

    `kind`: what its text will be then. `passages`: what it is to write from, best first.
    """

    reply: ReplyUpdate | None = None
    kind: BasisKind = BasisKind.PLAIN
    passages: tuple[Passage, ...] = ()


NOT_CONSULTED = Consulted()


class Librarian:
    """`settings`: what is to happen with questions that nothing verified answers."""

    def __init__(
        self,
        knowledge: LooksUp,
        entries: FindsEntries,
        threads: ThreadStore,
        settings: AnswerSettings,
        calendar: Calendar,
    ) -> None:
        self._knowledge = knowledge
        self._entries = entries
        self._threads = threads
        self._settings = settings
        self._calendar = calendar
        self._as_shown = shown_by(settings, calendar)

    async def consult(self, question: Question) -> Consulted:
        """The verified answer, what to choose from, that there is none, or what the model has to go by."""
        language = language_of(question.text, self._settings.language)
        if not question.text:
            return NOT_CONSULTED
        if asks_about_own_data(question.text):  # others may read along here, and a model knows nothing of it
            return Consulted(reply=ReplyUpdate(PRIVACY_PHRASES["privacy_where"][language], Outcome.EMPTY))
        if self._knowledge.is_empty:
            return NOT_CONSULTED if self._may_write(question) else _no_answer(language)
        before = await self._threads.exchange_before(question.thread_id, question.exchange, question.user)
        if (reply := await self._chosen(question, before)) is not None:
            return Consulted(reply=reply)
        if (said := pleasantry_in(question.text)) is not None:
            return Consulted(reply=ReplyUpdate(phrase(said, language), Outcome.EMPTY))
        inquiry = Inquiry(text=question.text, previous=before.text if before else "", audience=question.audience)
        findings = self._as_shown(await self._knowledge.look_up(inquiry))
        return self._decide(findings, question, language)

    async def verified(self, entry_id: str, audience: frozenset[str]) -> ReplyUpdate | None:
        """What an entry says now, word for word. None: it is not there any more, withheld, or not for these people."""
        entry = await self._entries.find(entry_id)
        if entry is None or not is_for(entry, audience):
            return None
        is_withheld = self._settings.withhold_overdue and is_overdue(entry, self._calendar.today())
        return None if is_withheld else self._word_for_word(entry)

    async def _chosen(self, question: Question, before: EarlierQuestion | None) -> ReplyUpdate | None:
        """Where suggestions have no buttons, somebody writes the number of one."""
        if before is None or before.basis is None or before.basis.kind is not BasisKind.SUGGESTED:
            return None
        number = question.text.strip(" .。)）")
        if not (number.isascii() and number.isdigit() and 1 <= int(number[:3]) <= len(before.basis.entries)):
            return None
        return await self.verified(before.basis.entries[int(number[:3]) - 1].entry_id, question.audience)

    def _decide(self, findings: Findings, question: Question, language: Language) -> Consulted:
        entries = [found.entry for found in findings.entries]
        if findings.route is Route.DIRECT:
            return Consulted(reply=self._word_for_word(entries[0]))
        if findings.route is Route.SUGGEST and not question.declined and not self._is_in_handbook(findings):
            return Consulted(reply=self._asking_back(entries[:MOST_SUGGESTIONS], language))
        passages = [found.passage for found in findings.passages]
        readable = tuple(passage for passage in passages if passage.lang == language_of(question.text))
        if not readable or not self._may_write(question):  # nor does a small model translate policies
            return self._without_model(passages, question, language)
        return Consulted(kind=BasisKind.GROUNDED, passages=readable)

    def _may_write(self, question: Question) -> bool:
        return self._settings.generate != "never" and not question.is_sensitive

    def _without_model(self, passages: list[Passage], question: Question, language: Language) -> Consulted:
        """A passage as it is; with none, what is to happen with questions that nothing answers."""
        if passages and self._settings.generate != "never":
            quotation = ReplyUpdate(quoted(passages[0]), Outcome.ANSWERED, basis=citing.quoting(passages[0]))
            return Consulted(reply=quotation)
        if self._may_write(question) and self._settings.generate != "grounded-only":
            return Consulted(kind=BasisKind.UNGROUNDED)
        return _no_answer(language, question.declined)

    def _is_in_handbook(self, findings: Findings) -> bool:
        """A passage is plainly about the question and no entry likely so: three wrong buttons would hide it."""
        if self._settings.generate == "never" or not findings.passages:
            return False
        return findings.passages[0].score >= PLAINLY and findings.score < LONG_SHOT

    def _word_for_word(self, entry: Entry) -> ReplyUpdate:
        return ReplyUpdate(entry.text.answer, Outcome.ANSWERED, basis=citing.verified(entry, self._calendar.today()))

    def _asking_back(self, entries: list[Entry], language: Language) -> ReplyUpdate:
        """With numbers, so that the text alone can be answered."""
        lines = [phrase("did_you_mean", language)]
        lines += [f"{number}. {entry.text.question}" for number, entry in enumerate(entries, 1)]
        basis = citing.suggested(entries, self._calendar.today())
        return ReplyUpdate("\n".join(lines), Outcome.SUGGESTED, basis=basis)


def _no_answer(language: Language, declined: tuple[CitedEntry, ...] = ()) -> Consulted:
    """`declined`: what came nearest, so that its owner can be asked."""
    basis = Basis(kind=BasisKind.NONE, entries=declined)
    return Consulted(reply=ReplyUpdate(phrase("no_verified_answer", language), Outcome.NO_ANSWER, basis=basis))
