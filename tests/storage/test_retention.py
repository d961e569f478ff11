"""What goes because it is old: texts, thread history, headers; what holds keep; and that the chain still stands."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, text

from bot.jobs.retention import Retention
from storage.audit.checkpointing import CheckpointStore
from storage.audit.conversations import Filters
from storage.audit.export import verify_export
from storage.audit.index_words import BlindWords
from storage.audit.log import AuditEntry
from storage.audit.reading import AuditReader
from storage.audit.search_index import SearchIndex
from storage.audit.signing import Signer
from storage.audit.store import AuditStore
from storage.database import Database
from storage.errors import DatabaseUnavailable, Trouble
from storage.forgetting.due import RetentionRule
from storage.forgetting.holds import Held, HoldStore, Scope
from storage.forgetting.retention import Gone, RetentionStore
from storage.knowledge.records import Author
from storage.records import ReplyFigures, ReplyState
from storage.replies import ReplyStore
from tests.audit_log import audited
from tests.clock import START, ManualClock
from tests.conftest import KEYS, TRAIL, a_question
from tests.storage.test_replies import LEASE

RULE = RetentionRule(texts=180, headers=190, history=180, channels={"CQUICK": 30})
SIGNER = Signer(Ed25519PrivateKey.generate())
SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICER = Author("cli", "", "root")


def after(days: int) -> datetime:
    return START + timedelta(days=days)


@pytest.fixture
def retention(database: Database) -> RetentionStore:
    return RetentionStore(database, TRAIL, RULE)


async def ask(replies: ReplyStore, key: str, days: int = 0, channel: str = "C1", user: str = "U1") -> None:
    await replies.accept(a_question(key, channel=channel, user=user, text=f"canary {key}", thread=key), after(days))
    reply = await replies.claim(f"reply of {key}", after(days), LEASE)
    assert reply is not None
    await replies.record_final(reply, f"answer {key}", "answered", after(days), ReplyFigures())
    await replies.record_closed(reply, ReplyState.DONE, after(days))


async def texts_left(database: Database) -> list[str]:
    return [body["text"] for _, body in await audited(database) if body is not None and "text" in body]


async def test_texts_and_history_go_with_their_day_and_the_rest_stays(
    database: Database, replies: ReplyStore, retention: RetentionStore
) -> None:
    await ask(replies, "old")
    await ask(replies, "new", days=10)

    assert await retention.run(after(180)) == Gone()
    assert await retention.run(after(181)) == Gone(texts=2, exchanges=1)
    assert await retention.run(after(181)) == Gone()

    assert await texts_left(database) == ["canary new", "answer new"]
    assert await replies.find("reply of old") is None
    assert await replies.find("reply of new") is not None
    verdict = await AuditStore(database, KEYS).verify()
    assert (verdict.first_bad, verdict.erased) == (None, 2)
    header = (await audited(database))[-1][0]
    assert (header["kind"], header["seqs"], header["texts"], header["exchanges"]) == ("retention", "1-2", 2, 1)


async def test_a_channel_may_have_days_of_its_own(
    database: Database, replies: ReplyStore, retention: RetentionStore
) -> None:
    await ask(replies, "slow")
    await ask(replies, "quick", channel="CQUICK")

    assert await retention.run(after(31)) == Gone(texts=2, exchanges=1)
    assert await texts_left(database) == ["canary slow", "answer slow"]


@pytest.mark.parametrize(
    "held", [Held(Scope.PERSON, "slack", "U1"), Held(Scope.CHANNEL, "slack", "C1"), Held(Scope.THREAD, "slack", "mine")]
)
async def test_a_hold_is_stronger_than_age(
    database: Database, replies: ReplyStore, retention: RetentionStore, held: Held
) -> None:
    await ask(replies, "mine")
    await ask(replies, "theirs", channel="C2", user="U2")
    holds = HoldStore(database, TRAIL)
    await holds.place(held, "a lawsuit", OFFICER, after(2))

    assert await retention.run(after(181)) == Gone(texts=2, exchanges=1, held=2)
    assert await texts_left(database) == ["canary mine", "answer mine"]
    assert await replies.find("reply of mine") is not None

    await holds.lift(held, "settled", OFFICER, after(181))
    assert await retention.run(after(181)) == Gone(texts=2, exchanges=1)
    assert (await AuditStore(database, KEYS).verify()).first_bad is None


async def test_what_the_company_says_stays_as_long_as_its_header(database: Database, retention: RetentionStore) -> None:
    said = AuditEntry("entry_added", START, {"entry_id": "leave", "actor": "pseudonym of UHR"}, {"text": "25 days"})
    await database.write(lambda connection: TRAIL.add(connection, said))

    assert await retention.run(after(185)) == Gone()
    assert await texts_left(database) == ["25 days"]


async def test_the_oldest_headers_go_up_to_a_checkpoint_and_the_rest_can_still_be_checked(
    database: Database, replies: ReplyStore, retention: RetentionStore
) -> None:
    checkpoints = CheckpointStore(database, SIGNER)
    for day in range(3):
        await ask(replies, f"k{day}", days=day)
        await checkpoints.take(after(day))  # over 2, 4, 6

    assert await retention.run(after(192)) == Gone(texts=6, exchanges=3, headers=4)

    await checkpoints.take(after(192))
    verdict = await AuditStore(database, KEYS).verify(SIGNER.public_key)
    assert (verdict.first_bad, verdict.entries) == (None, 3)  # two headers, and the one that says what went
    lines = b"".join([chunk async for chunk in AuditStore(database, KEYS).export(after(192))])
    assert b'"from_seq":5,"to_seq":7' in lines
    assert verify_export(BytesIO(lines), SIGNER.public_key).first_bad is None


async def test_a_log_of_which_everything_is_old_goes_on(
    database: Database, replies: ReplyStore, retention: RetentionStore
) -> None:
    """A quiet installation: nothing was said for longer than headers are kept."""
    for number in range(3):
        await ask(replies, f"question {number}")
    await CheckpointStore(database, SIGNER).take(after(0))

    assert (await retention.run(after(192))).headers == 6
    await ask(replies, "one more", days=192)
    await CheckpointStore(database, SIGNER).take(after(192))

    assert [header["seq"] for header, _ in await audited(database)] == [7, 8, 9]
    verdict = await AuditStore(database, KEYS).verify(SIGNER.public_key)
    assert (verdict.first_bad, verdict.entries) == (None, 3)


async def test_conversations_whose_headers_went_are_not_found_any_more(database: Database, replies: ReplyStore) -> None:
    index = SearchIndex(database, TRAIL.pseudonym, KEYS)
    for day in range(2):
        await ask(replies, f"k{day}", days=day * 100)
        await CheckpointStore(database, SIGNER).take(after(day))
    await index.catch_up()

    assert await RetentionStore(database, TRAIL, RULE, index).run(after(192)) == Gone(texts=2, exchanges=1, headers=2)

    found = await AuditReader(database, TRAIL.pseudonym, KEYS).search(Filters(), None, 9)
    assert [conversation.reply_id for conversation in found.conversations] == ["reply of k1"]
    count = "SELECT count(*) FROM audit_words WHERE audit_words MATCH 'f' || '*'"
    assert await database.read(lambda connection: connection.execute(text(count)).scalar()) == 1


async def test_entries_taken_from_the_beginning_without_a_word_are_missed(
    database: Database, replies: ReplyStore
) -> None:
    for day in range(3):
        await ask(replies, f"k{day}", days=day)
        await CheckpointStore(database, SIGNER).take(after(day))
    await database.write(lambda connection: connection.execute(text("DELETE FROM audit_entry WHERE seq <= 4")))

    verdict = await AuditStore(database, KEYS).verify(SIGNER.public_key)

    assert (verdict.first_bad, verdict.reason) == (1, "it is missing, and no entry says that it was old enough to go")


async def test_what_does_not_end_at_a_checkpoint_waits(
    database: Database, replies: ReplyStore, retention: RetentionStore
) -> None:
    await ask(replies, "k")

    assert (await retention.run(after(300))).headers == 0


async def test_looking_ahead_changes_nothing(
    database: Database, replies: ReplyStore, retention: RetentionStore
) -> None:
    await ask(replies, "old")
    await CheckpointStore(database, SIGNER).take(START)

    assert await retention.preview(after(191)) == Gone(texts=2, exchanges=1, headers=2)
    assert await texts_left(database) == ["canary old", "answer old"]


async def test_a_backlog_goes_in_batches(
    database: Database, replies: ReplyStore, retention: RetentionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.forgetting.retention.BATCH", 3)
    for number in range(5):
        await ask(replies, f"k{number}")
    await CheckpointStore(database, SIGNER).take(START)

    assert await retention.run(after(191)) == Gone(texts=10, exchanges=5, headers=10)
    assert (await AuditStore(database, KEYS).verify(SIGNER.public_key)).first_bad is None


async def test_the_keys_of_what_went_go_too_and_nothing_is_left_in_the_file(
    database: Database, replies: ReplyStore, retention: RetentionStore, database_path: Path
) -> None:
    await ask(replies, "old")
    await retention.run(after(181))

    keys = await database.read(lambda connection: connection.execute(text("SELECT count(*) FROM body_key")).scalar())
    assert keys == 0
    assert occurrences(database_path, "canary old") == 0


async def test_nothing_of_what_went_is_left_in_any_file(
    database: Database, replies: ReplyStore, database_path: Path
) -> None:
    index = SearchIndex(database, TRAIL.pseudonym, KEYS)
    for number in range(40):
        await ask(replies, f"k{number} " + "word " * (number * 7 % 400), user=f"U{number % 3}")
        await index.catch_up()
    await ask(replies, "goldfinch")
    for number in range(40, 60):
        await ask(replies, f"k{number}", days=100)
        await index.catch_up()
    (blind,) = BlindWords(TRAIL.pseudonym).of_texts(["goldfinch"])
    traces = ("canary goldfinch", "answer goldfinch", "canary k3", blind[-8:])
    await database.scrub()
    assert all(occurrences(database_path, trace) for trace in traces)

    assert (await RetentionStore(database, TRAIL, RULE, index).run(after(181))).exchanges == 41

    assert {trace: occurrences(database_path, trace) for trace in traces} == dict.fromkeys(traces, 0)
    assert (
        len((await AuditReader(database, TRAIL.pseudonym, KEYS).search(Filters(text="answer"), None, 99)).conversations)
        == 20
    )


async def test_what_a_full_disk_left_in_the_file_goes_the_next_time(
    database: Database, replies: ReplyStore, retention: RetentionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full() -> bool:
        raise DatabaseUnavailable(Trouble.FULL)

    written_anew = []

    async def scrub() -> bool:
        written_anew.append(True)
        return True

    await ask(replies, "old")
    monkeypatch.setattr(database, "scrub", full)
    with pytest.raises(DatabaseUnavailable):
        await retention.run(after(181))
    monkeypatch.setattr(database, "scrub", scrub)

    for _ in range(2):
        assert await retention.run(after(181)) == Gone()

    assert written_anew == [True]


def occurrences(path: Path, words: str) -> int:
    """In the database and its write-ahead log."""
    return sum(file.read_bytes().count(words.encode()) for file in path.parent.glob(f"{path.name}*"))


async def test_a_day_begins_where_the_company_is(database: Database, replies: ReplyStore) -> None:
    """START is nine in the morning in UTC, five in the afternoon in Shanghai: midnight there is eight hours earlier."""
    await ask(replies, "old")
    in_shanghai = RetentionStore(database, TRAIL, replace(RULE, zone=SHANGHAI))
    midnight_there = after(180).replace(hour=16, minute=0)

    assert await in_shanghai.run(midnight_there - timedelta(minutes=1)) == Gone()
    assert await in_shanghai.run(midnight_there) == Gone(texts=2, exchanges=1)


async def test_the_job_looks_once_a_day_when_few_are_there(
    retention: RetentionStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[datetime] = []

    async def run(now: datetime) -> Gone:
        looked.append(now.astimezone(SHANGHAI))
        return Gone()

    monkeypatch.setattr(retention, "run", run)
    job = Retention(retention, clock, time(2, 30), SHANGHAI)
    for _ in range(50):  # from five in the afternoon on
        await job.run()
        await clock.advance(timedelta(hours=1).total_seconds())

    assert [f"{at:%d %H}" for at in looked] == ["02 17", "03 03", "04 03"]


async def test_a_hold_that_is_placed_while_things_go_is_heeded(
    database: Database, replies: ReplyStore, retention: RetentionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.forgetting.retention.BATCH", 1)
    await ask(replies, "first", user="U1")
    await ask(replies, "second", user="U2")
    write = database.write

    async def write_and_hold(work: Callable[[Connection], Any]) -> Any:
        done = await write(work)
        monkeypatch.setattr(database, "write", write)
        await HoldStore(database, TRAIL).place(Held(Scope.PERSON, "slack", "U2"), "a lawsuit", OFFICER, after(181))
        return done

    monkeypatch.setattr(database, "write", write_and_hold)

    assert await retention.run(after(181)) == Gone(texts=2, exchanges=1, held=2)
    assert await texts_left(database) == ["canary second", "answer second"]
