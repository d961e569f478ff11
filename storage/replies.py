"""The inbox and the replies: what was accepted, and how far its answer has come.

Every method is one transaction. Those that move a reply on take its fence and raise `LeaseLost` when somebody else
has claimed it since: a slow old worker cannot write over a new one.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, update

from storage import threads
from storage.database import Database
from storage.dialect import insert
from storage.errors import LeaseLost
from storage.records import CLOSED_STATES, Continuation, NewQuestion, Reply, ReplyFigures, ReplyState
from storage.schema import QUESTION_OF_POST, ContinuationRow, InboxRow, ReplyRow, ThreadRow, TurnRow

_REPLY_COLUMNS = (
    "reply_id",
    "message_key",
    "state",
    "attempt",
    "fence",
    "intent_at",
    "posted_ref",
    "final_text",
    "outcome",
    "failure",
)


class ReplyStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(self, question: NewQuestion, now: datetime) -> Reply | None:
        """Write a post to the inbox, its question to the thread, and a queued reply. None if it was there already.

        Source: delivery.md rule 1: commit, then acknowledge.
        """
        return await self._database.write(lambda connection: _accept(connection, question, now))

    async def claim(self, reply_id: str, now: datetime, lease: timedelta) -> Reply | None:
        """Take an open reply over: a new fence. None if it is closed or unknown.

        What was posted stays posted: INTENT and later states keep their state, so that the new owner looks first.
        """
        return await self._database.write(lambda connection: _claim(connection, reply_id, now, lease))

    async def open_replies(self) -> list[Reply]:
        """Everything that was accepted and has not ended, oldest first."""
        return await self._database.read(_open_replies)

    async def find(self, reply_id: str) -> Reply | None:
        return await self._database.read(lambda connection: _find(connection, reply_id))

    async def record_intent(self, reply: Reply, part: int, now: datetime) -> None:
        """A post of this part may happen from now on. Commit this before the network call (delivery.md rule 2)."""

        def work(connection: Connection) -> None:
            if part == 0:
                _move(connection, reply, now, state=ReplyState.INTENT, intent_at=now)
                return
            _move(connection, reply, now)
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
                _move(connection, reply, now, posted_ref=ref, shown_at=func.coalesce(ReplyRow.shown_at, now))
                _advance(connection, reply, {ReplyState.INTENT}, ReplyState.POSTED)
                _advance_if_final(connection, reply)
                return
            _move(connection, reply, now)
            connection.execute(
                update(ContinuationRow)
                .where(ContinuationRow.reply_id == reply.reply_id, ContinuationRow.part == part)
                .values(posted_ref=ref)
            )

        await self._database.write(work)

    async def record_streaming(self, reply: Reply, now: datetime) -> None:
        """Text of the answer is visible."""

        def work(connection: Connection) -> None:
            _move(connection, reply, now, text_shown_at=func.coalesce(ReplyRow.text_shown_at, now))
            _advance(connection, reply, {ReplyState.POSTED}, ReplyState.STREAMING)

        await self._database.write(work)

    async def record_final(
        self, reply: Reply, text: str, outcome: str, now: datetime, figures: ReplyFigures, failure: str | None = None
    ) -> None:
        """Commit what the person will read, and the thread's history with it, before the last edit (rule 5).

        A reply whose first message does not stand yet becomes FINALIZING when it does.
        """

        def work(connection: Connection) -> None:
            _move(connection, reply, now, final_text=text, outcome=outcome, failure=failure, **_columns(figures))
            _advance_if_final(connection, reply)
            threads.record_answer(connection, reply.thread_id, reply.exchange, text, now)

        await self._database.write(work)

    async def record_closed(
        self, reply: Reply, state: ReplyState, now: datetime, *, edits: int = 0, failure: str | None = None
    ) -> None:
        """The reply has ended. Nothing will touch it again."""
        assert state in CLOSED_STATES
        values: dict[str, Any] = {"state": state, "finished_at": now, "lease_until": None}
        values["edits"] = ReplyRow.edits + edits
        if failure is not None:
            values["failure"] = failure
        await self._database.write(lambda connection: _move(connection, reply, now, **values))

    async def record_attempt(self, reply: Reply, now: datetime, lease: timedelta) -> None:
        """The turn has come and generation begins: one more attempt, and the lease from now."""
        values = {
            "attempt": ReplyRow.attempt + 1,
            "lease_until": now + lease,
            "started_at": func.coalesce(ReplyRow.started_at, now),
        }
        await self._database.write(lambda connection: _move(connection, reply, now, **values))

    async def record_progress(self, reply: Reply, now: datetime, lease: timedelta) -> None:
        """The answer grows: the lease from now."""
        await self._database.write(lambda connection: _move(connection, reply, now, lease_until=now + lease))

    async def expired_replies(self, now: datetime) -> list[Reply]:
        """Open replies whose worker has shown no progress for longer than its lease, oldest first."""

        def work(connection: Connection) -> list[Reply]:
            rows = connection.execute(_open_query().where(ReplyRow.lease_until < now))
            return [_record(row) for row in rows]

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


def _accept(connection: Connection, question: NewQuestion, now: datetime) -> Reply | None:
    known = connection.execute(select(InboxRow.message_key).where(InboxRow.message_key == question.message_key))
    if known.first() is not None:
        return None
    thread_id = threads.ensure_thread(
        connection, question.platform, question.tenant, question.channel, question.thread, now
    )
    exchange = threads.append_question(connection, thread_id, question.text, now)
    connection.execute(
        insert(InboxRow).values(
            message_key=question.message_key,
            thread_id=thread_id,
            exchange=exchange,
            user=question.user,
            address=dict(question.address),
            sent_at=question.sent_at,
            received_at=now,
        )
    )
    connection.execute(
        insert(ReplyRow).values(
            reply_id=question.reply_id,
            message_key=question.message_key,
            state=ReplyState.QUEUED,
            attempt=0,
            fence=0,
            edits=0,
            created_at=now,
            updated_at=now,
        )
    )
    return _find(connection, question.reply_id)


def _claim(connection: Connection, reply_id: str, now: datetime, lease: timedelta) -> Reply | None:
    connection.execute(
        update(ReplyRow)
        .where(ReplyRow.reply_id == reply_id, ReplyRow.state.not_in(CLOSED_STATES))
        .values(fence=ReplyRow.fence + 1, lease_until=now + lease, updated_at=now)
    )
    reply = _find(connection, reply_id)
    if reply is None or not reply.state.is_open:
        return None
    _advance(connection, reply, {ReplyState.QUEUED}, ReplyState.GENERATING)
    return _find(connection, reply_id)


def _move(connection: Connection, reply: Reply, now: datetime, **values: Any) -> None:
    """The one statement that changes a reply after its claim. Raises: LeaseLost."""
    result = connection.execute(
        update(ReplyRow)
        .where(
            ReplyRow.reply_id == reply.reply_id,
            ReplyRow.fence == reply.fence,
            ReplyRow.state.not_in(CLOSED_STATES),
        )
        .values(updated_at=now, **values)
    )
    if result.rowcount != 1:
        raise LeaseLost(f"reply {reply.reply_id} was taken over or closed by somebody else")


def _advance(connection: Connection, reply: Reply, sources: set[ReplyState], target: ReplyState) -> None:
    """Change the state if it is one of `sources`. Always beside a `_move`, which has checked the fence."""
    connection.execute(
        update(ReplyRow).where(ReplyRow.reply_id == reply.reply_id, ReplyRow.state.in_(sources)).values(state=target)
    )


def _advance_if_final(connection: Connection, reply: Reply) -> None:
    """FINALIZING needs both: a text that will not change, and a message to put it into."""
    connection.execute(
        update(ReplyRow)
        .where(ReplyRow.reply_id == reply.reply_id, ReplyRow.final_text.is_not(None), ReplyRow.posted_ref.is_not(None))
        .values(state=ReplyState.FINALIZING)
    )


def _columns(figures: ReplyFigures) -> dict[str, Any]:
    return {name: getattr(figures, name) for name in ReplyFigures.__dataclass_fields__}


def _open_replies(connection: Connection) -> list[Reply]:
    return [_record(row) for row in connection.execute(_open_query())]


def _open_query() -> Select[Any]:
    return (
        _reply_query().where(ReplyRow.state.not_in(CLOSED_STATES)).order_by(InboxRow.received_at, ReplyRow.created_at)
    )


def _find(connection: Connection, reply_id: str) -> Reply | None:
    row = connection.execute(_reply_query().where(ReplyRow.reply_id == reply_id)).first()
    return None if row is None else _record(row)


def _reply_query() -> Select[Any]:
    return (
        select(
            *(getattr(ReplyRow, name) for name in _REPLY_COLUMNS),
            *(
                getattr(InboxRow, name)
                for name in ("thread_id", "exchange", "user", "address", "sent_at", "received_at")
            ),
            *(getattr(ThreadRow, name) for name in ("platform", "tenant", "channel", "thread")),
            TurnRow.text.label("question"),
        )
        .join(InboxRow, InboxRow.message_key == ReplyRow.message_key)
        .join(ThreadRow, ThreadRow.thread_id == InboxRow.thread_id)
        .join(TurnRow, QUESTION_OF_POST)
    )


def _record(row: Row[Any]) -> Reply:
    fields = {name: getattr(row, name) for name in Reply.__dataclass_fields__ if name != "state"}
    return Reply(state=ReplyState(row.state), **fields)
