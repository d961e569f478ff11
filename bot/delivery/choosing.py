"""What becomes of a reply that asked back "did you mean": the entry that somebody chose, or none of them.

Committed first, then shown in the same message by whoever shows replies: a crash in between loses no click.
"""

import structlog

from bot.clock import Clock
from bot.conversation.librarian import Librarian
from bot.delivery.audience import Audiences
from bot.delivery.intake import Submit
from storage.basis import BasisKind
from storage.choosing import Choice
from storage.records import Reply
from storage.replies import ReplyStore

log = structlog.get_logger(__name__)


class Choosing:
    """What platforms call when a button is pressed. It may be pressed twice, and by several people."""

    def __init__(
        self, store: ReplyStore, librarian: Librarian, audiences: Audiences, submit: Submit, clock: Clock
    ) -> None:
        self._store = store
        self._librarian = librarian
        self._audiences = audiences
        self._submit = submit
        self._clock = clock

    async def choose(self, reply_id: str, user: str, number: int) -> bool:
        """The entry under this number, from 1, as it is now. One that is gone by now counts as none of them.

        False: the reply offers no such choice (any more).
        """
        reply = await self._store.find(reply_id)
        if reply is None or reply.basis is None or reply.basis.kind is not BasisKind.SUGGESTED:
            return False
        if not 1 <= number <= len(reply.basis.entries):
            return False
        entry_id = reply.basis.entries[number - 1].entry_id
        found = await self._librarian.verified(entry_id, await self._audiences.of(reply))
        if found is None or found.outcome is None or found.basis is None:
            return await self.decline(reply_id, user)
        choice = Choice(found.text, found.outcome, found.basis)
        return self._go_on(await self._store.choose(reply_id, user, choice, self._clock.now()), entry_id)

    async def decline(self, reply_id: str, user: str) -> bool:
        """None of them: the reply goes on as if nothing had been found. False: as `choose`."""
        return self._go_on(await self._store.decline(reply_id, user, self._clock.now()), None)

    def _go_on(self, reply: Reply | None, entry_id: str | None) -> bool:
        if reply is None:
            return False
        log.info("suggestion_chosen", reply_id=reply.reply_id, entry_id=entry_id)
        self._submit(reply, may_refuse=False)
        return True
