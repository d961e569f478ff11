"""Slack's rate limits: a sliding minute per method, a second per channel for posts.

Owns who may call when, and the memory of every Retry-After that was given. Refuses to know what a method does.
Source: Slack's documentation "Rate limits" and the methods' own pages.
"""

import math
from collections import defaultdict, deque

from bot.sandbox.clock import Clock
from bot.sandbox.errors import RateLimited
from bot.sandbox.records import Violation
from bot.sandbox.settings import SandboxSettings

TIER_1, TIER_2, TIER_3, TIER_4, TIER_SPECIAL = 1, 20, 50, 100, 600
CALLS_PER_MINUTE = {
    "api.test": TIER_4,
    "agents.sessions.setStatus": TIER_3,
    "assistant.threads.setStatus": TIER_SPECIAL,
    "assistant.threads.setSuggestedPrompts": TIER_SPECIAL,
    "assistant.threads.setTitle": TIER_SPECIAL,
    "auth.test": TIER_SPECIAL,
    "bots.info": TIER_3,
    "chat.appendStream": TIER_4,
    "chat.delete": TIER_3,
    "chat.postEphemeral": TIER_4,
    "chat.startStream": TIER_2,
    "chat.stopStream": TIER_2,
    "chat.update": TIER_3,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.list": TIER_2,
    "conversations.open": TIER_3,
    "conversations.replies": TIER_3,
    "files.completeUploadExternal": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "reactions.add": TIER_3,
    "reactions.remove": TIER_2,
    "team.info": TIER_3,
    "usergroups.users.list": TIER_2,
    "users.conversations": TIER_2,
    "users.info": TIER_4,
    "users.list": TIER_2,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}
MINUTE_SECONDS = 60.0


class RateLimits:
    """`admit` lets a call pass or raises; a key that was told to wait is refused until that time, whatever the
    window says.
    """

    def __init__(self, settings: SandboxSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._seen: dict[str, deque[float]] = defaultdict(deque)
        self._retry_at: dict[str, float] = {}
        self.violations: list[Violation] = []

    def admit(self, method: str, channel: str = "") -> None:
        """Raises: RateLimited."""
        now = self._clock()
        key = limit_key(method, channel)
        self._refuse_early(method, key, now)
        if not self._settings.rate_limits:
            return
        wait = self._wait_for_channel(key, now) if method == "chat.postMessage" else self._wait_in_window(method, now)
        if wait > 0:
            raise self.refuse(key, math.ceil(wait))
        self._seen[key].append(now)

    def refuse(self, key: str, retry_after: int) -> RateLimited:
        """The refusal to raise; remembers that nothing may come for this key until then."""
        self._retry_at[key] = self._clock() + retry_after
        return RateLimited(retry_after)

    def _refuse_early(self, method: str, key: str, now: float) -> None:
        retry_at = self._retry_at.get(key, 0.0)
        if now < retry_at:
            self.violations.append(Violation(now, method, retry_at))
            raise RateLimited(math.ceil(retry_at - now))
        self._retry_at.pop(key, None)

    def _wait_for_channel(self, key: str, now: float) -> float:
        """Seconds until the channel may have its next post: one a second, no bursts."""
        gap = (1.0 - self._settings.post_tolerance) / self._settings.rate_limit_scale
        seen = self._seen[key]
        last = seen.pop() if seen else -math.inf
        seen.clear()
        wait = last + gap - now
        if wait > 0:
            seen.append(last)
        return wait

    def _wait_in_window(self, method: str, now: float) -> float:
        limit = self._calls_per_minute(method)
        seen = self._seen[method]
        while seen and seen[0] <= now - MINUTE_SECONDS:
            seen.popleft()
        return seen[0] + MINUTE_SECONDS - now if len(seen) >= limit else 0.0

    def _calls_per_minute(self, method: str) -> int:
        if method == "apps.connections.open":
            limit = TIER_1 if self._settings.strict_connection_tier else self._settings.connection_burst
        else:
            limit = CALLS_PER_MINUTE.get(method, TIER_3)
        return max(1, int(limit * self._settings.rate_limit_scale))


def limit_key(method: str, channel: str) -> str:
    return f"{method} {channel}" if method == "chat.postMessage" else method
