"""What the sandbox remembers for tests and for the page's drawer. Plain values; nothing here acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Version:
    """One version that a message had. `at` is the time of the sandbox's clock."""

    at: float
    text: str
    blocks: list[dict[str, Any]]


@dataclass(slots=True)
class Call:
    """A Web API call as it came in. `status` is None until it was answered, 0 if the connection was reset instead."""

    at: float
    method: str
    args: Mapping[str, Any]
    status: int | None = None
    error: str | None = None
    fault: str | None = None
    answered_at: float | None = None


@dataclass(slots=True)
class Ack:
    """One delivery of an envelope to a socket. `acked_at` is None while, or if, it was not acknowledged."""

    envelope_id: str
    sent_at: float
    kind: str
    """`message`, `app_mention`, `message/message_changed`, `block_actions`, `slash_commands`, …"""
    attempt: int = 0
    event_id: str | None = None
    acked_at: float | None = None
    late: bool = False
    """Acknowledged after the window had passed: Slack has given the attempt up and sends again."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A call that came before the Retry-After of an earlier answer had passed."""

    at: float
    method: str
    retry_at: float
