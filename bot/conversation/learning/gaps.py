"""What people asked and the company's own answers did not answer, in groups of the same question."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np

from bot.conversation.knowledge.findings import Findings, Inquiry, Route, ScoredEntry
from bot.conversation.knowledge.looking_up import LooksUp
from bot.conversation.learning.clustering import NEAR_IN_MEANING, NEAR_IN_WORDS, cluster, overlap
from bot.conversation.learning.personal_data import has_personal_data
from bot.conversation.phrases import Language, language_of
from storage.basis import BasisKind
from storage.feedback import AnsweredQuestion, FeedbackStore, Verdict
from storage.learning.dismissals import DismissalStore, Dismissed
from storage.learning.rejections import same_words

MOST_QUESTIONS = 2_000  # the newest: more take minutes, and say nothing new
MOST_NEAREST = 3
UNANSWERED = (BasisKind.NONE, BasisKind.GROUNDED, BasisKind.QUOTED, BasisKind.UNGROUNDED, BasisKind.PLAIN)


class Reason(StrEnum):
    """Why a question is open. Each a clause for a person."""

    UNANSWERED = "no verified answer"
    DECLINED = "none of these"
    DOWN_VOTED = "voted down"
    HANDED_OVER = "a person was asked"


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """`comments`: what people said was wrong."""

    question: AnsweredQuestion
    reasons: frozenset[Reason]
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """`questions`: the one that stands for the gap first, then by how near they are. `nearest`: entries, best first.

    `is_near`: whether the first of them is more than the best of those that are about something else.
    """

    lang: Language
    questions: tuple[OpenQuestion, ...]
    nearest: tuple[ScoredEntry, ...]
    is_near: bool = False

    @property
    def gap_id(self) -> str:
        """The reply to the question that stands for it."""
        return self.questions[0].question.reply_id

    @property
    def texts(self) -> list[str]:
        """The different ways in which it was asked."""
        return _different(self.questions)

    @property
    def quotable(self) -> list[str]:
        """Those of them that others may read."""
        texts = _different(one for one in self.questions if not one.question.is_sensitive)
        return [text for text in texts if not has_personal_data(text)]

    @property
    def people(self) -> int:
        return len({(one.question.platform, one.question.tenant, one.question.user) for one in self.questions})

    @property
    def reasons(self) -> Counter[Reason]:
        return Counter(reason for one in self.questions for reason in one.reasons)

    @property
    def last_asked_at(self) -> datetime:
        return max(one.question.asked_at for one in self.questions)


def asked_in(gaps: Iterable[Gap]) -> int:
    """How many questions they are, each as often as it was asked."""
    return sum(len(gap.questions) for gap in gaps)


class Gaps:
    def __init__(
        self,
        feedback: FeedbackStore,
        dismissals: DismissalStore,
        knowledge: LooksUp,
        as_shown: Callable[[Findings], Findings] = lambda findings: findings,
    ) -> None:
        """`as_shown`: what is left of findings when people are answered with them."""
        self._feedback = feedback
        self._dismissals = dismissals
        self._knowledge = knowledge
        self._as_shown = as_shown

    async def find(self, since: datetime, asked: Callable[[int], None] = lambda total: None) -> list[Gap]:
        """Of what was asked, or voted down, since then; the largest first. `asked`: told after each question.

        What an entry answers directly by now is none, nor is what was dismissed, or is near to it.
        """
        questions = (await self._open(since))[-MOST_QUESTIONS:]
        dismissed = await self._dismissals.all()
        set_aside = {one.question.reply_id for one in dismissed}
        found: dict[str, Findings] = {}
        unanswered = []
        for one in questions:
            asked(len(questions))
            if one.question.reply_id in set_aside or await self._knowledge.is_everyday(one.question.text):
                continue
            findings = self._as_shown(await self._knowledge.look_up(_inquiry(one.question)))
            if not _is_answered(one, findings):
                found[one.question.reply_id] = findings
                unanswered.append(one)
        gaps = [gap for lang in ("en", "zh") for gap in await self._group(unanswered, dismissed, lang, found)]
        return sorted(gaps, key=lambda gap: (len(gap.questions), gap.last_asked_at), reverse=True)

    async def _open(self, since: datetime) -> list[OpenQuestion]:
        """Oldest first."""
        reasons: dict[str, set[Reason]] = {}
        questions: dict[str, AnsweredQuestion] = {}
        comments: dict[str, list[str]] = {}

        def note(question: AnsweredQuestion, reason: Reason) -> None:
            questions[question.reply_id] = question
            reasons.setdefault(question.reply_id, set()).add(reason)

        for question in await self._feedback.questions_since(since, UNANSWERED):
            note(question, Reason.UNANSWERED)
        for choice in await self._feedback.choices_since(since):
            if choice.entry_id is None:
                note(choice.question, Reason.DECLINED)
        for question in await self._feedback.handed_over_since(since):
            note(question, Reason.HANDED_OVER)
        for given in await self._feedback.given_since(since):
            if given.verdict is Verdict.DOWN:
                note(given.question, Reason.DOWN_VOTED)
                comments.setdefault(given.question.reply_id, []).extend([given.comment] if given.comment else [])
        ordered = sorted(questions.values(), key=lambda question: (question.asked_at, question.reply_id))
        return [
            OpenQuestion(question, frozenset(reasons[question.reply_id]), tuple(comments.get(question.reply_id, ())))
            for question in ordered
            if same_words(question.text)
        ]

    async def _group(
        self,
        unanswered: Iterable[OpenQuestion],
        dismissed: Iterable[Dismissed],
        lang: Language,
        found: dict[str, Findings],
    ) -> list[Gap]:
        own = [one for one in unanswered if language_of(one.question.text) == lang]
        aside = [one.question.text for one in dismissed if one.stands_for_gap]
        aside = [text for text in aside if language_of(text) == lang]
        if not own:
            return []
        texts = [*aside, *(one.question.text for one in own)]
        likeness, near = await self._knowledge.nearness(texts), NEAR_IN_MEANING
        if likeness is None:
            likeness, near = await asyncio.to_thread(overlap, texts), NEAR_IN_WORDS
        kept = np.flatnonzero(~(likeness[len(aside) :, : len(aside)] >= near).any(axis=1))
        places = kept + len(aside)
        groups = await asyncio.to_thread(cluster, likeness[np.ix_(places, places)], near)
        return [_gap(lang, [own[kept[number]] for number in group], found) for group in groups]


def _different(questions: Iterable[OpenQuestion]) -> list[str]:
    by_words: dict[str, str] = {}
    for one in questions:
        by_words.setdefault(same_words(one.question.text), one.question.text)
    return list(by_words.values())


def _gap(lang: Language, questions: Sequence[OpenQuestion], found: dict[str, Findings]) -> Gap:
    findings = found[questions[0].question.reply_id]
    is_near = findings.route is not Route.NONE
    return Gap(lang, tuple(questions), findings.entries[:MOST_NEAREST], is_near)


def _inquiry(question: AnsweredQuestion) -> Inquiry:
    return Inquiry(text=question.text, audience=frozenset({f"channel:{question.channel}"}))


def _is_answered(one: OpenQuestion, findings: Findings) -> bool:
    """By an entry, directly; where an entry did not do, by another one, or by a newer revision of it."""
    if findings.route is not Route.DIRECT:
        return False
    basis = one.question.basis
    if basis is None or basis.kind is not BasisKind.VERIFIED:
        return True
    entry, shown = findings.entries[0].entry, basis.entries[0]
    return (entry.entry_id, entry.revision) != (shown.entry_id, shown.revision)
