"""A question of the campaign, and what stands in Slack in answer to it."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.conversation.phrases import PHRASES
from bot.delivery.intake import reply_id_of
from bot.platforms.slack.blocks import STOP_ACTION
from bot.sandbox import Sandbox
from bot.sandbox.messages import Message

TEAM = "T0NORTHWIND"
INTERRUPTED = PHRASES["interrupted"]["en"]
RESTARTING = PHRASES["restarting"]["en"]
# bot/delivery/worker.py: begun so often without an end, the question itself may be the cause.
MOST_ATTEMPTS = 5


@dataclass
class Question:
    """`thread`: the ts of its root. `deaths`: kills before its reply had ended, while text of it was visible or not."""

    channel: str
    ts: str
    thread: str
    text: str
    words: int
    deaths: int = 0
    deaths_while_growing: int = 0

    @property
    def reply_id(self) -> str:
        return reply_id_of(f"slack:{TEAM}:{self.channel}:{self.ts}")

    def is_answered_by(self, text: str) -> bool:
        """Whether this is the whole scripted answer, as the first of its thread or a later one."""
        numbers = "".join(f" {number}" for number in range(1, self.words + 1))
        answer = f"Scripted reply to: {self.text}.{numbers}"
        return re.fullmatch(re.escape(answer) + r"( \(turn [1-9][0-9]*\))?", text) is not None

    @property
    def may_be_given_up(self) -> bool:
        """Interrupted twice while it grew, it says so; or it was begun too often."""
        return self.deaths_while_growing >= 2 or self.deaths >= MOST_ATTEMPTS


def replies_to(sandbox: Sandbox, question: Question) -> list[Message]:
    """Our messages that name this question's reply id, oldest first."""
    return [message for message in _ours(sandbox, question) if reply_id_in(message) == question.reply_id]


def _ours(sandbox: Sandbox, question: Question) -> Iterator[Message]:
    return (message for message in sandbox.channels[question.channel].thread(question.thread) if message.by_bot)


def reply_id_in(message: Message) -> str | None:
    payload = (message.metadata or {}).get("event_payload") or {}
    return payload.get("reply_id")


def text_of(message: Message) -> str:
    return html.unescape(message.text)


def looks_unfinished(message: Message) -> bool:
    """It has a button to stop it, or says that something is still to come."""
    elements = [element for block in message.blocks for element in block.get("elements", [])]
    is_status = bool(message.blocks) and message.blocks[0]["type"] != "markdown"
    return is_status or any(element.get("action_id") == STOP_ACTION for element in elements)


def says_restarting(message: Message) -> bool:
    """It was left by an orderly stop: at rest, and to be continued."""
    return text_of(message) == RESTARTING or any(
        html.unescape(element.get("text") or "") == RESTARTING
        for block in message.blocks
        if block["type"] == "context"
        for element in block["elements"]
    )


def is_growing(sandbox: Sandbox, question: Question) -> bool:
    """Text of the answer is visible, perhaps all of it, and the message is not at its end."""
    texts = [message for message in replies_to(sandbox, question) if message.text.startswith("Scripted")]
    return bool(texts) and not is_over(sandbox, question)


def is_over(sandbox: Sandbox, question: Question) -> bool:
    """Its first reply reads as it should in the end."""
    replies = replies_to(sandbox, question)
    if not replies or looks_unfinished(replies[0]) or says_restarting(replies[0]):
        return False
    text = text_of(replies[0])
    return question.is_answered_by(text) or text == INTERRUPTED
