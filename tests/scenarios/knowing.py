"""What scenarios about the company's knowledge have in common."""

from collections.abc import Callable

from bot.conversation.phrases import phrase
from tests.scenarios.house import House, Message, text_of
from tests.shelf import an_entry

BALANCE = an_entry("pto_balance")


def source_of(message: Message) -> str:
    """The line below a verified answer."""
    return next(
        element["text"]
        for block in message["blocks"]
        if block["type"] == "context"
        for element in block["elements"]
        if "Verified answer" in element["text"]
    )


def labels_of(message: Message) -> list[str]:
    actions = [block for block in message.get("blocks", []) if block["type"] == "actions"]
    return [element["text"]["text"] for block in actions for element in block["elements"]]


def offers_choices(message: Message) -> bool:
    """Not just a way to stop it."""
    return phrase("none_of_these", "en") in labels_of(message)


async def the_reply(house: House, channel: str, ts: str, is_it: Callable[[Message], bool]) -> Message:
    """Our one message in the thread, as soon as this is true of it."""

    def found() -> Message | None:
        ours = house.ours(channel, ts)
        return ours[0] if len(ours) == 1 and is_it(ours[0]) else None

    reply: Message = await house.until(found)
    return reply


def says(text: str) -> Callable[[Message], bool]:
    return lambda message: text_of(message) == text
