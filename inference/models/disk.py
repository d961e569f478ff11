"""What every fetch and import owes the disk and the person who waits: room, a clear refusal, a line of progress."""

import errno
import shutil
import sys
from pathlib import Path

from tqdm import tqdm

from inference.errors import InferenceError


def require_space(size: int, folder: Path, then: str = "fetch again") -> None:
    """`size` in bytes; `then`: what to do once there is room. Raises: InferenceError, when `folder`'s disk has less."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise InferenceError(f"{folder} has {free >> 20:,} MB free and needs {size >> 20:,}: make room, then {then}")


def storage_error(error: OSError, folder: Path, then: str = "fetch again") -> InferenceError:
    """What to say and do about a disk that refused."""
    if error.errno == errno.ENOSPC:
        return InferenceError(f"no space left in {folder}: make room, then {then}")
    return InferenceError(
        f"cannot write to {folder} ({error.strerror or error}): check its owner and permissions, then {then}"
    )


def say(progress: bool, message: str) -> None:
    """A line on standard error, beside a bar if there is one."""
    if progress:
        tqdm.write(message, file=sys.stderr)
