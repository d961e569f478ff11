"""Who may write the company's answers: people, and members of user groups."""

import asyncio
from collections.abc import Collection

import structlog

from bot.clock import Clock
from bot.platforms.errors import PlatformError
from bot.platforms.slack.api import SlackApi

log = structlog.get_logger(__name__)

FRESH_SECONDS = 300.0
ASKING_SECONDS = 1.5  # somebody waits for a form, and what opens it is good for three seconds


class Editors:
    """`ids`: [slack] editors. Slack is asked for a group's members once in five minutes."""

    def __init__(self, api: SlackApi, ids: Collection[str], clock: Clock) -> None:
        self._api = api
        self._users = frozenset(one for one in ids if not one.startswith("S"))
        self._groups = tuple(one for one in ids if one.startswith("S"))
        self._clock = clock
        self._members: dict[str, tuple[float, frozenset[str]]] = {}

    async def has(self, user: str) -> bool:
        """Whether this person is one. While Slack does not answer, what was known last holds."""
        if user in self._users:
            return True
        members = await asyncio.gather(*(self._members_of(group) for group in self._groups))
        return any(user in some for some in members)

    async def _members_of(self, group: str) -> frozenset[str]:
        known_at, members = self._members.get(group, (float("-inf"), frozenset[str]()))
        if self._clock.monotonic() - known_at < FRESH_SECONDS:
            return members
        try:
            async with asyncio.timeout(ASKING_SECONDS):
                answer = await self._api.call(self._api.client.usergroups_users_list, usergroup=group)
        except (PlatformError, TimeoutError) as error:
            log.warning("editors_unknown", group=group, code=getattr(error, "code", "timeout"))
            return members
        members = frozenset(str(user) for user in answer.get("users") or [])
        self._members[group] = (self._clock.monotonic(), members)
        return members
