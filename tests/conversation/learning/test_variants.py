"""A question's words become a variant when two people agree, and when nothing stands against it."""

import pytest

from bot.conversation.learning.obstacles import Obstacle
from storage.basis import Basis, BasisKind
from storage.database import Database
from storage.feedback import Verdict
from storage.knowledge.records import Author, EntryStatus
from tests.clock import START, ManualClock
from tests.conversation.learning.bench import WORDS, Bench
from tests.storage.knowledge.samples import HR


@pytest.fixture
def bench(database: Database, clock: ManualClock) -> Bench:
    return Bench(database, clock)


async def test_one_person_proposes_and_a_second_one_adds(bench: Bench) -> None:
    entry = await bench.publish()
    await bench.thumb("U1", entry)
    await bench.thumb("U1", entry, "where do i leave my bike OVERNIGHT")  # the same person, the same words

    assert await bench.variants().add_agreed() == []
    [proposed] = await bench.variants().proposals()
    assert (proposed.proposal.text, len(proposed.proposal.people), proposed.obstacle) == (WORDS, 1, None)

    await bench.thumb("U2", entry)
    [after] = await bench.variants().add_agreed()

    assert after.text.variants == (*entry.text.variants, WORDS)
    assert (after.revision, after.author, after.status) == (2, "inthread", EntryStatus.PUBLISHED)
    assert await bench.variants().proposals() == []
    assert await bench.variants().add_agreed() == []


async def test_a_chosen_suggestion_counts_and_so_does_somebody_elses_thumb_on_it(bench: Bench) -> None:
    entry = await bench.publish()
    await bench.choose("U1", entry)
    assert [len(one.proposal.people) for one in await bench.variants().proposals()] == [1]

    await bench.feedback.record("reply of k1", "U2", Verdict.UP, START)

    assert [entry.entry_id for entry in await bench.variants().add_agreed()] == ["bicycles"]


async def test_who_says_that_it_does_not_answer_keeps_it_from_being_added(bench: Bench) -> None:
    entry = await bench.publish()
    for user, verdict in (("U1", Verdict.UP), ("U2", Verdict.UP), ("U3", Verdict.DOWN)):
        await bench.thumb(user, entry, verdict=verdict)

    assert await bench.variants().add_agreed() == []
    [proposed] = await bench.variants().proposals()
    assert (len(proposed.proposal.people), len(proposed.proposal.against)) == (2, 1)


async def test_where_a_name_proves_nothing_two_windows_are_one_person(bench: Bench) -> None:
    entry = await bench.publish()
    await bench.thumb("w1", entry, platform="web")
    await bench.thumb("w2", entry, platform="web")
    assert await bench.variants().add_agreed() == []
    await bench.thumb("U1", entry)
    assert len(await bench.variants().add_agreed()) == 1


async def test_nothing_is_added_by_itself_where_that_is_turned_off(bench: Bench) -> None:
    entry = await bench.publish()
    await bench.thumb("U1", entry)
    await bench.thumb("U2", entry)

    assert await bench.variants(after_people=0).add_agreed() == []

    [proposed] = await bench.variants(after_people=0).proposals()
    after = await bench.variants().accept(proposed.proposal, Author("cli", "", "dana"))
    assert after is not None
    assert (after.author, after.text.variants[-1]) == ("cli:dana", WORDS)


async def test_rejected_words_are_not_proposed_again_to_anybody(bench: Bench) -> None:
    entry = await bench.publish()
    await bench.thumb("U1", entry)
    [proposed] = await bench.variants().proposals()

    await bench.variants().reject(proposed.proposal, HR)
    await bench.thumb("U2", entry)

    assert await bench.variants().add_agreed() == []
    assert [one.obstacle for one in await bench.variants().proposals()] == [Obstacle.REJECTED]


async def test_what_somebody_took_out_does_not_come_back_by_itself(bench: Bench) -> None:
    entry = await bench.publish()
    await bench.thumb("U1", entry)
    await bench.thumb("U2", entry)
    await bench.variants().add_agreed()

    await bench.entries.save("bicycles", entry.text, EntryStatus.PUBLISHED, HR, START)

    assert await bench.variants().add_agreed() == []
    assert [one.obstacle for one in await bench.variants().proposals()] == [Obstacle.TAKEN_OUT]


@pytest.mark.parametrize(
    ("words", "obstacle"),
    [
        ("and then?", Obstacle.SHORT),
        ("自行车", Obstacle.SHORT),
        ("自行车可以停在哪里呢", Obstacle.LANGUAGE),
        ("bike " * 50, Obstacle.LONG),
        ("where does dana.li@acme.test leave her bike", Obstacle.PERSONAL),
        ("where may badge 4711 0815 park", Obstacle.PERSONAL),
        ("a question that nothing is near to", Obstacle.NEARER),
    ],
)
async def test_words_that_would_do_harm(bench: Bench, words: str, obstacle: Obstacle) -> None:
    entry = await bench.publish()
    await bench.thumb("U1", entry, words)
    await bench.thumb("U2", entry, words)

    assert await bench.variants().add_agreed() == []
    assert [one.obstacle for one in await bench.variants().proposals()] == [obstacle]


async def test_another_entry_keeps_its_words_and_what_is_nearer_to_it(bench: Bench) -> None:
    entry = await bench.publish()
    other = await bench.publish("cellar", question="Where is the cellar?", variants=(WORDS,))
    near = "How do I find the cellar with a bike?"
    bench.near(near, other, entry)
    for words in (WORDS, near):
        await bench.thumb("U1", entry, words)
        await bench.thumb("U2", entry, words)

    assert await bench.variants().add_agreed() == []
    obstacles = {one.proposal.text: one.obstacle for one in await bench.variants().proposals()}
    assert obstacles == {WORDS: Obstacle.ANOTHERS, near: Obstacle.NEARER}


async def test_entries_do_not_grow_without_end(bench: Bench) -> None:
    entry = await bench.publish(variants=tuple(f"bicycle question number {number}" for number in range(50)))
    await bench.thumb("U1", entry)
    assert [one.obstacle for one in await bench.variants().proposals()] == [Obstacle.FULL]


async def test_a_retired_entry_learns_nothing(bench: Bench) -> None:
    entry = await bench.publish()
    await bench.thumb("U1", entry)
    await bench.thumb("U2", entry)
    await bench.entries.set_status("bicycles", EntryStatus.RETIRED, HR, START)

    assert await bench.variants().add_agreed() == []
    assert [one.obstacle for one in await bench.variants().proposals()] == [Obstacle.NO_ENTRY]


async def test_generated_text_proposes_nothing(bench: Bench) -> None:
    await bench.publish()
    reply_id = await bench.ask(WORDS, Basis(kind=BasisKind.GROUNDED))
    await bench.feedback.record(reply_id, "U1", Verdict.UP, START)
    assert await bench.variants().proposals() == []


async def test_what_is_nobody_elses_business_proposes_nothing(bench: Bench) -> None:
    entry = await bench.publish()
    await bench.thumb("U1", entry, topic="health")
    assert await bench.variants().proposals() == []
