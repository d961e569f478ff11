"""How the service is at the moment: what readiness and status say. Figures and names, never text."""

from collections.abc import Mapping
from typing import Any

from bot.clock import Clock
from bot.database_health import DatabaseHealth
from bot.delivery.line import Line
from bot.error_tally import ErrorTally
from bot.platforms.base import Platform
from inference.engine import Engine
from storage.replies import ReplyStore


class Standing:
    """Made when the service begins. `version`: of inthread. `platforms` by name."""

    def __init__(
        self,
        *,
        version: str,
        engine: Engine,
        line: Line,
        replies: ReplyStore,
        platforms: Mapping[str, Platform],
        health: DatabaseHealth,
        errors: ErrorTally,
        clock: Clock,
    ) -> None:
        self._version = version
        self._engine = engine
        self._line = line
        self._replies = replies
        self._platforms = platforms
        self._health = health
        self._errors = errors
        self._clock = clock
        self._began_at = clock.monotonic()

    def readiness(self) -> dict[str, bool]:
        """Whether questions can be written down, and each platform takes them, now.

        They are taken while the model still loads: they wait in line.
        """
        platforms = {name: platform.is_ready for name, platform in self._platforms.items()}
        return {"storage": self._health.is_healthy, **platforms}

    async def status(self) -> dict[str, Any]:
        """How it is, for `inthread status`."""
        counts = await self._replies.count_by_state()
        return {
            "service": "inthread",
            "version": self._version,
            "uptime_seconds": round(self._clock.monotonic() - self._began_at, 1),
            "ready": {"model": self._line.is_open, **self.readiness()},
            "model": {"id": self._engine.model.id, "sha256": self._engine.model.sha256},
            "line": {"is_open": self._line.is_open, "active": self._line.active, "waiting": self._line.waiting},
            "replies": {str(state): count for state, count in sorted(counts.items())},
            "errors_last_hour": self._errors.count(),
        }
