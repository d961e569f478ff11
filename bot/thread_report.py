"""Conversations as `inthread thread` shows them. Terminals obey what they print: whatever commands one is taken out."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.clock import Clock
from bot.conversation.characters import strip_invisible
from bot.errors import NotFound
from bot.knowledge_desk import author_here, load_trail
from bot.settings import Settings
from storage.admin.accounts import DeedStore
from storage.admin.records import Deed
from storage.case_files import CaseFile, CaseFiles
from storage.database import Database
from storage.inspection import database_file

Report = dict[str, Any]


async def load_list(settings: Settings, limit: int) -> list[Report]:
    """Raises: StorageError."""
    async with _case_files(settings) as files:
        return [_plain(asdict(line)) for line in await files.newest(limit)]


async def load_thread(settings: Settings, wanted: str, clock: Clock) -> Report:
    """By thread id or reply id; that somebody looks is put on record. Raises: NotFound, StorageError."""
    async with _case_files(settings) as files:
        thread_id = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else await files.thread_of_reply(wanted)
        found = None if thread_id is None else await files.open(thread_id)
    if found is None:
        raise NotFound(f"there is no thread and no reply {strip_invisible(wanted)!r}: see `inthread thread list`")
    await _record_look(settings, found, clock)
    report: Report = _plain(asdict(found))
    return report


async def _record_look(settings: Settings, found: CaseFile, clock: Clock) -> None:
    trail = await load_trail(settings)
    place = {name: getattr(found, name) for name in ("platform", "tenant", "thread")}
    async with await Database.open(settings.database_url) as database:
        await DeedStore(database, trail).record(Deed("conversation_opened", place), author_here(), clock.now())


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
    """For terminals and JSON: visible characters, times in ISO 8601."""
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


@asynccontextmanager
async def _case_files(settings: Settings) -> AsyncGenerator[CaseFiles, None]:
    database_file(settings.database_url)  # to open it would make it
    async with await Database.open(settings.database_url) as database:
        yield CaseFiles(database)
