"""What an entry must be, wherever it is written: in a file, or in a form of the chat."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.conversation.characters import strip_invisible
from storage.knowledge.records import EVERYONE, EntryText

LANGUAGES = ("en", "zh")
LONGEST_ID = 64
LONGEST_PHRASING = 400  # characters; an encoder reads no more of a question
LONGEST_ANSWER = 10_000  # fits every platform in a few messages
LONGEST_LINE = 1_000  # of an owner or an address
_ID = re.compile(r"\w[\w.-]*")
_AUDIENCE = re.compile(r"everyone|(channel|group):[^\s:|,]+")
_BLANK_LINES = re.compile(r"\A(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field of `EntryText` (or `entry_id`). `item`: which of a list, counting from 0."""

    field: str
    says: str
    item: int = 0


def tidy_line(text: str) -> str:
    """One line, without what nobody sees. Copies from web pages and word processors are full of it."""
    return " ".join(strip_invisible(text).split())


def tidy_answer(text: str) -> str:
    """Markdown as it was written, without blank lines around it and without what nobody sees."""
    return _BLANK_LINES.sub("", strip_invisible(text)).rstrip()


def find_faults(entry_id: str, text: EntryText) -> Iterator[Fault]:
    """All that is wrong, of texts that are tidy."""
    yield from _faults_of_id(entry_id)
    if text.lang not in LANGUAGES:
        yield Fault("lang", _unknown_language(text.lang))
    yield from _faults_of_phrasing("question", text.question)
    for item, variant in enumerate(text.variants):
        yield from _faults_of_phrasing("variants", variant, item)
    if not text.answer:
        yield Fault("answer", "there is no answer: write one, or leave the entry out")
    elif len(text.answer) > LONGEST_ANSWER:
        yield Fault("answer", f"the answer has {len(text.answer):,} characters, {LONGEST_ANSWER:,} are the most")
    yield from _faults_of_addresses(text)
    yield from _faults_of_audience(text.audience)


def _faults_of_id(entry_id: str) -> Iterator[Fault]:
    if not entry_id:
        yield Fault("entry_id", "there is no id: give the entry one that stays, such as annual_leave")
    elif not _ID.fullmatch(entry_id) or len(entry_id) > LONGEST_ID:
        yield Fault(
            "entry_id",
            f"{entry_id[:LONGEST_ID]!r} is no id: letters, digits, `_`, `-` and `.`, at most {LONGEST_ID} of them",
        )


def _unknown_language(lang: str) -> str:
    return f"unknown language {lang!r}: write en or zh" if lang else "there is no lang: write en or zh"


def _faults_of_phrasing(field: str, text: str, item: int = 0) -> Iterator[Fault]:
    if not text:
        yield Fault(field, "there is no question" if field == "question" else "a variant is empty: take it out", item)
    elif len(text) > LONGEST_PHRASING:
        yield Fault(
            field, f"{text[:20]!r}… has {len(text):,} characters, {LONGEST_PHRASING} are the most in a question", item
        )


def _faults_of_addresses(text: EntryText) -> Iterator[Fault]:
    for field, value in (("owner", text.owner), ("source_url", text.source_url)):
        if len(value) > LONGEST_LINE:
            yield Fault(field, f"{field} has {len(value):,} characters, {LONGEST_LINE:,} are the most")
    if text.source_url and not is_web_address(text.source_url):
        yield Fault("source_url", f"{text.source_url[:80]!r} is no address: write https://… or leave it out")


def is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:  # a bracket that does not belong there
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text


def _faults_of_audience(audience: tuple[str, ...]) -> Iterator[Fault]:
    for item, one in enumerate(audience):
        if fault := audience_fault(one):
            yield Fault("audience", fault, item)
    if EVERYONE in audience and len(audience) > 1:
        yield Fault("audience", "everyone beside others makes no sense: leave out the one or the others")


def audience_fault(audience: str) -> str | None:
    """None: it is one of those that there are."""
    if _AUDIENCE.fullmatch(audience):
        return None
    return f"unknown audience {audience[:80]!r}: write everyone, channel:C… or group:S…"
