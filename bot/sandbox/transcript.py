"""The workspace in words, for the message of a test that waited in vain."""

from bot.sandbox.messages import Message
from bot.sandbox.workspace import Workspace


def transcript(workspace: Workspace) -> str:
    """Every channel with messages: one line each, replies indented."""
    lines = []
    for channel in workspace.channels.values():
        if not channel.messages and not channel.ephemerals:
            continue
        lines.append(f"{channel.id} #{channel.name or 'dm'}")
        shown = sorted([*channel.messages.values(), *channel.ephemerals.values()], key=lambda message: message.ts)
        lines += [_line(message) for message in shown]
    return "\n".join(lines) or "no messages"


def _line(message: Message) -> str:
    text = message.text
    for block in message.blocks:
        if block["type"] == "markdown":
            text = block["text"]
    indent = "    └ " if message.thread_ts else "  "
    marks = f" (only {message.only_for})" if message.only_for else ""
    versions = f" [{len(message.versions)} versions]" if len(message.versions) > 1 else ""
    return f"{indent}{message.ts} {message.user}{marks}{versions}: {text[:300]!r}"
