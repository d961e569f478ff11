"""What a person is told and given of what is kept about them: no less than there is, and nobody else's."""

from datetime import timedelta

from storage.database import Database
from storage.forgetting.erasing import ErasureStore
from storage.forgetting.own_data import OwnData, OwnDataStore, Somebody
from storage.forgetting.traces import Person
from storage.knowledge.records import Author
from storage.replies import ReplyStore
from tests.clock import START
from tests.conftest import TRAIL, a_question

ALICE = Somebody("slack", "T1", "U1")
BRUNO = Somebody("slack", "T1", "U2")
LATER = START + timedelta(days=1)


async def test_what_was_deleted_is_still_theirs_as_long_as_the_log_has_it(
    database: Database, replies: ReplyStore
) -> None:
    store = OwnDataStore(database, TRAIL)
    await replies.accept(a_question(text="my salary"), START)
    await replies.accept(a_question("slack:T1:C1:2.0", user="U2", text="not hers"), START)
    await replies.withdraw(a_question().message_key, LATER)

    assert await store.count(ALICE) == OwnData(questions=1, judgements=0, texts=1, since=START)
    taken = await store.take(ALICE, LATER)
    assert [question["question"] for question in taken["questions"]] == [""]
    [entry] = taken["log"]
    assert (entry["kind"], entry["body"]) == ("question", {"text": "my salary"})


async def test_where_there_is_nothing_it_says_so(database: Database, replies: ReplyStore) -> None:
    store = OwnDataStore(database, TRAIL)
    await replies.accept(a_question("slack:T1:C1:2.0", user="U2", text="not hers"), START)

    assert await store.count(ALICE) == OwnData(questions=0, judgements=0, texts=0, since=None)
    await store.take(BRUNO, START)  # itself on record, without a text
    assert (await store.count(BRUNO)).texts == 1


async def test_who_was_erased_is_heard_of_once_it_is_done(database: Database, replies: ReplyStore) -> None:
    heard: list[Person] = []

    async def hear(person: Person) -> None:
        assert (await OwnDataStore(database, TRAIL).count(ALICE)).since is None
        heard.append(person)

    alice = Person("slack", "U1")
    store = ErasureStore(database, TRAIL, on_erased=hear)
    await replies.accept(a_question(text="my salary"), START)
    await store.preview(alice, LATER)
    assert heard == []
    await store.erase(alice, "asked for", Author("cli", "", "dana"), LATER)
    assert heard == [alice]
