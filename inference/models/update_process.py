"""The hub asked from a process of its own: `python -m inference.models.update_process look|fetch|prepare …`.

A hub's SDK takes memory, holds the interpreter for a second while it is imported, and swallows the standard error of
its process; preparing a model takes every core for a minute. None of that belongs into a service that answers people,
and a process can be ended when its time is over.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from inference.errors import InferenceError
from inference.models.hub_id import HubId, parse_hub_id
from inference.models.locate import locate_model
from inference.models.prepared import kernels_dir

NICE = 10  # people who wait for an answer come first


async def look_for_newer(source: HubId, models_dir: Path) -> Mapping[str, Any] | None:
    """The fields of the `Revision` that `find_newer` finds. Cancelling ends the process. Raises: InferenceError."""
    found: Mapping[str, Any] | None = await _call("look", source, models_dir)
    return found


async def fetch_in_process(source: HubId, name: str, models_dir: Path) -> None:
    """As `fetch_newer`. Cancelling ends the process; what came is kept. Raises: InferenceError."""
    await _call("fetch", source, models_dir, name)


async def prepare_in_process(name: str, models_dir: Path) -> None:
    """What the first load of the model would have to do. Cancelling ends the process. Raises: InferenceError."""
    await _call("prepare", name, models_dir)


async def _call(step: str, of: HubId | str, models_dir: Path, *more: str) -> Any:
    command = [sys.executable, "-P", "-m", __name__, step, str(of), str(models_dir), *more]
    devnull = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *command, stdin=devnull, stdout=asyncio.subprocess.PIPE, stderr=devnull
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        answer = json.loads(output)
    except ValueError:
        raise InferenceError(f"the process that asks the hub broke off (exit code {process.returncode})") from None
    if "error" in answer:
        raise InferenceError(answer["error"])
    return answer["found"]


def _work(step: str, of: str, models_dir: Path, name: str = "") -> dict[str, Any]:
    try:
        if step == "prepare":
            return {"found": _prepare(of, models_dir)}
        return {"found": _ask_hub(step, of, models_dir, name)}
    except (InferenceError, OSError) as error:
        return {"error": str(error)}


def _ask_hub(step: str, source: str, models_dir: Path, name: str) -> Any:
    from inference.models.newer import fetch_newer, find_newer

    hub_id = parse_hub_id(source)
    assert hub_id is not None
    if step == "look":
        found = find_newer(hub_id, models_dir)
        return asdict(found) if found else None
    return str(fetch_newer(hub_id, name, models_dir))


def _prepare(name: str, models_dir: Path) -> str:
    from inference.loading import preload
    from inference.torch_engine.prepare import prepare_model

    preload()
    return str(prepare_model(locate_model(name, models_dir), kernels_dir(models_dir)).path)


if __name__ == "__main__":
    os.nice(NICE)
    with contextlib.redirect_stdout(sys.stderr):  # libraries may print
        answer = _work(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
    sys.stdout.write(json.dumps(answer))
