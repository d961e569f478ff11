"""Who may write the company's answers: people, and members of user groups."""

from collections.abc import Collection

from bot.platforms.slack.user_groups import UserGroups


class Editors:
    """`ids`: [slack] editors."""

    def __init__(self, ids: Collection[str], groups: UserGroups) -> None:
        self._users = frozenset(one for one in ids if not one.startswith("S"))
        self._group_ids = frozenset(ids) - self._users
        self._groups = groups

    async def has(self, user: str) -> bool:
        """Whether this person is one."""
        return user in self._users or bool(await self._groups.with_member(user, self._group_ids))
