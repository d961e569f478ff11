"""What a message of ours looks like in Slack: blocks, and the fall-back text for notifications and old clients.

Blocks rather than text alone: an edit of text shows "(edited)", an edit of blocks does not.
Source of the limits: docs.slack.dev/reference/block-kit, shared reference `slack.md`.
"""

from typing import Any

from bot.platforms.base import Act, Button, Confirmation, Content, Item, Phase, Source
from bot.platforms.slack.dialect import escape_markdown, escape_mrkdwn, link_token
from bot.platforms.slack.feedback import feedback_block

STOP_ACTION = "stop_reply"
ASK_AGAIN_ACTION = "ask_again"
CHOOSE_ACTION, DECLINE_ACTION, ASK_PEOPLE_ACTION = "choose", "decline", "ask_people"
CREATE_ENTRY_ACTION, ADD_VARIANT_ACTION, DISMISS_GAP_ACTION, OPEN_ENTRY_ACTION = (
    "create_entry",
    "add_variant",
    "dismiss_gap",
    "open_entry",
)
CONTROLS_BLOCK = "inthread_controls"
OFFERS_BLOCK = "inthread_offers"

MOST_BUTTON_CHARACTERS = 75
MOST_TITLE_CHARACTERS = 300
MOST_FACT_CHARACTERS = 200
MOST_TITLE_OF_CONFIRM, MOST_TEXT_OF_CONFIRM, MOST_LABEL_OF_CONFIRM = 100, 300, 30
MOST_ITEM_CHARACTERS = 1_000  # of 13,000 in all blocks, and there may be a dozen
_ACTIONS = {
    Act.CHOOSE: CHOOSE_ACTION,
    Act.DECLINE: DECLINE_ACTION,
    Act.ASK_PEOPLE: ASK_PEOPLE_ACTION,
    Act.CREATE_ENTRY: CREATE_ENTRY_ACTION,
    Act.ADD_VARIANT: ADD_VARIANT_ACTION,
    Act.DISMISS_GAP: DISMISS_GAP_ACTION,
    Act.OPEN_ENTRY: OPEN_ENTRY_ACTION,
}


def render(content: Content, reply_id: str, heading: str = "") -> dict[str, Any]:
    """`text` and `blocks` for chat.postMessage and chat.update. `heading`: a small line above the text."""
    blocks = _blocks(content, reply_id)
    return {
        "text": escape_mrkdwn(_fall_back(content)) or " ",
        "blocks": [context_block(heading), *blocks] if heading else blocks,
    }


def _fall_back(content: Content) -> str:
    """What a notification says: buttons are not in it, so that what they offer is."""
    choices = [f"{button.number}. {button.label}" for button in content.buttons if button.act is Act.CHOOSE]
    return "\n".join([content.text, *choices])


def _blocks(content: Content, reply_id: str) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if content.phase is Phase.STATUS:
        blocks.append(context_block(content.text))
    else:
        blocks.append({"type": "markdown", "text": escape_markdown(content.text) or " "})
    blocks += [_source_block(source) for source in content.sources]
    for number, item in enumerate(content.items, 1):
        blocks += _item_blocks(item, number, reply_id)
    if content.note:
        blocks.append(context_block(content.note))
    if content.buttons:
        elements = [_button(button, reply_id) for button in content.buttons]
        blocks.append({"type": "actions", "block_id": OFFERS_BLOCK, "elements": elements})
    if content.thumbs:
        blocks.append(feedback_block(content.thumbs, reply_id))
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


def _source_block(source: Source) -> dict[str, Any]:
    """The title leads to the company's own page: the one link that is not written by a model."""
    title = link_token(source.url, shortened(source.title, MOST_TITLE_CHARACTERS))
    facts = [escape_mrkdwn(shortened(fact, MOST_FACT_CHARACTERS)) for fact in source.facts]
    warning = f"*{escape_mrkdwn(source.warning)}*" if source.warning else ""
    text = " · ".join(filter(None, [f"*{escape_mrkdwn(source.kind)}*", title, *facts, warning]))
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _item_blocks(item: Item, number: int, reply_id: str) -> list[dict[str, Any]]:
    text = escape_mrkdwn(item.text[:MOST_ITEM_CHARACTERS])
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
    if not item.buttons:
        return [section]
    elements = [_button(button, reply_id) for button in item.buttons]
    return [section, {"type": "actions", "block_id": f"inthread_item_{number}", "elements": elements}]


def _button(button: Button, reply_id: str) -> dict[str, Any]:
    action_id, value = _ACTIONS[button.act], reply_id
    if button.number:  # several of one kind need names of their own
        action_id, value = f"{action_id}_{button.number}", f"{reply_id}:{button.number}"
    element = _element(action_id, button.label, value)
    return element | ({"confirm": _confirm(button.confirmation)} if button.confirmation else {})


def _confirm(confirmation: Confirmation) -> dict[str, Any]:
    return {
        "title": _plain(confirmation.title, MOST_TITLE_OF_CONFIRM),
        "text": _plain(confirmation.text, MOST_TEXT_OF_CONFIRM),
        "confirm": _plain(confirmation.yes_label, MOST_LABEL_OF_CONFIRM),
        "deny": _plain(confirmation.no_label, MOST_LABEL_OF_CONFIRM),
    }


def _controls(action_id: str, label: str, reply_id: str) -> dict[str, Any]:
    elements = [_element(action_id, label, reply_id)]
    return {"type": "actions", "block_id": CONTROLS_BLOCK, "elements": elements}


def _element(action_id: str, label: str, value: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": _plain(label, MOST_BUTTON_CHARACTERS), "value": value}


def _plain(text: str, most_characters: int) -> dict[str, Any]:
    """Nothing in it is read as a mention or a link, and emoji codes stay letters."""
    return {"type": "plain_text", "text": shortened(text, most_characters), "emoji": False}


def shortened(text: str, most_characters: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most_characters else line[: most_characters - 1] + "…"
