"""The file in which the workspace survives a restart.

Owns when and how it is written; knows nothing of what is in it.
"""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

State = dict[str, Any]


class Store:
    """Writes `state()` a moment after the last of several changes, in a thread, by replacing the file."""

    def __init__(self, path: Path, state: Callable[[], State], delay_seconds: float) -> None:
        self._path = path
        self._state = state
        self._delay_seconds = delay_seconds
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def load(self) -> State | None:
        """The state of last time, None on the first. Raises: ValueError if the file is not one of ours."""
        return await asyncio.to_thread(_read, self._path)

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._write_changes())

    def touch(self) -> None:
        self._changed.set()

    async def close(self) -> None:
        """Writes what is not written yet."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._changed.is_set():
            await self._write()

    async def _write_changes(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(self._delay_seconds)
            await self._write()

    async def _write(self) -> None:
        self._changed.clear()
        # Shielded: a write that has begun ends, so that close() never races it with a second one.
        await asyncio.shield(asyncio.to_thread(_replace, self._path, self._state()))


def _read(path: Path) -> State | None:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        state = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error})") from error
    if not isinstance(state, dict) or state.get("format") != 1:
        raise ValueError(f"{path} is not a workspace of the sandbox")
    return state


def _replace(path: Path, state: State) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(state, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
