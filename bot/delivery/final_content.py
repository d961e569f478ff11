"""What a finished reply shows: the text, and around it what it rests on and what can be done with it.

Follows from what is on record alone, so that it is the same at once, after a restart, and in a transcript.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.conversation.phrases import Language, day_text, phrase
from bot.delivery.notes import final_note
from bot.delivery.owners import told_content
from bot.delivery.people import NOBODY, People
from bot.delivery.shown import Shown
from bot.platforms.base import Act, Button, Confirmation, Content, Phase, Source, Thumbs
from storage.basis import TOLD_TO_OWNERS, Basis, BasisKind, CitedEntry

# What can be judged, and asked about: all that is said in the company's name.
_ABOUT_THE_COMPANY = (
    BasisKind.VERIFIED,
    BasisKind.GROUNDED,
    BasisKind.QUOTED,
    BasisKind.UNGROUNDED,
    BasisKind.NONE,
)


@dataclass(frozen=True, slots=True)
class Furnishing:
    """What stands around texts whatever they say. `disclaimer`: whether plain text of a model says what it is;
    `withholds_overdue`: whether entries are not shown after their day of review.
    """

    disclaimer: bool = True
    withholds_overdue: bool = False
    people: People = NOBODY
    contact: str = ""  # to talk to about what is nobody else's business; empty: in general words


def final_content(
    shown: Shown, language: Language, furnishing: Furnishing = Furnishing(), *, is_late: bool = False
) -> Content:
    """`language`: of the question."""
    note = final_note(shown, language, disclaimer=furnishing.disclaimer, is_late=is_late)
    if shown.is_sensitive:
        contact = furnishing.contact or phrase("contact_in_general", language)
        note = f"{phrase('sensitive', language, contact=contact)} {note}".strip()
    kind = None if shown.basis is None else shown.basis.kind
    if kind in TOLD_TO_OWNERS:
        return told_content(shown, language, withholds_overdue=furnishing.withholds_overdue)
    if shown.basis is None or kind not in (*_ABOUT_THE_COMPANY, BasisKind.SUGGESTED):
        return Content(shown.text, Phase.FINAL, note=note)
    if kind is BasisKind.SUGGESTED:
        buttons = _choices(shown.basis.entries, language)
        return Content(phrase("did_you_mean", language), Phase.FINAL, note=note, buttons=buttons)
    is_verified = kind is BasisKind.VERIFIED
    # What somebody asks in confidence is not posted to a channel of others.
    may_ask = not shown.people_were_asked and not shown.is_sensitive
    can_ask = may_ask and furnishing.people.channel_for(shown.basis) is not None
    return Content(
        shown.text,
        Phase.FINAL,
        note=note,
        is_stored=is_verified,
        sources=(_entry(shown.basis.entries[0], language),) if is_verified else _passages(shown.basis, language),
        buttons=_people(language) if can_ask else (),
        thumbs=_thumbs(language) if shown.outcome.is_answer else None,
    )


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


def _people(language: Language) -> tuple[Button, ...]:
    sure = Confirmation(
        title=phrase("ask_people_title", language),
        text=phrase("ask_people_text", language),
        yes_label=phrase("ask_people_yes", language),
        no_label=phrase("ask_people_no", language),
    )
    return (Button(Act.ASK_PEOPLE, phrase("ask_people", language), confirmation=sure),)


def _thumbs(language: Language) -> Thumbs:
    return Thumbs(phrase("thumb_up", language), phrase("thumb_down", language))


def _choices(entries: tuple[CitedEntry, ...], language: Language) -> tuple[Button, ...]:
    choices = [Button(Act.CHOOSE, entry.title, number) for number, entry in enumerate(entries, 1)]
    return (*choices, Button(Act.DECLINE, phrase("none_of_these", language)))
