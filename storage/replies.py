"""The inbox and the replies: what was accepted, and how far its answer has come.

Every method is one transaction. Those that move a reply on take its fence and raise `LeaseLost` when somebody else
has claimed it since: a slow old worker cannot write over a new one.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from storage import choosing, inbox, reply_rows, threads
from storage.audit.trail import AuditTrail
from storage.basis import Basis
from storage.choosing import Choice
from storage.database import Database
from storage.dialect import insert
from storage.records import CLOSED_STATES, Continuation, NewQuestion, Reply, ReplyFigures, ReplyState
from storage.schema import ContinuationRow, ReplyRow


class ReplyStore:
    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def accept(self, question: NewQuestion, now: datetime) -> Reply | None:
        """Write a post to the inbox, its question to the thread, and a queued reply. None if it was there already.

        Source: delivery.md rule 1: commit, then acknowledge.
        """
        return await self._database.write(lambda connection: inbox.accept(connection, self._trail, question, now))

    async def edit(
        self,
        message_key: str,
        text: str,
        edited_at: datetime,
        now: datetime,
        window: timedelta,
        topic: str | None = None,
    ) -> Reply | None:
        """The author changed the post: its reply, open again. None if nothing is to be answered anew: unknown post,
        an older edit or no other words, or a reply that ended longer ago than `window`.

        `topic`: what makes the new words nobody else's business.
        """
        return await self._database.write(
            lambda connection: inbox.edit(connection, self._trail, message_key, text, edited_at, now, window, topic)
        )

    async def move_to_private(
        self,
        message_key: str,
        text: str,
        edited_at: datetime,
        topic: str,
        new_reply_id: Callable[[str], str],
        now: datetime,
    ) -> list[Reply]:
        """The author changed the post into something that is nobody else's business: the reply that is to be taken
        away where others read it, and the one that answers it privately. Empty: there is none such, `edit` it.
        """
        return await self._database.write(
            lambda connection: inbox.move_to_private(
                connection, self._trail, message_key, topic, edited_at, text, new_reply_id, now
            )
        )

    async def withdraw(self, message_key: str, now: datetime) -> list[Reply]:
        """The author deleted the post: its words leave the history. The replies that have to be taken away now.

        A post that is not known yet will never be accepted.
        """
        return await self._database.write(lambda connection: inbox.withdraw(connection, self._trail, message_key, now))

    async def ask_again(self, reply_id: str, new_reply_id: Callable[[str], str], now: datetime) -> Reply | None:
        """Ask the question of an ended reply once more. None if somebody did already, or nothing can be asked.

        `new_reply_id` makes the id of a message key. The earlier exchange leaves the history.
        """
        return await self._database.write(
            lambda connection: inbox.ask_again(connection, self._trail, reply_id, new_reply_id, now)
        )

    async def choose(self, reply_id: str, user: str, choice: Choice, now: datetime) -> Reply | None:
        """Somebody chose one of the suggested entries: what it says is the reply now, and is to be shown.

        None if the reply suggests nothing (any more): somebody else was faster, or it was written anew.
        """
        return await self._database.write(
            lambda connection: choosing.choose(connection, self._trail, reply_id, user, choice, now)
        )

    async def decline(self, reply_id: str, user: str, now: datetime) -> Reply | None:
        """None of the suggested entries was meant: the reply is open again, without them. None: as `choose`."""
        return await self._database.write(
            lambda connection: choosing.decline(connection, self._trail, reply_id, user, now)
        )

    async def claim(self, reply_id: str, now: datetime, lease: timedelta) -> Reply | None:
        """Take an open reply over: a new fence. None if it is closed or unknown.

        What was posted stays posted: INTENT keeps its state, so that the new owner looks first; STREAMING becomes
        POSTED, and one interruption is counted.
        """
        return await self._database.write(lambda connection: _claim(connection, reply_id, now, lease))

    async def open_replies(self) -> list[Reply]:
        """Everything that was accepted and has not ended, oldest first."""
        return await self._database.read(_open_replies)

    async def find(self, reply_id: str) -> Reply | None:
        return await self._database.read(lambda connection: reply_rows.find(connection, reply_id))

    async def record_intent(self, reply: Reply, part: int, now: datetime) -> None:
        """A post of this part may happen from now on. Commit this before the network call (delivery.md rule 2)."""

        def work(connection: Connection) -> None:
            if part == 0:
                reply_rows.move(connection, reply, now, state=ReplyState.INTENT, intent_at=now)
                return
            reply_rows.move(connection, reply, now)
            connection.execute(
                insert(ContinuationRow)
                .values(reply_id=reply.reply_id, part=part, intent_at=now)
                .on_conflict_do_nothing()
            )

        await self._database.write(work)

    async def record_posted(self, reply: Reply, part: int, ref: str, now: datetime) -> None:
        """This part stands under `ref`. A reply that is already further on keeps its state."""

        def work(connection: Connection) -> None:
            if part == 0:
                reply_rows.move(connection, reply, now, posted_ref=ref, shown_at=func.coalesce(ReplyRow.shown_at, now))
                reply_rows.advance(connection, reply, {ReplyState.INTENT}, ReplyState.POSTED)
                reply_rows.advance_if_final(connection, reply)
                return
            reply_rows.move(connection, reply, now)
            connection.execute(
                update(ContinuationRow)
                .where(ContinuationRow.reply_id == reply.reply_id, ContinuationRow.part == part)
                .values(posted_ref=ref)
            )

        await self._database.write(work)

    async def record_streaming(self, reply: Reply, now: datetime) -> None:
        """Text of the answer is visible."""

        def work(connection: Connection) -> None:
            reply_rows.move(connection, reply, now, text_shown_at=func.coalesce(ReplyRow.text_shown_at, now))
            reply_rows.advance(connection, reply, {ReplyState.POSTED}, ReplyState.STREAMING)

        await self._database.write(work)

    async def record_final(
        self,
        reply: Reply,
        text: str,
        outcome: str,
        now: datetime,
        figures: ReplyFigures,
        failure: str | None = None,
        basis: Basis | None = None,
    ) -> None:
        """Commit what the person will read, and the thread's history with it, before the last edit (rule 5).

        A reply whose first message does not stand yet becomes FINALIZING when it does.
        """
        values = {**_columns(figures), **reply_rows.basis_columns(basis)}

        def work(connection: Connection) -> None:
            reply_rows.move(connection, reply, now, final_text=text, outcome=outcome, failure=failure, **values)
            reply_rows.advance_if_final(connection, reply)
            threads.record_answer(connection, reply.thread_id, reply.exchange, text, now)

        await self._database.write(work)

    async def record_closed(
        self, reply: Reply, state: ReplyState, now: datetime, *, edits: int = 0, failure: str | None = None
    ) -> None:
        """The reply has ended, and is put on record. Only an edit or a deletion of the question opens it again."""
        assert state in CLOSED_STATES
        values: dict[str, Any] = {"state": state, "finished_at": now, "lease_until": None}
        values["edits"] = ReplyRow.edits + edits
        if failure is not None:
            values["failure"] = failure

        def work(connection: Connection) -> None:
            reply_rows.move(connection, reply, now, **values)
            self._trail.ended(connection, *reply_rows.find_ended(connection, reply.reply_id), now)

        await self._database.write(work)

    async def record_attempt(self, reply: Reply, now: datetime, lease: timedelta) -> None:
        """The turn has come and generation begins: one more attempt, and the lease from now."""
        values = {
            "attempt": ReplyRow.attempt + 1,
            "lease_until": now + lease,
            "started_at": func.coalesce(ReplyRow.started_at, now),
        }
        await self._database.write(lambda connection: reply_rows.move(connection, reply, now, **values))

    async def record_progress(self, reply: Reply, now: datetime, lease: timedelta) -> None:
        """The answer grows: the lease from now."""
        await self._database.write(lambda connection: reply_rows.move(connection, reply, now, lease_until=now + lease))

    async def require_claim(self, reply: Reply) -> None:
        """Nothing if this owner's claim still holds. Ask before every call that others can see. Raises: LeaseLost."""
        await self._database.read(lambda connection: reply_rows.require_claim(connection, reply))

    async def record_recheck(self, reply: Reply, due: datetime, now: datetime) -> None:
        """Something was posted although an earlier post may yet appear: look once more when `due`."""
        await self._database.write(lambda connection: reply_rows.move(connection, reply, now, recheck_at=due))

    async def due_rechecks(self, now: datetime) -> list[Reply]:
        """Replies to be looked at for messages that were posted twice, the earliest first."""

        def work(connection: Connection) -> list[Reply]:
            query = reply_rows.reply_query().where(ReplyRow.recheck_at <= now).order_by(ReplyRow.recheck_at)
            return [reply_rows.record(row) for row in connection.execute(query)]

        return await self._database.read(work)

    async def postpone_recheck(self, reply_id: str, due: datetime | None) -> None:
        """None: there will be no further one."""

        def work(connection: Connection) -> None:
            connection.execute(update(ReplyRow).where(ReplyRow.reply_id == reply_id).values(recheck_at=due))

        await self._database.write(work)

    async def expired_replies(self, now: datetime) -> list[Reply]:
        """Open replies whose worker has shown no progress for longer than its lease, oldest first."""

        def work(connection: Connection) -> list[Reply]:
            rows = connection.execute(reply_rows.open_query().where(ReplyRow.lease_until < now))
            return [reply_rows.record(row) for row in rows]

        return await self._database.read(work)

    async def continuations(self, reply_id: str) -> list[Continuation]:
        """The further messages of a long reply, in order."""

        def work(connection: Connection) -> list[Continuation]:
            rows = connection.execute(
                select(ContinuationRow.part, ContinuationRow.intent_at, ContinuationRow.posted_ref)
                .where(ContinuationRow.reply_id == reply_id)
                .order_by(ContinuationRow.part)
            )
            return [Continuation(row.part, row.intent_at, row.posted_ref) for row in rows]

        return await self._database.read(work)

    async def count_by_state(self) -> dict[ReplyState, int]:
        def work(connection: Connection) -> dict[ReplyState, int]:
            rows = connection.execute(select(ReplyRow.state, func.count()).group_by(ReplyRow.state))
            return {ReplyState(state): count for state, count in rows}

        return await self._database.read(work)


def _claim(connection: Connection, reply_id: str, now: datetime, lease: timedelta) -> Reply | None:
    connection.execute(
        update(ReplyRow)
        .where(ReplyRow.reply_id == reply_id, ReplyRow.state.not_in(CLOSED_STATES))
        .values(fence=ReplyRow.fence + 1, lease_until=now + lease, updated_at=now)
    )
    reply = reply_rows.find(connection, reply_id)
    if reply is None or not reply.state.is_open:
        return None
    reply_rows.advance(connection, reply, {ReplyState.QUEUED}, ReplyState.GENERATING)
    if reply.state is ReplyState.STREAMING:  # its text is written anew
        _count_interruption(connection, reply)
    return reply_rows.find(connection, reply_id)


def _count_interruption(connection: Connection, reply: Reply) -> None:
    connection.execute(
        update(ReplyRow)
        .where(ReplyRow.reply_id == reply.reply_id)
        .values(state=ReplyState.POSTED, interruptions=ReplyRow.interruptions + 1)
    )


def _columns(figures: ReplyFigures) -> dict[str, Any]:
    return {name: getattr(figures, name) for name in ReplyFigures.__dataclass_fields__}


def _open_replies(connection: Connection) -> list[Reply]:
    return [reply_rows.record(row) for row in connection.execute(reply_rows.open_query())]
