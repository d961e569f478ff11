"""Conversations as `inthread thread` shows them. Terminals obey what they print: whatever commands one is taken out."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.conversation.characters import strip_invisible
from storage.case_files import CaseFile, ThreadLine

Report = dict[str, Any]


def report_of(record: ThreadLine | CaseFile) -> Report:
    """For terminals and JSON: visible characters, times in ISO 8601."""
    report: Report = _plain(asdict(record))
    return report


def list_lines(threads: list[Report]) -> Iterator[str]:
    if not threads:
        yield "no questions yet"
        return
    yield f"{'id':>6}  {'last asked (UTC)':19}  {'questions':>9}  {'last reply':13}  place"
    for thread in threads:
        place = "/".join(thread[name] for name in ("platform", "tenant", "channel", "thread"))
        yield (
            f"{thread['thread_id']:6}  {_time(thread['last_at']):19}  {thread['questions']:9}  "
            f"{thread['state']:13}  {place}"
        )


def thread_lines(thread: Report) -> Iterator[str]:
    place = "/".join(thread[name] for name in ("platform", "tenant", "channel", "thread"))
    yield f"thread {thread['thread_id']}  {place}  since {_time(thread['created_at'])} UTC"
    for turn in thread["turns"]:
        reply = turn["reply"]
        yield ""
        yield f"#{turn['exchange']}  {_time(turn['received_at'])}  {turn['user']} asked"
        yield from _indented(turn["question"])
        yield f"    reply {reply['reply_id']}  {reply['state']}" + (f", {reply['outcome']}" if reply["outcome"] else "")
        yield from _indented(reply["final_text"] or "(no text yet)")
        yield from (f"    {line}" for line in (_delays(turn), _figures(reply)) if line)
        if reply["failure"]:
            yield f"    failure: {reply['failure']}"


def _delays(turn: Report) -> str:
    """When the person saw something, counted from the question's arrival."""
    received = datetime.fromisoformat(turn["received_at"])
    names = {"shown_at": "first message", "text_shown_at": "first text", "finished_at": "finished"}
    seen = {label: turn["reply"][name] for name, label in names.items()}
    return ", ".join(
        f"{label} after {(datetime.fromisoformat(at) - received).total_seconds():.1f} s"
        for label, at in seen.items()
        if at
    )


def _figures(reply: Report) -> str:
    if reply["new_tokens"] is None:
        return ""
    return (
        f"{reply['model_id']}: {reply['prompt_tokens']} prompt tokens, {reply['new_tokens']} new ones, first after "
        f"{reply['seconds_to_first_token']:.1f} s, {reply['seconds']:.1f} s in all; {reply['edits']} edits, "
        f"attempt {reply['attempt']}"
    )


def _indented(text: str) -> Iterator[str]:
    return (f"    │ {line}".rstrip() for line in text.split("\n"))


def _time(text: str) -> str:
    return text[:19].replace("T", " ")


def _plain(value: Any) -> Any:
    match value:
        case str():
            return strip_invisible(value)
        case datetime():
            return value.isoformat()
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return value
