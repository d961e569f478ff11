"""Modals as a person fills them in: from what they show, with some fields changed."""

import html
from typing import Any

from bot.sandbox.views import View
from tests.scenarios.house import House


def shown_in(view: View) -> str:
    """All words of a modal, but for its title and buttons."""
    return "\n".join(_texts(view.blocks))


def filled_in(view: View, **changes: str | bool | None) -> dict[str, Any]:
    """The state of a form's fields, by block: as they were opened, then changed."""
    state = {}
    for block in view.blocks:
        if block["type"] == "input":
            element, name = block["element"], block["block_id"]
            value = changes.pop(name, _initial(element))
            state[name] = {element["action_id"]: {"type": element["type"], **_state(element, value)}}
    assert not changes, f"no such fields: {', '.join(changes)}"
    return state


async def the_modal(house: House, user: str, title: str) -> View:
    """The uppermost one, as soon as it has this title."""

    def found() -> View | None:
        stack = house.sandbox.views.stack_of(user)
        return stack[-1] if stack and stack[-1].source["title"]["text"] == title else None

    view: View = await house.until(found)
    return view


async def submit(house: House, user: str, view: View, **changes: str | bool | None) -> dict[str, Any]:
    """Errors by field; {} when it was taken."""
    errors = await house.sandbox.employees.submit_view(user, view.id, filled_in(view, **changes))
    assert errors is not None, "not acknowledged, or errors that Slack does not take"
    return errors


def _initial(element: dict[str, Any]) -> str | bool | None:
    option = element.get("initial_option") or {}
    value: str | None = element.get("initial_value") or element.get("initial_date") or option.get("value")
    return value


def _state(element: dict[str, Any], value: str | bool | None) -> dict[str, Any]:
    match element["type"]:
        case "checkboxes":
            return {"selected_options": element["options"] if value else []}
        case "static_select":
            return {"selected_option": next(option for option in element["options"] if option["value"] == value)}
        case "datepicker":
            return {"selected_date": value}
    return {"value": value}


def _texts(node: Any) -> list[str]:
    if isinstance(node, list):
        return [text for item in node for text in _texts(item)]
    if isinstance(node, dict):
        text = node.get("text")
        own = [html.unescape(text)] if isinstance(text, str) else []
        return own + [text for key, value in node.items() if key != "text" or own == [] for text in _texts(value)]
    return []
