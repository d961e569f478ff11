"""What an entry must be, wherever it is written: in a file, or in a form of the chat."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from bot.conversation.characters import strip_invisible
from bot.conversation.phrases import Language, phrase
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
    """What is wrong with a field of `EntryText` (or `entry_id`).

    `what`: one of `FAULT_PHRASES`, without its `fault_`; `values` fill it in. `item`: which of a list, counting from 0.
    """

    field: str
    what: str
    values: Mapping[str, object] | None = None
    item: int = 0

    def says(self, language: Language = "en") -> str:
        """To go on with behind the line of a file."""
        return phrase(f"fault_{self.what}", language, **(self.values or {}))

    def sentence(self, language: Language) -> str:
        """By itself, below its field in a form."""
        says = self.says(language)
        return says[:1].upper() + says[1:]


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
        yield Fault("lang", "unknown_lang", {"lang": text.lang}) if text.lang else Fault("lang", "no_lang")
    yield from _faults_of_question(text.question)
    for item, variant in enumerate(text.variants):
        yield from _faults_of_variant(variant, item)
    if not text.answer:
        yield Fault("answer", "no_answer")
    elif len(text.answer) > LONGEST_ANSWER:
        yield Fault("answer", "long_answer", {"length": len(text.answer), "most": LONGEST_ANSWER})
    yield from _faults_of_addresses(text)
    yield from _faults_of_audience(text.audience)


def _faults_of_id(entry_id: str) -> Iterator[Fault]:
    if not entry_id:
        yield Fault("entry_id", "no_id")
    elif not _ID.fullmatch(entry_id) or len(entry_id) > LONGEST_ID:
        yield Fault("entry_id", "bad_id", {"entry_id": entry_id[:LONGEST_ID], "most": LONGEST_ID})


def _faults_of_question(question: str) -> Iterator[Fault]:
    if not question:
        yield Fault("question", "no_question")
    elif len(question) > LONGEST_PHRASING:
        yield Fault("question", "long_phrasing", _lengths_of(question))


def _faults_of_variant(variant: str, item: int) -> Iterator[Fault]:
    if not variant:
        yield Fault("variants", "empty_variant", item=item)
    elif len(variant) > LONGEST_PHRASING:
        yield Fault("variants", "long_phrasing", _lengths_of(variant), item)


def _lengths_of(phrasing: str) -> dict[str, object]:
    return {"begins": phrasing[:20], "length": len(phrasing), "most": LONGEST_PHRASING}


def _faults_of_addresses(text: EntryText) -> Iterator[Fault]:
    for name, value in (("owner", text.owner), ("source_url", text.source_url)):
        if len(value) > LONGEST_LINE:
            yield Fault(name, f"long_{name}", {"length": len(value), "most": LONGEST_LINE})
    if text.source_url and not is_web_address(text.source_url):
        yield Fault("source_url", "bad_source_url", {"address": text.source_url[:80]})


def is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:  # a bracket that does not belong there
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text


def _faults_of_audience(audience: tuple[str, ...]) -> Iterator[Fault]:
    for item, one in enumerate(audience):
        if (fault := audience_fault(one)) is not None:
            yield replace(fault, item=item)
    if EVERYONE in audience and len(audience) > 1:
        yield Fault("audience", "everyone_and_others")


def audience_fault(audience: str) -> Fault | None:
    """None: it is one of those that there are."""
    if _AUDIENCE.fullmatch(audience):
        return None
    return Fault("audience", "unknown_audience", {"audience": audience[:80]})
