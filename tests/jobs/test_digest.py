"""The week's gaps in each owner's channel, once, in office hours."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.clock import Clock
from bot.conversation.learning.gaps import Gaps
from bot.conversation.settings import AnswerSettings
from bot.delivery.owners import Owners
from bot.delivery.people import People
from bot.jobs.digest import WeeklyDigest
from bot.jobs.office_hours import DigestSettings, ReviewSettings
from bot.jobs.reviews import ReviewReminders
from storage.basis import Basis, BasisKind
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import EntryStatus
from storage.learning.digests import DigestStore
from storage.learning.dismissals import DismissalStore
from storage.learning.reminders import ReminderStore
from storage.records import Reply
from tests.clock import START, ManualClock
from tests.conftest import TRAIL
from tests.conversation.learning.bench import Bench
from tests.shelf import an_entry
from tests.storage.knowledge.samples import HR, a_text

NOTHING = Basis(kind=BasisKind.NONE)
PEOPLE = People("C0ASK", {"it@acme.test": "C0IT"})
MONDAY = START.date()


class At:
    """A clock that a test sets."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class Office(Bench):
    """Owners whose channels are known, and what was shown to them."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        super().__init__(database, clock)
        self.database = database
        self.shown: list[Reply] = []

    def show(self, reply: Reply, *, may_refuse: bool = True) -> None:
        assert not may_refuse
        self.shown.append(reply)

    def digest(self, clock: Clock | At, people: People = PEOPLE, **settings: Any) -> WeeklyDigest:
        return WeeklyDigest(
            DigestSettings(**settings),
            Gaps(self.feedback, DismissalStore(self.database, TRAIL), self.shelf),
            DigestStore(self.database, TRAIL),
            Owners("slack", self.show),
            people,
            "auto",
            clock,  # type: ignore[arg-type]
        )

    def reviews(self, clock: Clock | At, answers: AnswerSettings | None = None, **settings: Any) -> ReviewReminders:
        return ReviewReminders(
            ReviewSettings(**settings),
            answers or AnswerSettings(),
            EntryStore(self.database, TRAIL),
            ReminderStore(self.database),
            Owners("slack", self.show),
            PEOPLE,
            clock,  # type: ignore[arg-type]
        )

    async def ask_all(self, texts: Sequence[str]) -> None:
        for text in texts:
            await self.ask(text, NOTHING)

    def told(self) -> dict[str, str | None]:
        """What stands in each channel."""
        return {reply.channel: reply.final_text for reply in self.shown}


@pytest.fixture
def office(database: Database, clock: ManualClock) -> Office:
    return Office(database, clock)


# ── gaps ─────────────────────────────────────────────────────────────────────


async def test_each_owner_is_told_of_what_is_near_to_their_entries(office: Office, clock: ManualClock) -> None:
    wifi = "how do guests get on the wifi"
    await office.ask_all([wifi, wifi, "may I bring my dog"])
    office.near(wifi, an_entry("wifi", question="What is the WiFi called?", owner="it@acme.test"))

    await office.digest(clock).run()

    told = office.told()
    assert set(told) == {"C0IT", "C0ASK"}
    text = told["C0IT"]
    assert text is not None
    for words in ("“how do guests get on the wifi”\nAsked 2 ×, by 1", "Nearest: “What is the WiFi called?” (wifi)"):
        assert words in text
    assert "dog" in (told["C0ASK"] or "")
    [reply] = [reply for reply in office.shown if reply.channel == "C0IT"]
    assert (reply.platform, reply.address, reply.basis and reply.basis.kind) == ("slack", {"channel": "C0IT"}, "digest")


async def test_it_is_told_once_a_week_whatever_happens(office: Office, clock: ManualClock) -> None:
    await office.ask_all(["may I bring my dog"])
    await office.digest(clock).run()
    await office.ask_all(["where is the sauna"])
    await office.digest(clock).run()
    await office.digest(At(START + timedelta(days=4))).run()
    assert len(office.shown) == 1

    await office.digest(At(START + timedelta(days=7))).run()
    assert len(office.shown) == 2
    assert "sauna" in (office.shown[1].final_text or "")


async def test_a_restart_in_the_middle_tells_those_who_were_not_told_yet(office: Office, clock: ManualClock) -> None:
    await office.ask_all(["how do guests get on the wifi", "may I bring my dog"])
    office.near("how do guests get on the wifi", an_entry("wifi", owner="it@acme.test"))
    digest = office.digest(clock)
    show, office.show = office.show, _fail  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        await office.digest(clock).run()
    office.show = show  # type: ignore[method-assign]

    await digest.run()

    assert len(office.shown) == 1, "the other one is in the database: open replies are taken up at the start"
    assert len(await DigestStore(office.database, TRAIL).channels_told("2026-W10")) == 3


def _fail(reply: Reply, *, may_refuse: bool = True) -> None:
    raise RuntimeError("down")


@pytest.mark.parametrize("moment", [datetime(2026, 3, 1, 10, tzinfo=UTC), datetime(2026, 3, 2, 18, tzinfo=UTC)])
async def test_outside_of_office_hours_nobody_is_told(office: Office, moment: datetime) -> None:
    await office.ask_all(["may I bring my dog"])
    await office.digest(At(moment)).run()
    assert office.shown == []


async def test_where_no_channel_is_known_nobody_is_told(office: Office, clock: ManualClock) -> None:
    await office.ask_all(["may I bring my dog"])
    await office.digest(clock, people=People()).run()
    assert office.shown == []


async def test_no_more_than_is_read_and_nothing_that_is_not_for_others(office: Office, clock: ManualClock) -> None:
    await office.ask_all(["where is the sauna", "who tunes our piano", "is there parking"])
    await office.ask_all(["why is my badge 4711081 refused", "my mail is dana@acme.test"])
    for _ in range(3):
        await office.ask("am i depressed", NOTHING, topic="health")

    await office.digest(clock, gaps=2).run()

    [reply] = office.shown
    assert reply.basis is not None
    assert len(reply.basis.gaps) == 2
    for words in ("4711081", "@", "depressed"):
        assert words not in (reply.final_text or "")


async def test_it_is_told_in_the_language_of_most_of_it(office: Office, clock: ManualClock) -> None:
    await office.ask_all(["可以带狗上班吗", "食堂几点开门呢", "may I bring my dog"])
    await office.digest(clock).run()
    assert "没有得到答案的问题" in (office.shown[0].final_text or "")


# ── reviews ──────────────────────────────────────────────────────────────────


async def write(office: Office, entry_id: str, days: int, **changes: Any) -> None:
    text = a_text(review_by=MONDAY + timedelta(days=days), **{"owner": "it@acme.test", **changes})
    await office.entries.save(entry_id, text, EntryStatus.PUBLISHED, HR, START)


async def test_owners_are_reminded_before_the_day_once_for_it(office: Office, clock: ManualClock) -> None:
    await write(office, "soon", 14)
    await write(office, "later", 15)
    await office.reviews(clock).run()
    await office.reviews(clock).run()

    [reply] = office.shown
    assert reply.channel == "C0IT"
    assert reply.basis is not None
    assert [(one.entry_id, one.review_by) for one in reply.basis.entries] == [("soon", date(2026, 3, 16))]
    assert "(soon), by 16 Mar 2026" in (reply.final_text or "")

    await office.reviews(At(START + timedelta(days=1))).run()
    assert "(later), by 17 Mar 2026" in (office.shown[1].final_text or "")


async def test_the_day_is_that_of_the_office(office: Office) -> None:
    """Tuesday in UTC, still Monday afternoon in Los Angeles."""
    await write(office, "due on Monday", 14)
    await write(office, "due on Tuesday", 15)
    await office.reviews(At(START + timedelta(hours=15, minutes=30)), time_zone="America/Los_Angeles").run()

    [reply] = office.shown
    assert reply.basis is not None
    assert [one.entry_id for one in reply.basis.entries] == ["due on Monday"]


async def test_another_day_is_another_reminder(office: Office, clock: ManualClock) -> None:
    await write(office, "bikes", 3)
    await office.reviews(clock).run()
    await write(office, "bikes", 100)
    await office.reviews(clock).run()
    assert len(office.shown) == 1
    await office.reviews(At(START + timedelta(days=91))).run()
    assert len(office.shown) == 2


async def test_overdue_ones_come_first_and_say_what_that_means(office: Office, clock: ManualClock) -> None:
    await write(office, "soon", 2)
    await write(office, "late", -3)
    await office.reviews(clock).run()
    await write(office, "withheld", -2)
    await office.reviews(clock, AnswerSettings(withhold_overdue=True)).run()

    first, second = (reply.final_text or "" for reply in office.shown)
    assert first.index("(late), was due on 27 Feb 2026: people are told") < first.index("(soon)")
    assert "nobody is answered with it any more" in second


async def test_many_come_in_several_messages(office: Office, clock: ManualClock) -> None:
    for number in range(15):
        await write(office, f"entry{number:02}", 1)
    await office.reviews(clock).run()
    assert [len(reply.basis.entries) for reply in office.shown if reply.basis] == [12, 3]


async def test_drafts_and_entries_without_a_channel_remind_nobody(office: Office, clock: ManualClock) -> None:
    text = a_text(review_by=MONDAY, owner="it@acme.test")
    await office.entries.save("draft", text, EntryStatus.DRAFT, HR, START)
    await office.reviews(At(datetime(2026, 3, 2, 8, tzinfo=UTC))).run()
    await write(office, "early", 1)
    await office.reviews(At(datetime(2026, 3, 2, 8, tzinfo=UTC))).run()
    assert office.shown == []
