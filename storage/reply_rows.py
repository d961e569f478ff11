"""The SQL of replies, for the stores that move them on: inside their transactions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from storage import basis
from storage.basis import Basis
from storage.dialect import insert
from storage.errors import LeaseLost
from storage.records import CLOSED_STATES, Reply, ReplyFigures, ReplyState, ReplyTimings
from storage.schema import QUESTION_OF_POST, InboxRow, ReplyRow, ThreadRow, TurnRow

_REPLY_COLUMNS = (
    "reply_id",
    "message_key",
    "state",
    "attempt",
    "interruptions",
    "fence",
    "intent_at",
    "posted_ref",
    "final_text",
    "outcome",
    "failure",
    "basis_kind",
    "basis",
    "escalation_id",
)


def put_in_line(connection: Connection, post: Mapping[str, Any], reply: Mapping[str, Any], now: datetime) -> Reply:
    """A post and its reply, which nobody works on yet. `post`, `reply`: columns beyond those that all begin with."""
    connection.execute(insert(InboxRow).values(**post, received_at=now))
    begun = {"message_key": post["message_key"], "state": ReplyState.QUEUED, "attempt": 0, "fence": 0, "edits": 0}
    connection.execute(insert(ReplyRow).values(**begun, **reply, created_at=now, updated_at=now))
    queued = find(connection, reply["reply_id"])
    assert queued is not None
    return queued


def move(connection: Connection, reply: Reply, now: datetime, **values: Any) -> None:
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


def require_claim(connection: Connection, reply: Reply) -> None:
    """Raises: LeaseLost, when the reply was claimed, reopened or closed by somebody else since."""
    held = select(ReplyRow.reply_id).where(
        ReplyRow.reply_id == reply.reply_id, ReplyRow.fence == reply.fence, ReplyRow.state.not_in(CLOSED_STATES)
    )
    if connection.execute(held).first() is None:
        raise LeaseLost(f"reply {reply.reply_id} was taken over or closed by somebody else")


def advance(connection: Connection, reply: Reply, sources: set[ReplyState], target: ReplyState) -> None:
    """Change the state if it is one of `sources`. Always beside a `move`, which has checked the fence."""
    connection.execute(
        update(ReplyRow).where(ReplyRow.reply_id == reply.reply_id, ReplyRow.state.in_(sources)).values(state=target)
    )


def advance_if_final(connection: Connection, reply: Reply) -> None:
    """FINALIZING needs both: a text that will not change, and a message to put it into."""
    connection.execute(
        update(ReplyRow)
        .where(ReplyRow.reply_id == reply.reply_id, ReplyRow.final_text.is_not(None), ReplyRow.posted_ref.is_not(None))
        .values(state=ReplyState.FINALIZING)
    )


def open_query() -> Select[Any]:
    return reply_query().where(ReplyRow.state.not_in(CLOSED_STATES)).order_by(InboxRow.received_at, ReplyRow.created_at)


def find(connection: Connection, reply_id: str) -> Reply | None:
    row = connection.execute(reply_query().where(ReplyRow.reply_id == reply_id)).first()
    return None if row is None else record(row)


def find_ended(connection: Connection, reply_id: str) -> tuple[Reply, ReplyFigures, ReplyTimings, int]:
    """A reply with how its answer was made, how long people waited, and how many edits it took."""
    reply = find(connection, reply_id)
    assert reply is not None
    names = tuple(ReplyFigures.__dataclass_fields__)
    columns = (getattr(ReplyRow, name) for name in names)
    times = (ReplyRow.created_at, ReplyRow.started_at, ReplyRow.text_shown_at)
    row = connection.execute(select(ReplyRow.edits, *times, *columns).where(ReplyRow.reply_id == reply_id)).one()
    timings = ReplyTimings(
        seconds_in_line=_seconds_between(row.created_at, row.started_at),
        seconds_to_first_text=_seconds_between(row.created_at, row.text_shown_at),
    )
    return reply, ReplyFigures(**{name: getattr(row, name) for name in names}), timings, row.edits


def _seconds_between(begin: datetime, end: datetime | None) -> float | None:
    return None if end is None else round((end - begin).total_seconds(), 3)


def reply_query() -> Select[Any]:
    return (
        select(
            *(getattr(ReplyRow, name) for name in _REPLY_COLUMNS),
            *(
                getattr(InboxRow, name)
                for name in ("thread_id", "exchange", "user", "address", "sent_at", "received_at", "topic", "is_public")
            ),
            *(getattr(ThreadRow, name) for name in ("platform", "tenant", "channel", "thread")),
            TurnRow.text.label("question"),
        )
        .join(InboxRow, InboxRow.message_key == ReplyRow.message_key)
        .join(ThreadRow, ThreadRow.thread_id == InboxRow.thread_id)
        .join(TurnRow, QUESTION_OF_POST)
    )


def record(row: Row[Any]) -> Reply:
    fields = {name: getattr(row, name) for name in Reply.__dataclass_fields__ if name not in ("state", "basis")}
    return Reply(state=ReplyState(row.state), basis=basis.from_json(row.basis_kind, row.basis), **fields)


def basis_columns(rests_on: Basis | None) -> dict[str, Any]:
    if rests_on is None:
        return {"basis_kind": None, "basis": None}
    return {"basis_kind": rests_on.kind, "basis": basis.to_json(rests_on)}
