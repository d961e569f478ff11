"""Putting a file of questions to what the database knows, as people would, to see what they would be shown."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.clock import Clock
from bot.conversation.knowledge.encoding import Progress
from bot.conversation.knowledge.findings import Findings, Inquiry
from bot.conversation.phrases import language_of
from bot.desks.knowledge import ask_knowledge
from bot.errors import FilesRefused, ServiceError
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class TestQuestion:
    """`entry_id`: the entry that answers it, None: none does. `is_near`: it is about the same things all the same."""

    __test__ = False  # for pytest, which goes by the name

    text: str
    lang: str
    entry_id: str | None
    is_near: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody would see who asked it. `entry_ids`: best first."""

    question: TestQuestion
    outcome: str
    entry_ids: Sequence[str]
    score: float


def load_questions(path: Path) -> list[TestQuestion]:
    """From JSON Lines. Blocks. Raises: ServiceError, naming file and line."""
    from bot.conversation.knowledge.files.text_files import read_text

    try:
        lines = read_text(path).split("\n")
    except FilesRefused as error:
        raise ServiceError(f"{error.problems[0]}: mend it and try again") from None
    questions = [_parse(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise ServiceError(f'{path}: has no questions: write lines of {{"text": …, "lang": …, "entry": …}}')
    return questions


async def ask_all(
    settings: Settings,
    questions: Sequence[TestQuestion],
    audience: frozenset[str],
    clock: Clock,
    encoding: Progress,
    asked: Callable[[], None],
) -> list[Shown]:
    """In their order. `encoding`, `asked`: told how it gets on. Raises: StorageError, InferenceError."""
    async with ask_knowledge(settings, clock) as knowledge:
        await knowledge.encode_all(encoding)
        await knowledge.refresh()
        shown = []
        for question in questions:
            findings = await knowledge.look_up(Inquiry(text=question.text, audience=audience))
            shown.append(_shown(question, findings))
            asked()
        return shown


def as_json(shown: Shown) -> str:
    """One line, as docs/retrieval.md promises."""
    fields = {
        "text": shown.question.text,
        "outcome": shown.outcome,
        "entries": list(shown.entry_ids),
        "score": round(shown.score, 4),
    }
    return json.dumps(fields, ensure_ascii=False)


def _shown(question: TestQuestion, findings: Findings) -> Shown:
    return Shown(question, findings.route, [found.entry.entry_id for found in findings.entries], findings.score)


def _parse(path: Path, number: int, line: str) -> TestQuestion:
    try:
        fields: Any = json.loads(line)
    except ValueError as error:
        raise ServiceError(f"{path}:{number}: is no JSON ({error}): write one object in a line") from None
    if not isinstance(fields, dict) or not isinstance(fields.get("text"), str):
        raise ServiceError(f'{path}:{number}: has no text: write {{"text": …, "lang": …, "entry": …}}')
    entry, lang = fields.get("entry"), fields.get("lang")
    if not isinstance(entry, str | None) or not isinstance(lang, str | None):
        raise ServiceError(f"{path}:{number}: lang and entry are texts, or null: correct them")
    return TestQuestion(fields["text"], lang or language_of(fields["text"], "auto"), entry, bool(fields.get("near")))
