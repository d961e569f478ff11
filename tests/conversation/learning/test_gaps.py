"""What nothing answers comes together, goes when something answers it, and stays away when it was put aside."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest

from bot.clock import Calendar
from bot.conversation.knowledge import citing
from bot.conversation.knowledge.findings import Route
from bot.conversation.knowledge.reviews import shown_by
from bot.conversation.learning.clustering import Matrix
from bot.conversation.learning.gaps import Gap, Gaps, Reason
from bot.conversation.settings import AnswerSettings
from storage.basis import Basis, BasisKind
from storage.database import Database
from storage.feedback import Verdict
from storage.learning.dismissals import DismissalStore
from tests.clock import START, ManualClock
from tests.conftest import TRAIL
from tests.conversation.learning.bench import Bench
from tests.shelf import Shelf, an_entry
from tests.storage.knowledge.samples import HR

NOTHING = Basis(kind=BasisKind.NONE)
DOGS = ("May I bring my dog?", "are dogs allowed", "can my dog come along")
PARKING = "Where is the parking permit office?"


class Kennel(Shelf):
    """All about dogs is near to each other in meaning; greetings are everyday."""

    has_encoder = True

    async def nearness(self, texts: Sequence[str]) -> Matrix | None:
        if not self.has_encoder:
            return None
        about_dogs = np.array(["dog" in text.casefold() for text in texts])
        return np.maximum(np.eye(len(texts)), np.outer(about_dogs, about_dogs) * 0.6)

    async def is_everyday(self, text: str) -> bool:
        return text == "hello"


class Office(Bench):
    def __init__(self, database: Database, clock: ManualClock) -> None:
        super().__init__(database, clock)
        self.shelf: Kennel = Kennel()
        self.dismissals = DismissalStore(database, TRAIL)

    async def gaps(self) -> list[Gap]:
        return await Gaps(self.feedback, self.dismissals, self.shelf).find(START - timedelta(days=30))


@pytest.fixture
def office(database: Database, clock: ManualClock) -> Office:
    return Office(database, clock)


async def test_unanswered_questions_come_in_groups_the_largest_first(office: Office) -> None:
    await office.ask(PARKING, NOTHING)
    for number, text in enumerate((*DOGS, DOGS[0].upper())):
        await office.ask(text, Basis(kind=BasisKind.GROUNDED), user=f"U{number % 3}")
    pets = an_entry("pets")
    office.shelf.lay_out(DOGS[0], Route.SUGGEST, pets, an_entry("desks"))

    dogs, parking = await office.gaps()

    assert (len(dogs.questions), dogs.people, dogs.lang) == (4, 3, "en")
    assert dogs.texts[0] == DOGS[0]
    assert sorted(dogs.texts) == sorted(DOGS)
    assert [found.entry.entry_id for found in dogs.nearest] == ["pets", "desks"]
    assert dogs.reasons == {Reason.UNANSWERED: 4}
    assert parking.texts == [PARKING]


async def test_languages_stay_apart(office: Office) -> None:
    for text in (DOGS[0], "能带狗 dog 上班吗"):
        await office.ask(text, NOTHING)
    assert sorted((gap.lang, len(gap.questions)) for gap in await office.gaps()) == [("en", 1), ("zh", 1)]


async def test_without_an_encoder_words_alone_bring_them_together(office: Office) -> None:
    office.shelf.has_encoder = False
    for text in ("are dogs allowed", "dogs allowed or not", PARKING):
        await office.ask(text, NOTHING)
    assert [len(gap.questions) for gap in await office.gaps()] == [2, 1]


async def test_none_of_these_and_thumbs_down_are_gaps_and_answers_are_not(office: Office) -> None:
    entry = an_entry()
    suggesting = await office.ask(DOGS[0], citing.suggested([entry], START.date()))
    await office.replies.decline(suggesting, "U1", START)
    await office.end(suggesting, NOTHING)
    await office.thumb("U1", entry, PARKING, Verdict.UP)
    down = await office.thumb("U2", entry, "Is the canteen open?", Verdict.DOWN)
    await office.feedback.record(down, "U2", Verdict.DOWN, START, "it is about another canteen")
    await office.ask("Which of them?", citing.suggested([entry], START.date()))
    await office.ask("hello", NOTHING)
    await office.ask("???", NOTHING)

    gaps = {gap.texts[0]: gap for gap in await office.gaps()}

    assert set(gaps) == {DOGS[0], "Is the canteen open?"}
    assert gaps[DOGS[0]].reasons == {Reason.UNANSWERED: 1, Reason.DECLINED: 1}
    assert gaps["Is the canteen open?"].questions[0].comments == ("it is about another canteen",)


async def test_a_gap_that_an_entry_answers_now_is_gone(office: Office) -> None:
    await office.ask(DOGS[0], NOTHING)
    office.shelf.lay_out(DOGS[0], Route.SUGGEST, an_entry("pets"))
    assert len(await office.gaps()) == 1
    office.shelf.lay_out(DOGS[0], Route.DIRECT, an_entry("pets"))
    assert await office.gaps() == []


async def test_a_gap_that_a_withheld_entry_would_answer_stays_open(office: Office, clock: ManualClock) -> None:
    await office.ask(DOGS[0], NOTHING)
    office.shelf.lay_out(DOGS[0], Route.DIRECT, an_entry("pets", review_by=date(2026, 3, 1)))
    for withholds, gaps in ((False, 0), (True, 1)):
        as_shown = shown_by(AnswerSettings(withhold_overdue=withholds), Calendar(clock))
        found = await Gaps(office.feedback, office.dismissals, office.shelf, as_shown).find(START)
        assert len(found) == gaps


async def test_an_entry_that_was_voted_down_does_not_close_its_own_gap(office: Office) -> None:
    entry = an_entry("pets")
    await office.thumb("U1", entry, DOGS[0], Verdict.DOWN)
    office.shelf.lay_out(DOGS[0], Route.DIRECT, entry)
    assert len(await office.gaps()) == 1

    office.shelf.lay_out(DOGS[0], Route.DIRECT, an_entry("pets", revision=2))
    assert await office.gaps() == []
    office.shelf.lay_out(DOGS[0], Route.DIRECT, an_entry("dogs"))
    assert await office.gaps() == []


async def test_a_dismissed_gap_stays_away_with_all_that_is_near_to_it(office: Office) -> None:
    for text in (DOGS[0], PARKING, DOGS[1]):
        await office.ask(text, NOTHING)
    dogs = (await office.gaps())[0]

    await office.dismissals.dismiss(dogs.gap_id, [one.question.reply_id for one in dogs.questions], HR, START)
    await office.ask(DOGS[2], NOTHING)

    assert [gap.texts for gap in await office.gaps()] == [[PARKING]]
    await office.dismissals.restore(dogs.gap_id, HR, START)
    assert len((await office.gaps())[0].questions) == 3


async def test_dismissed_questions_stay_away_when_likeness_is_judged_otherwise(office: Office) -> None:
    for text in DOGS:
        await office.ask(text, NOTHING)
    [dogs] = await office.gaps()
    await office.dismissals.dismiss(dogs.gap_id, [one.question.reply_id for one in dogs.questions], HR, START)
    office.shelf.has_encoder = False
    assert await office.gaps() == []


async def test_only_what_was_asked_since_then(office: Office, clock: ManualClock) -> None:
    await office.ask(PARKING, NOTHING)
    await clock.advance(3_600)
    await office.ask(DOGS[0], NOTHING)
    gaps = await Gaps(office.feedback, office.dismissals, office.shelf).find(clock.now())
    assert [gap.texts for gap in gaps] == [[DOGS[0]]]
