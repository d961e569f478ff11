"""Who is in a user group of Slack's. Slack is asked for a group's members once in five minutes."""

import asyncio
from collections.abc import Collection

import structlog

from bot.clock import Clock
from bot.platforms.errors import PlatformError
from bot.platforms.slack.api import SlackApi

log = structlog.get_logger(__name__)

FRESH_SECONDS = 300.0
ASKING_SECONDS = 1.5  # somebody waits for a form, and what opens it is good for three seconds


class UserGroups:
    def __init__(self, api: SlackApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._members: dict[str, tuple[float, frozenset[str]]] = {}

    async def with_member(self, user: str, among: Collection[str]) -> frozenset[str]:
        """Those of the groups that the person is in. While Slack does not answer, what was known last holds."""
        groups = sorted(among)
        members = await asyncio.gather(*(self._members_of(group) for group in groups))
        return frozenset(group for group, some in zip(groups, members, strict=True) if user in some)

    async def _members_of(self, group: str) -> frozenset[str]:
        known_at, members = self._members.get(group, (float("-inf"), frozenset[str]()))
        if self._clock.monotonic() - known_at < FRESH_SECONDS:
            return members
        try:
            async with asyncio.timeout(ASKING_SECONDS):
                answer = await self._api.call(self._api.client.usergroups_users_list, usergroup=group)
        except (PlatformError, TimeoutError) as error:
            log.warning("user_group_unknown", group=group, code=getattr(error, "code", "timeout"))
            return members
        members = frozenset(str(user) for user in answer.get("users") or [])
        self._members[group] = (self._clock.monotonic(), members)
        return members
