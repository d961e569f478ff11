"""Answers that the model writes from passages: what it is told, and what of its text may be shown.

A sentence is shown once it is checked. The first that does not stand on the passages ends the writing, and the passage
itself stands in its place, quoted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.conversation.knowledge.grounding.checking import Fault, Grounds
from bot.conversation.knowledge.grounding.plain import plain
from bot.conversation.knowledge.grounding.sentences import split_sentences
from bot.conversation.phrases import Language
from bot.conversation.prompt import CountTokens, QuestionTooLong
from inference.engine import ChatMessage
from storage.knowledge.records import Passage

MOST_PASSAGES = 3
LONGEST_SENTENCE = 600  # characters without an end: a model that rambles
SYSTEM: dict[Language, str] = {
    "en": "You answer questions of employees from the passages below and from nothing else. Answer in one to three "
    "short sentences, in the words of the passages, with their numbers, dates and addresses exactly as they stand "
    "there. If the passages do not answer the question, write: no answer",
    "zh": "你只根据下面的资料回答员工的问题，不使用其他信息。用一到三个短句作答，尽量使用资料原文，"
    "数字、日期和地址与资料完全一致。如果资料没有回答这个问题，只写：没有答案",
}
_LABELS: dict[Language, tuple[str, str]] = {"en": ("Passage", "Question"), "zh": ("资料", "问题")}
_NO_ANSWER = ("no answer", "没有答案")
_ITEM = re.compile(r"(\s*)(\d{1,2})[.)]\s+")


@dataclass(frozen=True, slots=True)
class Written:
    """`text`: what may stand. `passages`: what it stands on, in the order of the text; empty where nothing stands.

    `fault`: why it ends where it does. `has_no_answer`: the model said that the passages do not tell.
    """

    text: str
    passages: tuple[Passage, ...] = ()
    fault: Fault | None = None
    has_no_answer: bool = False


def grounded_prompt(
    passages: Sequence[Passage], question: str, language: Language, count_tokens: CountTokens, budget_tokens: int
) -> tuple[list[ChatMessage], list[Passage]]:
    """The messages, and the passages in them: as many of the best as fit. Blocks. Raises: QuestionTooLong."""
    used = list(passages[:MOST_PASSAGES])
    while True:
        messages = [ChatMessage("system", SYSTEM[language]), _asking(used, question, language)]
        tokens = count_tokens(messages)
        if tokens <= budget_tokens:
            return messages, used
        if len(used) == 1:
            raise QuestionTooLong(tokens, budget_tokens)
        used.pop()


class GroundedText:
    """`take` the text as it grows, `end` it; `shown` is what has been checked so far."""

    def __init__(self, passages: Sequence[Passage], language: Language) -> None:
        self._grounds = Grounds(passages, language)
        self._taken = ""  # of the model's text, what is checked
        self._passages: dict[str, Passage] = {}
        self._fault: Fault | None = None
        self.shown = ""

    def take(self, text: str) -> bool:
        """The whole text so far. False: nothing more is worth writing."""
        sentences, rest = split_sentences(text[len(self._taken) :])
        for sentence in sentences:
            if not self._check(sentence):
                return False
        if len(rest) > LONGEST_SENTENCE:
            self._fault = Fault.OVERLAP
        return self._fault is None

    def end(self, text: str, *, is_whole: bool = True) -> Written:
        """`is_whole`: the model has ended; else the last sentence is half a one, and left out."""
        says_nothing = not self.shown.strip() and plain(text).strip().startswith(_NO_ANSWER)
        if self._fault is None and is_whole:
            self._check(text[len(self._taken) :])
        shown, passages = self.shown.strip(), tuple(self._passages.values())
        if shown:
            faults = self._grounds.check_whole(shown, passages).faults
            if faults:
                return Written("", fault=faults[0])
        return Written(shown, passages, self._fault, says_nothing)

    def _check(self, sentence: str) -> bool:
        bulleted = self._bulleted(sentence)
        if bulleted.strip(" \n\t-*•#>"):
            checked = self._grounds.check_sentence(bulleted)
            if checked.faults:
                self._fault = checked.faults[0]
                return False
            self._passages.setdefault(checked.passage.passage_id, checked.passage)
        self._taken += sentence
        self.shown += bulleted
        return True

    def _bulleted(self, sentence: str) -> str:
        """The numbers of a list say nothing that could be checked: they become points, if they count from 1."""
        item = _ITEM.match(sentence)
        is_at_line_start = not self._taken or "\n" in (self._taken[-1:] + (item[1] if item else ""))
        if item and is_at_line_start and int(item[2]) == 1 + len(re.findall(r"(?m)^\s*- ", self.shown)):
            return f"{item[1]}- {sentence[item.end() :]}"
        return sentence


def quoted(passage: Passage) -> str:
    """The passage, word for word, as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in passage.text.strip().split("\n"))


def _asking(passages: Sequence[Passage], question: str, language: Language) -> ChatMessage:
    """The passages first: who asks about the same need not wait until they are read again."""
    passage_label, question_label = _LABELS[language]
    told = "".join(
        f"{passage_label} {number} ({' › '.join(passage.heading_path)}):\n{passage.text}\n\n"
        for number, passage in enumerate(passages, 1)
    )
    return ChatMessage("user", f"{told}{question_label}: {question}", public_characters=len(told))
