"""What a message of ours looks like in Slack: blocks, and the fall-back text for notifications and old clients.

Blocks rather than text alone: an edit of text shows "(edited)", an edit of blocks does not.
"""

from typing import Any

from bot.platforms.base import Content, Phase
from bot.platforms.slack.dialect import escape_markdown, escape_mrkdwn

STOP_ACTION = "stop_reply"


def render(content: Content, reply_id: str) -> dict[str, Any]:
    """`text` and `blocks` for chat.postMessage and chat.update."""
    return {"text": escape_mrkdwn(content.text) or " ", "blocks": _blocks(content, reply_id)}


def _blocks(content: Content, reply_id: str) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if content.phase is Phase.STATUS:
        blocks.append(_context(content.text))
    else:
        blocks.append({"type": "markdown", "text": escape_markdown(content.text) or " "})
    if content.note:
        blocks.append(_context(content.note))
    if content.stop_label:
        blocks.append(_stop_button(content.stop_label, reply_id))
    return blocks


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": escape_mrkdwn(text)}]}


def _stop_button(label: str, reply_id: str) -> dict[str, Any]:
    button = {
        "type": "button",
        "action_id": STOP_ACTION,
        "text": {"type": "plain_text", "text": label},
        "value": reply_id,
    }
    return {"type": "actions", "block_id": "inthread_controls", "elements": [button]}
