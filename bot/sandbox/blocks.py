"""Block Kit as far as a server checks it: known types, required fields, lengths, unique ids.

Owns validation and the ids that Slack adds. Refuses to draw: that is the page's business.
Answers as Slack does: `invalid_blocks` with one line per fault and its JSON pointer.
"""

import re
from collections.abc import Iterator
from typing import Any

from bot.sandbox.clock import Ids
from bot.sandbox.errors import SlackError

MAX_BLOCKS, MAX_VIEW_BLOCKS = 50, 100
MAX_MARKDOWN_CHARACTERS = 12_000
MAX_ALL_CHARACTERS = 13_200
MAX_INPUT_CHARACTERS = 3_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

# required fields by block type; types named without fields are passed on as they are
_REQUIRED: dict[str, tuple[str, ...]] = {
    "actions": ("elements",),
    "alert": ("text",),
    "card": (),
    "carousel": ("elements",),
    "context": ("elements",),
    "context_actions": ("elements",),
    "divider": (),
    "file": ("external_id", "source"),
    "header": ("text",),
    "image": ("alt_text",),
    "input": ("label", "element"),
    "markdown": ("text",),
    "plan": ("title",),
    "rich_text": ("elements",),
    "section": (),
    "table": ("rows",),
    "task_card": ("task_id", "title"),
    "video": ("alt_text", "title", "thumbnail_url", "video_url"),
}
_ELEMENT_TYPES = frozenset(
    [
        "button",
        "static_select",
        "multi_static_select",
        "external_select",
        "users_select",
        "multi_users_select",
        "conversations_select",
        "channels_select",
        "overflow",
        "datepicker",
        "timepicker",
        "datetimepicker",
        "checkboxes",
        "radio_buttons",
        "plain_text_input",
        "rich_text_input",
        "email_text_input",
        "url_text_input",
        "number_input",
        "workflow_button",
        "feedback_buttons",
        "icon_button",
        "image",
        "plain_text",
        "mrkdwn",
        "file_input",
        "multi_conversations_select",
        "multi_channels_select",
    ]
)
_MAX_ELEMENTS = {"actions": 25, "context": 10, "context_actions": 5}


class _Check:
    """Collects what is wrong with a list of blocks."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def fail(self, text: str, pointer: str) -> None:
        self.messages.append(f"[ERROR] {text} [json-pointer:{pointer}]")

    def length(self, value: Any, limit: int, pointer: str, *, least: int = 0) -> None:
        if not isinstance(value, str):
            self.fail("must be a string", pointer)
        elif len(value) > limit:
            self.fail(f"must be less than {limit + 1} characters", pointer)
        elif len(value) < least:
            self.fail(f"must be more than {least - 1} characters", pointer)

    def text(self, value: Any, limit: int, pointer: str, *, plain: bool = False) -> None:
        if not isinstance(value, dict) or value.get("type") not in ("plain_text", "mrkdwn"):
            self.fail("must be a text object", pointer)
        elif plain and value["type"] != "plain_text":
            self.fail("must be a plain_text object", f"{pointer}/type")
        else:
            self.length(value.get("text"), limit, f"{pointer}/text", least=1)

    def block(self, block: Any, pointer: str) -> None:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in _REQUIRED:
            self.fail(f"unsupported type: {kind}", f"{pointer}/type")
            return
        for name in _REQUIRED[kind]:
            if name not in block:
                self.fail(f"missing required field: {name}", pointer)
                return
        if "block_id" in block:
            self.length(block["block_id"], 255, f"{pointer}/block_id")
        if check := getattr(self, f"_{kind}", None):
            check(block, pointer)

    def _header(self, block: dict[str, Any], pointer: str) -> None:
        self.text(block["text"], 150, f"{pointer}/text", plain=True)

    def _markdown(self, block: dict[str, Any], pointer: str) -> None:
        self.length(block["text"], MAX_MARKDOWN_CHARACTERS, f"{pointer}/text", least=1)

    def _section(self, block: dict[str, Any], pointer: str) -> None:
        if "text" not in block and not block.get("fields"):
            self.fail("missing required field: text or fields", pointer)
        if "text" in block:
            self.text(block["text"], 3000, f"{pointer}/text")
        if len(block.get("fields", ())) > 10:
            self.fail("no more than 10 items allowed", f"{pointer}/fields")
        for index, field in enumerate(block.get("fields", ())):
            self.text(field, 2000, f"{pointer}/fields/{index}")
        if "accessory" in block:
            self.element(block["accessory"], f"{pointer}/accessory")

    def _elements(self, block: dict[str, Any], pointer: str) -> None:
        elements, limit = block["elements"], _MAX_ELEMENTS[block["type"]]
        if not isinstance(elements, list) or not elements:
            self.fail("no fewer than 1 item allowed", f"{pointer}/elements")
            return
        if len(elements) > limit:
            self.fail(f"no more than {limit} items allowed", f"{pointer}/elements")
        for index, element in enumerate(elements):
            self.element(element, f"{pointer}/elements/{index}")
        ids = [element["action_id"] for element in elements if isinstance(element, dict) and "action_id" in element]
        if len(ids) != len(set(ids)):
            self.fail("action_id must be unique within a block", f"{pointer}/elements")

    _actions = _context = _context_actions = _elements

    def _rich_text(self, block: dict[str, Any], pointer: str) -> None:
        known = {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}
        for index, element in enumerate(block["elements"]):
            if not isinstance(element, dict) or element.get("type") not in known:
                self.fail("unsupported rich_text element", f"{pointer}/elements/{index}")

    def _input(self, block: dict[str, Any], pointer: str) -> None:
        self.text(block["label"], 2000, f"{pointer}/label", plain=True)
        if "hint" in block:
            self.text(block["hint"], 2000, f"{pointer}/hint", plain=True)
        self.element(block["element"], f"{pointer}/element")

    def element(self, element: Any, pointer: str) -> None:
        kind = element.get("type") if isinstance(element, dict) else None
        if kind not in _ELEMENT_TYPES:
            self.fail(f"unsupported type: {kind}", f"{pointer}/type")
            return
        if "action_id" in element:
            self.length(element["action_id"], 255, f"{pointer}/action_id")
        if kind == "button":
            self._button(element, pointer)
        elif kind == "feedback_buttons":
            for side in ("positive_button", "negative_button"):
                self._button(element.get(side) or {}, f"{pointer}/{side}")
        elif kind == "plain_text_input":
            self._text_input(element, pointer)
        elif kind in ("static_select", "checkboxes", "radio_buttons"):
            self._options(element, pointer)
        elif kind == "datepicker" and not _DAY.fullmatch(str(element.get("initial_date", "2000-01-01"))):
            self.fail("must be a date in the format YYYY-MM-DD", f"{pointer}/initial_date")
        elif kind in ("plain_text", "mrkdwn"):
            self.length(element.get("text"), 3000, f"{pointer}/text", least=1)

    def _text_input(self, element: dict[str, Any], pointer: str) -> None:
        most = element.get("max_length", MAX_INPUT_CHARACTERS)
        if not isinstance(most, int) or not 0 < most <= MAX_INPUT_CHARACTERS:
            self.fail(f"must be between 1 and {MAX_INPUT_CHARACTERS}", f"{pointer}/max_length")
        elif "initial_value" in element:
            self.length(element["initial_value"], most, f"{pointer}/initial_value")

    def _options(self, element: dict[str, Any], pointer: str) -> None:
        options = element.get("options", [])
        limit = 10 if element["type"] != "static_select" else 100
        if not options and "option_groups" not in element:
            self.fail("missing required field: options", pointer)
        if len(options) > limit:
            self.fail(f"no more than {limit} items allowed", f"{pointer}/options")
        for index, option in enumerate(options):
            self.text(option.get("text"), 75, f"{pointer}/options/{index}/text")
            self.length(option.get("value"), 150, f"{pointer}/options/{index}/value", least=1)
        if options and "initial_option" in element and element["initial_option"] not in options:
            self.fail("initial_option must be one of the options", f"{pointer}/initial_option")

    def _button(self, button: dict[str, Any], pointer: str) -> None:
        self.text(button.get("text"), 75, f"{pointer}/text", plain=True)
        if "value" in button:
            self.length(button["value"], 2000, f"{pointer}/value")
        if "url" in button:
            self.length(button["url"], 3000, f"{pointer}/url")
        if "confirm" in button:
            for name, limit in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
                self.text(button["confirm"].get(name), limit, f"{pointer}/confirm/{name}", plain=name != "text")
        if button.get("style") not in (None, "primary", "danger"):
            self.fail("must be one of primary, danger", f"{pointer}/style")


def validate_blocks(
    blocks: Any, ids: Ids, *, limit: int = MAX_BLOCKS, total_limit: bool = True
) -> list[dict[str, Any]]:
    """The blocks with the ids that Slack adds where they are missing.

    Raises: SlackError invalid_blocks_format, msg_blocks_too_many, msg_blocks_too_long, invalid_blocks.
    """
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if len(blocks) > limit:
        raise SlackError("msg_blocks_too_many")
    check = _Check()
    for index, block in enumerate(blocks):
        try:
            check.block(block, f"/blocks/{index}")
        except (TypeError, AttributeError, KeyError):  # nested in a way that no check foresaw
            check.fail("failed to match all allowed schemas", f"/blocks/{index}")
    _check_together(blocks, check)
    if check.messages:
        raise SlackError("invalid_blocks", response_metadata={"messages": check.messages})
    if total_limit and sum(map(len, _texts(blocks))) > MAX_ALL_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return [_with_ids(block, ids) for block in blocks]


def _check_together(blocks: list[Any], check: _Check) -> None:
    block_ids = [block["block_id"] for block in blocks if isinstance(block, dict) and block.get("block_id")]
    for block_id in sorted({block_id for block_id in block_ids if block_ids.count(block_id) > 1}):
        check.fail(f"block_id `{block_id}` is not unique", "/blocks")
    markdown = [
        block.get("text", "") for block in blocks if isinstance(block, dict) and block.get("type") == "markdown"
    ]
    if len(markdown) > 1 and sum(len(text) for text in markdown if isinstance(text, str)) > MAX_MARKDOWN_CHARACTERS:
        check.fail(f"markdown blocks must be less than {MAX_MARKDOWN_CHARACTERS + 1} characters in all", "/blocks")


def _with_ids(block: dict[str, Any], ids: Ids) -> dict[str, Any]:
    named = dict(block) if block.get("block_id") else {**block, "block_id": ids.of("", 5)}
    if isinstance(named.get("elements"), list) and block["type"] in _MAX_ELEMENTS:
        named["elements"] = [_with_action_id(element, ids) for element in block["elements"]]
    for name in ("accessory", "element"):
        if name in named:
            named[name] = _with_action_id(named[name], ids)
    return named


def _with_action_id(element: dict[str, Any], ids: Ids) -> dict[str, Any]:
    textual = element["type"] in ("image", "plain_text", "mrkdwn")
    return element if textual or element.get("action_id") else {**element, "action_id": ids.of("", 5)}


def _texts(node: Any) -> Iterator[str]:
    """Every `text` string below a node."""
    if isinstance(node, list):
        for item in node:
            yield from _texts(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)


def find_element(blocks: list[dict[str, Any]], action_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(block, element) that carries the action_id. Raises: SlackError action_not_found."""
    for block in blocks:
        candidates = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
        for element in candidates:
            if isinstance(element, dict) and element.get("action_id") == action_id:
                return block, element
    raise SlackError("action_not_found")
