"""The modal that lists entries, each with a button that opens its form. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.conversation.phrases import Language, phrase
from bot.platforms.slack.commands import COMMAND
from storage.knowledge.records import Entry

EDIT_ACTION = "edit_entry"
MOST_LISTED = 40  # Slack takes 100 blocks in a modal
MOST_SHOWN = 200  # characters of a question


def list_modal(entries: Sequence[Entry], words: str, language: Language) -> dict[str, Any]:
    """For views.open. `words`: what was looked for, "" for what changed last."""
    return {
        "type": "modal",
        "title": _plain(phrase("list_title", language)),
        "close": _plain(phrase("form_close", language)),
        "blocks": list(_blocks(entries, words, language)),
    }


def _blocks(entries: Sequence[Entry], words: str, language: Language) -> Iterator[dict[str, Any]]:
    if not entries:
        yield {"type": "section", "text": {"type": "mrkdwn", "text": phrase("list_none", language, command=COMMAND)}}
        return
    about = (
        phrase("list_found", language, words=words)
        if words
        else phrase("list_changed_last", language, command=COMMAND).replace("`", "")
    )
    yield {"type": "context", "elements": [_plain(about)]}
    for entry in entries[:MOST_LISTED]:
        yield from _entry(entry, language)


def _entry(entry: Entry, language: Language) -> Iterator[dict[str, Any]]:
    """The words as plain text: whatever stands in them, Slack reads no mention or link in it."""
    button = {
        "type": "button",
        "action_id": EDIT_ACTION,
        "text": _plain(phrase("list_edit", language)),
        "value": entry.entry_id,
        "accessibility_label": f"{phrase('list_edit', language)}: {entry.entry_id}",
    }
    question = entry.text.question
    shown = question if len(question) <= MOST_SHOWN else question[: MOST_SHOWN - 1] + "…"
    yield {"type": "section", "text": _plain(shown), "accessory": button}
    facts = (entry.entry_id, phrase(f"lang_{entry.text.lang}", language), phrase(f"state_{entry.status}", language))
    yield {"type": "context", "elements": [_plain(" · ".join(facts))]}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
