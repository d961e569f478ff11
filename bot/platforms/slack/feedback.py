"""Thumbs below an answer, and the modal in which somebody says what was wrong. Pure.

Source: docs.slack.dev/reference/block-kit/block-elements/feedback-buttons-element, docs.slack.dev/surfaces/modals.
"""

import json
from collections.abc import Mapping
from typing import Any

from bot.conversation.phrases import Language, phrase
from bot.platforms.base import Thumbs
from storage.feedback import Verdict

FEEDBACK_ACTION, FEEDBACK_BLOCK = "feedback", "inthread_feedback"
MODAL, COMMENT_BLOCK, COMMENT_ACTION = "feedback_comment", "comment", "text"
MOST_COMMENT_CHARACTERS = 3_000


def feedback_block(thumbs: Thumbs, reply_id: str) -> dict[str, Any]:
    element = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK_ACTION,
        "positive_button": _button(thumbs.up_label, Verdict.UP, reply_id),
        "negative_button": _button(thumbs.down_label, Verdict.DOWN, reply_id),
    }
    return {"type": "context_actions", "block_id": FEEDBACK_BLOCK, "elements": [element]}


def parse_verdict(value: str) -> tuple[str, Verdict] | None:
    """(reply id, verdict) of a button that was pressed."""
    verdict, _, reply_id = value.partition(":")
    return (reply_id, Verdict(verdict)) if reply_id and verdict in tuple(Verdict) else None


def comment_modal(reply_id: str, language: Language) -> dict[str, Any]:
    """For views.open. The verdict is recorded already: whoever closes this has given it all the same."""
    return {
        "type": "modal",
        "callback_id": MODAL,
        "private_metadata": json.dumps({"reply_id": reply_id}),
        "title": _plain(phrase("feedback_title", language)),
        "submit": _plain(phrase("feedback_send", language)),
        "close": _plain(phrase("feedback_close", language)),
        "blocks": [
            {
                "type": "input",
                "block_id": COMMENT_BLOCK,
                "label": _plain(phrase("feedback_label", language)),
                "element": {
                    "type": "plain_text_input",
                    "action_id": COMMENT_ACTION,
                    "multiline": True,
                    "max_length": MOST_COMMENT_CHARACTERS,
                    "placeholder": _plain(phrase("feedback_placeholder", language)),
                },
            },
            {"type": "context", "elements": [_plain(phrase("feedback_who_reads", language))]},
        ],
    }


def parse_comment(view: Mapping[str, Any]) -> tuple[str, str] | None:
    """(reply id, comment) of a submitted modal."""
    try:
        reply_id = json.loads(view["private_metadata"])["reply_id"]
        text = view["state"]["values"][COMMENT_BLOCK][COMMENT_ACTION]["value"]
    except (KeyError, TypeError, ValueError):
        return None
    return (str(reply_id), str(text or "").strip()[:MOST_COMMENT_CHARACTERS])


def _button(label: str, verdict: Verdict, reply_id: str) -> dict[str, Any]:
    return {"text": _plain(label), "value": f"{verdict}:{reply_id}", "accessibility_label": label}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}
