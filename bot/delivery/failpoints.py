"""Named places at which a test can end the process, as a power cut would.

Off, a failpoint is a call of a function that does nothing. Source of the names: delivery.md.
"""

import os
import signal
from collections.abc import Callable

NAMES = (
    "after_commit_before_ack",
    "after_intent",
    "after_post_before_commit",
    "mid_stream",
    "after_final_commit",
    "after_final_edit_before_done",
)
PATTERN = rf"^(({'|'.join(NAMES)})(@[1-9][0-9]*)?)?$"

Reach = Callable[[str], None]


def no_failpoint(name: str) -> None:
    """What runs outside of tests."""


def parse_failpoint(setting: str, die: Callable[[], None] | None = None) -> Reach:
    """What to call at each named place. `setting`: NAME or NAME@N, the N-th time; empty: nothing ever happens."""
    if not setting:
        return no_failpoint
    target, _, number = setting.partition("@")
    left = int(number or 1)

    def reach(name: str) -> None:
        nonlocal left
        if name == target:
            left -= 1
            if left == 0:
                (die or _kill)()

    return reach


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
