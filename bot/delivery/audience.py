"""What may be shown where a question was asked, as entries name it.

Whoever reads the place reads the answer: an entry for a channel may be shown there, whoever asks; nothing that is for
the asker alone may be shown where others read along.
"""

from collections.abc import Mapping

from bot.conversation.knowledge.looking_up import LooksUp
from bot.platforms.base import Platform
from storage.records import Reply


class Audiences:
    """Which audiences a reply may be written for. `platforms` by name."""

    def __init__(self, knowledge: LooksUp, platforms: Mapping[str, Platform]) -> None:
        self._knowledge = knowledge
        self._platforms = platforms

    async def of(self, reply: Reply) -> frozenset[str]:
        """The place, and, where the asker alone reads, the user groups that they are in and something is kept for."""
        place = frozenset({f"channel:{reply.channel}"})
        if reply.is_public and not reply.is_private:
            return place
        groups = await self._knowledge.groups()
        platform = self._platforms.get(reply.platform)
        if not groups or platform is None:
            return place
        return place | {f"group:{group}" for group in await platform.groups_of(reply.user, groups)}
