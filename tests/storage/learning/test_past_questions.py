"""What was asked lately, with what was asked before it."""

from datetime import timedelta

import pytest

from storage.database import Database
from storage.learning.past_questions import PastQuestionStore
from storage.replies import ReplyStore
from tests.clock import START
from tests.conftest import a_question


@pytest.fixture
def past(database: Database) -> PastQuestionStore:
    return PastQuestionStore(database)


async def ask(replies: ReplyStore, key: str, text: str, minute: int, **changes: object) -> None:
    await replies.accept(a_question(key, text=text, **changes), START + timedelta(minutes=minute))


async def test_the_newest_come_last_with_the_question_before_them(past: PastQuestionStore, replies: ReplyStore) -> None:
    await ask(replies, "a", "How many days?", 1)
    await ask(replies, "b", "And in Berlin?", 2)
    await ask(replies, "c", "Another thread", 3, thread="2.0", channel="C2")
    await ask(replies, "d", "And part-time?", 4)

    found = await past.last(3)

    assert [(each.text, each.previous, each.channel) for each in found] == [
        ("And in Berlin?", "How many days?", "C1"),
        ("Another thread", "", "C2"),
        ("And part-time?", "And in Berlin?", "C1"),
    ]


async def test_deleted_questions_are_neither_asked_nor_gone_by(past: PastQuestionStore, replies: ReplyStore) -> None:
    await ask(replies, "a", "How many days?", 1)
    await ask(replies, "b", "Is my boss a fool?", 2)
    await ask(replies, "c", "And in Berlin?", 3)
    await replies.withdraw("b", START + timedelta(minutes=4))

    assert [(each.text, each.previous) for each in await past.last(9)] == [
        ("How many days?", ""),
        ("And in Berlin?", "How many days?"),
    ]
