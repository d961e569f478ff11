"""What a finished reply shows: the text, and around it what it rests on and what can be done with it.

Follows from what is on record alone, so that it is the same at once, after a restart, and in a transcript.
"""

from urllib.parse import urlsplit

from bot.conversation.messages import Outcome
from bot.conversation.phrases import Language, day_text, phrase
from bot.delivery.notes import final_note
from bot.platforms.base import Act, Button, Content, Phase, Source, Thumbs
from storage.basis import Basis, BasisKind, CitedEntry


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
        source = _source(basis.entries[0], language)
        return Content(text, Phase.FINAL, note=note, is_stored=True, source=source, thumbs=_thumbs(language))
    if basis is not None and basis.kind is BasisKind.SUGGESTED:
        buttons = _choices(basis.entries, language)
        return Content(phrase("did_you_mean", language), Phase.FINAL, note=note, buttons=buttons)
    is_about_the_company = basis is not None and basis.kind in (BasisKind.GROUNDED, BasisKind.UNGROUNDED)
    thumbs = _thumbs(language) if outcome.is_answer and is_about_the_company else None
    return Content(text, Phase.FINAL, note=note, thumbs=thumbs)


def plain_text(content: Content) -> str:
    """The whole content in words, for where there are no buttons and no small print."""
    parts = [content.text]
    choices = [button for button in content.buttons if button.act is Act.CHOOSE]
    if choices:
        parts.append("\n".join(f"{button.number}. {button.label}" for button in choices))
    if content.source is not None:
        source = content.source
        line = " · ".join(filter(None, [source.kind, source.title, *source.facts, source.warning]))
        parts.append("\n".join(filter(None, [line, source.url])))
    return "\n\n".join(filter(None, parts))


def _source(entry: CitedEntry, language: Language) -> Source:
    facts = [entry.owner]
    if entry.verified_on is not None:
        facts.append(phrase("verified_on", language, day=day_text(entry.verified_on, language)))
    return Source(
        kind=phrase("verified_answer", language),
        title=entry.title,
        url=entry.source_url if _is_web_address(entry.source_url) else "",
        facts=tuple(filter(None, facts)),
        warning=phrase("review_overdue", language) if entry.is_overdue else "",
    )


def _is_web_address(url: str) -> bool:
    """Who stored the entry may name any host, but nothing that a click would run."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not set(url) & set(' <>|"\n\t')


def _thumbs(language: Language) -> Thumbs:
    return Thumbs(phrase("thumb_up", language), phrase("thumb_down", language))


def _choices(entries: tuple[CitedEntry, ...], language: Language) -> tuple[Button, ...]:
    choices = [Button(Act.CHOOSE, entry.title, number) for number, entry in enumerate(entries, 1)]
    return (*choices, Button(Act.DECLINE, phrase("none_of_these", language)))
