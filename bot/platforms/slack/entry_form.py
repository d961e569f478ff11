"""The modal in which somebody writes or changes an entry. Pure.

Source: docs.slack.dev/surfaces/modals, docs.slack.dev/reference/block-kit/block-elements.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.conversation.knowledge.editing import Draft
from bot.conversation.knowledge.entry_rules import LANGUAGES, LONGEST_PHRASING, Fault
from bot.conversation.phrases import Language, day_text, phrase
from bot.platforms.slack.dialect import escape_mrkdwn
from storage.knowledge.records import EVERYONE, Entry, EntryStatus, EntryText

FORM, ACTION = "entry_form", "value"
MOST_CHARACTERS = 3_000  # that Slack takes in a field
CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a form begins with. `seen`: the revision of the entry that is changed, 0 for a new one.

    `gap`: of the digest whose button opened it.
    """

    entry_id: str = ""
    lang: str = "en"
    question: str = ""
    variants: tuple[str, ...] = ()
    answer: str = ""
    owner: str = ""
    audience: tuple[str, ...] = (EVERYONE,)
    source_url: str = ""
    review_by: date | None = None
    status: EntryStatus = EntryStatus.PUBLISHED
    seen: int = 0
    gap: str = ""

    @property
    def fits(self) -> bool:
        """Whether Slack's fields take all of it."""
        texts = (self.answer, "\n".join(self.variants), ", ".join(self.audience), self.owner, self.source_url)
        return all(len(text) <= MOST_CHARACTERS for text in texts)


def opening_of(entry: Entry) -> Opening:
    names = ("lang", "question", "variants", "answer", "owner", "audience", "source_url", "review_by")
    values = {name: getattr(entry.text, name) for name in names}
    return Opening(entry_id=entry.entry_id, status=entry.status, seen=entry.revision, **values)


def form_modal(opening: Opening, language: Language, standing: Entry | None = None) -> dict[str, Any]:
    """For views.open. `standing`: the entry as it is, where one is changed."""
    metadata = {"entry_id": opening.entry_id if opening.seen else "", "seen": opening.seen, "gap": opening.gap}
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": json.dumps(metadata),
        "title": _plain(phrase("form_edit" if opening.seen else "form_add", language)),
        "submit": _plain(phrase("form_save", language)),
        "close": _plain(phrase("form_cancel", language)),
        "blocks": list(_blocks(opening, language, standing)),
    }


def _blocks(opening: Opening, language: Language, standing: Entry | None) -> Iterator[dict[str, Any]]:
    if standing is not None:
        yield _standing(standing, language)
    else:
        yield _input("entry_id", language, _text(opening.entry_id, 64), hint=True)
    yield _input(
        "lang", language, _select({name: phrase(f"lang_{name}", language) for name in LANGUAGES}, opening.lang)
    )
    yield _input("question", language, _text(opening.question, LONGEST_PHRASING))
    yield _input("variants", language, _text("\n".join(opening.variants), multiline=True), hint=True, optional=True)
    yield _input("answer", language, _text(opening.answer, multiline=True), hint=True)
    yield _input("owner", language, _text(opening.owner), hint=True, optional=True)
    yield _input("audience", language, _text(", ".join(opening.audience)), hint=True)
    yield _input("source_url", language, _text(opening.source_url), optional=True)
    yield _input("review_by", language, _datepicker(opening.review_by), optional=True)
    statuses = {status.value: phrase(f"status_{status}", language) for status in EntryStatus}
    yield _input("status", language, _select(statuses, opening.status))
    if standing is not None:
        yield _input(CONFIRMED, language, _checkbox(phrase("confirmed_today", language)), optional=True)


def saved_modal(entry: Entry, language: Language) -> dict[str, Any]:
    """In place of the form."""
    status = phrase(f"state_{entry.status}", language)
    said = phrase("saved_entry", language, entry_id=entry.entry_id, revision=entry.revision, status=status)
    return notice_modal(said, language, "saved_title")


def notice_modal(mrkdwn: str, language: Language, title: str = "list_title") -> dict[str, Any]:
    """`title`: key of a phrase."""
    return {
        "type": "modal",
        "title": _plain(phrase(title, language)),
        "close": _plain(phrase("form_close", language)),
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn}}],
    }


def parse_form(view: Mapping[str, Any]) -> tuple[Draft, str] | None:
    """What was written, and the gap that it is to close ("" for none). None: it is no form of ours."""
    try:
        metadata = json.loads(view["private_metadata"])
        state = view["state"]["values"]
        review_by = _value(state, "review_by")
        text = EntryText(
            lang=_value(state, "lang"),
            question=_value(state, "question"),
            variants=tuple(_value(state, "variants").splitlines()),
            answer=_value(state, "answer"),
            owner=_value(state, "owner"),
            audience=tuple(part for one in _value(state, "audience").split(",") if (part := one.strip()))
            or (EVERYONE,),
            source_url=_value(state, "source_url"),
            review_by=date.fromisoformat(review_by) if review_by else None,
        )
        draft = Draft(
            entry_id=str(metadata["entry_id"] or _value(state, "entry_id").strip()),
            text=text,
            status=EntryStatus(_value(state, "status")),
            seen=int(metadata["seen"]),
            is_confirmed=bool((state.get(CONFIRMED) or {}).get(ACTION, {}).get("selected_options")),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return draft, str(metadata.get("gap") or "")


def field_errors(faults: Iterable[Fault], language: Language) -> dict[str, str]:
    """By block, as a modal shows them below its fields: the first of each."""
    errors: dict[str, str] = {}
    for fault in faults:
        errors.setdefault(fault.field, fault.sentence(language))
    return errors


def _value(state: Mapping[str, Any], block: str) -> str:
    """Of whichever kind of element: what was typed, chosen, picked; "" for nothing."""
    element = (state.get(block) or {}).get(ACTION) or {}
    option = element.get("selected_option") or {}
    return str(element.get("value") or element.get("selected_date") or option.get("value") or "")


def _standing(entry: Entry, language: Language) -> dict[str, Any]:
    said = phrase(
        "form_standing",
        language,
        entry_id=entry.entry_id,
        revision=entry.revision,
        author=escape_mrkdwn(entry.author),
        day=day_text(entry.revised_at.date(), language),
    )
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": said}]}


def _input(
    field: str, language: Language, element: dict[str, Any], *, hint: bool = False, optional: bool = False
) -> dict[str, Any]:
    label = phrase(f"field_{field}", language)
    block = {"type": "input", "block_id": field, "label": _plain(label), "optional": optional, "element": element}
    return {**block, "hint": _plain(phrase(f"hint_{field}", language))} if hint else block


def _text(initial: str, most: int = MOST_CHARACTERS, *, multiline: bool = False) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": ACTION, "multiline": multiline, "max_length": most}
    return {**element, "initial_value": initial[:most]} if initial else element


def _select(options: Mapping[str, str], initial: str) -> dict[str, Any]:
    made = {value: {"text": _plain(label), "value": value} for value, label in options.items()}
    return {
        "type": "static_select",
        "action_id": ACTION,
        "options": list(made.values()),
        "initial_option": made.get(initial) or next(iter(made.values())),
    }


def _datepicker(initial: date | None) -> dict[str, Any]:
    element = {"type": "datepicker", "action_id": ACTION}
    return {**element, "initial_date": initial.isoformat()} if initial else element


def _checkbox(label: str) -> dict[str, Any]:
    return {"type": "checkboxes", "action_id": ACTION, "options": [{"text": _plain(label), "value": "yes"}]}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}
