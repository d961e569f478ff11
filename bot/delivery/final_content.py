"""What a finished reply shows: the text, and around it what it rests on and what can be done with it.

Follows from what is on record alone, so that it is the same at once, after a restart, and in a transcript.
"""

from urllib.parse import urlsplit

from bot.conversation.messages import Outcome
from bot.conversation.phrases import Language, day_text, phrase
from bot.delivery.notes import final_note
from bot.platforms.base import Act, Button, Content, Phase, Source, Thumbs
from storage.basis import Basis, BasisKind, CitedEntry

# What people may say is wrong: what was written or quoted about the company.
_JUDGED = frozenset({BasisKind.GROUNDED, BasisKind.QUOTED, BasisKind.UNGROUNDED})


def final_content(
    text: str,
    outcome: Outcome,
    basis: Basis | None,
    language: Language,
    *,
    disclaimer: bool,
    is_late: bool = False,
) -> Content:
    """`language`: of the question. `disclaimer`: whether what a model wrote says so where it need not."""
    note = final_note(outcome, basis, language, disclaimer=disclaimer, is_late=is_late)
    if basis is not None and basis.kind is BasisKind.VERIFIED:
        source = _entry(basis.entries[0], language)
        return Content(text, Phase.FINAL, note=note, is_stored=True, sources=(source,), thumbs=_thumbs(language))
    if basis is not None and basis.kind is BasisKind.SUGGESTED:
        buttons = _choices(basis.entries, language)
        return Content(phrase("did_you_mean", language), Phase.FINAL, note=note, buttons=buttons)
    if basis is None or basis.kind not in _JUDGED or not outcome.is_answer:
        return Content(text, Phase.FINAL, note=note)
    sources = _passages(basis, language)
    return Content(text, Phase.FINAL, note=note, sources=sources, thumbs=_thumbs(language))


def plain_text(content: Content) -> str:
    """The whole content in words, for where there are no buttons and no small print."""
    parts = [content.text]
    choices = [button for button in content.buttons if button.act is Act.CHOOSE]
    if choices:
        parts.append("\n".join(f"{button.number}. {button.label}" for button in choices))
    for source in content.sources:
        line = " · ".join(filter(None, [source.kind, source.title, *source.facts, source.warning]))
        parts.append("\n".join(filter(None, [line, source.url])))
    return "\n\n".join(filter(None, parts))


def _passages(basis: Basis, language: Language) -> tuple[Source, ...]:
    """Each passage by its document and headings, each once."""
    kind = phrase("quoted_from" if basis.kind is BasisKind.QUOTED else "written_from", language)
    sources = [
        Source(kind=kind, title=" › ".join((passage.document, *passage.heading_path)), url=_link(passage.source_url))
        for passage in basis.passages
    ]
    return tuple(dict.fromkeys(sources))


def _entry(entry: CitedEntry, language: Language) -> Source:
    facts = [entry.owner]
    if entry.verified_on is not None:
        facts.append(phrase("verified_on", language, day=day_text(entry.verified_on, language)))
    return Source(
        is_verified=True,
        kind=phrase("verified_answer", language),
        title=entry.title,
        url=_link(entry.source_url),
        facts=tuple(filter(None, facts)),
        warning=phrase("review_overdue", language) if entry.is_overdue else "",
    )


def _link(url: str) -> str:
    """The address, if it is one that a click may follow: who stored it may name any host, but nothing that runs."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    is_plain = not set(url) & set(' <>|"\n\t')
    return url if parts.scheme in ("http", "https") and parts.hostname and is_plain else ""


def _thumbs(language: Language) -> Thumbs:
    return Thumbs(phrase("thumb_up", language), phrase("thumb_down", language))


def _choices(entries: tuple[CitedEntry, ...], language: Language) -> tuple[Button, ...]:
    choices = [Button(Act.CHOOSE, entry.title, number) for number, entry in enumerate(entries, 1)]
    return (*choices, Button(Act.DECLINE, phrase("none_of_these", language)))
