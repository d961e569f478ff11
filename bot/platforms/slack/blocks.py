"""What a message of ours looks like in Slack: blocks, and the fall-back text for notifications and old clients.

Blocks rather than text alone: an edit of text shows "(edited)", an edit of blocks does not.
"""

from typing import Any

from bot.platforms.base import Content, Phase
from bot.platforms.slack.dialect import escape_markdown, escape_mrkdwn

STOP_ACTION = "stop_reply"
ASK_AGAIN_ACTION = "ask_again"
CONTROLS_BLOCK = "inthread_controls"


def render(content: Content, reply_id: str, heading: str = "") -> dict[str, Any]:
    """`text` and `blocks` for chat.postMessage and chat.update. `heading`: a small line above the text."""
    blocks = _blocks(content, reply_id)
    return {
        "text": escape_mrkdwn(content.text) or " ",
        "blocks": [context_block(heading), *blocks] if heading else blocks,
    }


def _blocks(content: Content, reply_id: str) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if content.phase is Phase.STATUS:
        blocks.append(context_block(content.text))
    else:
        blocks.append({"type": "markdown", "text": escape_markdown(content.text) or " "})
    if content.note:
        blocks.append(context_block(content.note))
    if content.stop_label:
        blocks.append(stop_block(content.stop_label, reply_id))
    elif content.ask_again_label:
        blocks.append(_controls(ASK_AGAIN_ACTION, content.ask_again_label, reply_id))
    return blocks


def context_block(text: str) -> dict[str, Any]:
    """A small line; nothing in the text comes alive."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": escape_mrkdwn(text)}]}


def stop_block(label: str, reply_id: str) -> dict[str, Any]:
    return _controls(STOP_ACTION, label, reply_id)


def _controls(action_id: str, label: str, reply_id: str) -> dict[str, Any]:
    button = {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": label},
        "value": reply_id,
    }
    return {"type": "actions", "block_id": CONTROLS_BLOCK, "elements": [button]}
