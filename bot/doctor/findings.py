"""What an examination finds."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    NOTE = "note"  # worth knowing, nothing to do
    WARNING = "warning"  # it works, but not for long or not for everything
    FAILED = "failed"  # it does not work


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend`: what to do about it, for a person; empty where nothing needs doing."""

    check: str
    state: State
    says: str
    mend: str = ""


def ok(check: str, says: str) -> Finding:
    return Finding(check, State.OK, says)


def note(check: str, says: str, mend: str = "") -> Finding:
    return Finding(check, State.NOTE, says, mend)


def warning(check: str, says: str, mend: str) -> Finding:
    return Finding(check, State.WARNING, says, mend)


def failed(check: str, says: str, mend: str) -> Finding:
    return Finding(check, State.FAILED, says, mend)


def failed_with(check: str, error: Exception) -> Finding:
    """Of one of our own errors: their line says `what is wrong: what to do`."""
    says, _, mend = str(error).rpartition(": ")
    return failed(check, says or str(error), mend if says else "")
