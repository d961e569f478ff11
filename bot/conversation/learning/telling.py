"""Gaps and reviews in words for their owners. Pure: from what is on record, so that it reads the same ever after."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from bot.conversation.knowledge.citing import cited
from bot.conversation.learning.gaps import Gap
from bot.conversation.phrases import Language, day_text, phrase
from storage.basis import CitedEntry, CitedGap
from storage.knowledge.records import Entry

MOST_ALSO = 3
MOST_CHARACTERS = 160  # of a question


def cite_gap(gap: Gap, today: date) -> CitedGap | None:
    """None: in all its words is something that is not for others to read."""
    texts = gap.quotable
    if not texts:
        return None
    entry = gap.nearest[0].entry if gap.is_near else None
    return CitedGap(
        reply_ids=tuple(one.question.reply_id for one in gap.questions),
        question=_short(texts[0]),
        also=tuple(_short(text) for text in texts[1 : MOST_ALSO + 1]),
        lang=gap.lang,
        people=gap.people,
        entry=cited(entry, today) if entry is not None else None,
    )


def gap_text(gap: CitedGap, language: Language) -> str:
    """With what was done about it, if anything was."""
    return "\n".join(_gap_lines(gap, language))


def review_text(entry: CitedEntry, language: Language, *, is_withheld: bool) -> str:
    assert entry.review_by is not None
    key = ("review_late_withheld" if is_withheld else "review_late") if entry.is_overdue else "review_due"
    day = day_text(entry.review_by, language)
    return phrase(key, language, title=_short(entry.title), entry_id=entry.entry_id, day=day)


def language_of_owners(langs: Sequence[str], setting: str) -> Language:
    """Of the most of what they are told, where the settings leave it open."""
    if setting in ("en", "zh"):
        return "zh" if setting == "zh" else "en"
    return "zh" if langs.count("zh") > len(langs) / 2 else "en"


def due_first(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.text.review_by or date.max, entry.entry_id))


def _gap_lines(gap: CitedGap, language: Language) -> Iterator[str]:
    yield phrase("gap", language, question=gap.question, times=len(gap.reply_ids), people=gap.people)
    if gap.also:
        yield phrase("gap_also", language, texts=", ".join(f"“{text}”" for text in gap.also))
    entry_id = gap.entry.entry_id if gap.entry is not None else ""
    if gap.settled:
        yield phrase(f"gap_{gap.settled}", language, by=gap.settled_by, entry_id=entry_id)
    elif gap.entry is not None:
        yield phrase("gap_near", language, title=_short(gap.entry.title), entry_id=entry_id)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_CHARACTERS else line[: MOST_CHARACTERS - 1] + "…"
