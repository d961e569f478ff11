"""Latest wins, one write at a time, and nothing is begun after the close."""

import asyncio

import pytest

from bot.delivery.display import Display
from bot.delivery.pacing import EditBudget, Urgency
from bot.platforms.base import Content, Phase
from tests.clock import ManualClock, settle


def text(words: str) -> Content:
    return Content(words, Phase.GROWING)


class SlowWriter:
    """Stands for the writer: each write takes as long as `seconds` says, and `failure` may strike."""

    def __init__(self, clock: ManualClock, *, is_posted: bool = True) -> None:
        self.clock = clock
        self.is_posted = is_posted
        self.takes_growth = True
        self.seconds = 0.0
        self.shown: list[tuple[float, str, int]] = []
        self.under_way = 0
        self.most_under_way = 0
        self.failure: Exception | None = None

    def urgency(self, content: Content) -> Urgency:
        return Urgency.GROWTH

    async def show(self, content: Content, *, paid_edits: int = 0) -> None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        self.shown.append((self.clock.monotonic(), content.text, paid_edits))
        await self.clock.sleep(self.seconds)
        self.under_way -= 1
        self.is_posted = True
        if self.failure:
            raise self.failure

    @property
    def texts(self) -> list[str]:
        return [words for _, words, _ in self.shown]


@pytest.fixture
def writer(clock: ManualClock) -> SlowWriter:
    return SlowWriter(clock)


@pytest.fixture
def display(writer: SlowWriter, clock: ManualClock) -> Display:
    return Display(writer, EditBudget(48, clock), 1.0, clock)  # type: ignore[arg-type]


async def test_the_newest_text_is_shown_and_what_came_between_is_skipped(
    display: Display, writer: SlowWriter, clock: ManualClock
) -> None:
    running = asyncio.create_task(display.run())
    for number in range(12):
        display.offer(text(f"text {number}"))
        await clock.advance(0.25)
    await clock.advance(2)

    assert writer.texts == ["text 0", "text 3", "text 7", "text 11"]
    running.cancel()


async def test_one_write_at_a_time_however_slow(display: Display, writer: SlowWriter, clock: ManualClock) -> None:
    writer.seconds = 7.0
    running = asyncio.create_task(display.run())
    for number in range(20):
        display.offer(text(f"text {number}"))
        await clock.advance(1)

    assert writer.most_under_way == 1
    assert len(writer.shown) == 3
    running.cancel()


async def test_the_same_text_is_not_written_twice(display: Display, writer: SlowWriter, clock: ManualClock) -> None:
    running = asyncio.create_task(display.run())
    for _ in range(5):
        display.offer(text("the same"))
        await clock.advance(3)

    assert writer.texts == ["the same"]
    running.cancel()


async def test_the_first_post_costs_no_edit_and_the_text_may_follow_at_once(
    display: Display, writer: SlowWriter, clock: ManualClock
) -> None:
    writer.is_posted = False
    running = asyncio.create_task(display.run())
    display.offer(Content("Working on it…", Phase.STATUS))
    await settle()
    display.offer(text("One"))
    await settle()

    assert writer.shown == [(0, "Working on it…", 0), (0, "One", 1)]
    running.cancel()


async def test_the_close_waits_for_the_write_in_flight(
    display: Display, writer: SlowWriter, clock: ManualClock
) -> None:
    writer.seconds = 5.0
    running = asyncio.create_task(display.run())
    display.offer(text("in flight"))
    await clock.advance(1)

    display.close()
    await clock.advance(3)
    assert not running.done()  # a final text now could be overtaken

    await clock.advance(1)
    assert running.done()
    assert writer.under_way == 0


@pytest.mark.parametrize("is_posted", [True, False])
async def test_nothing_is_begun_after_the_close(display: Display, writer: SlowWriter, is_posted: bool) -> None:
    writer.is_posted = is_posted
    running = asyncio.create_task(display.run())
    await settle()

    display.offer(text("too late"))
    display.close()
    await settle()

    assert running.done()
    assert writer.shown == []


async def test_the_close_ends_the_wait_for_a_permission(
    display: Display, writer: SlowWriter, clock: ManualClock
) -> None:
    budget = EditBudget(48, clock)
    budget.pause(600)
    display = Display(writer, budget, 1.0, clock)  # type: ignore[arg-type]
    running = asyncio.create_task(display.run())
    display.offer(text("never shown"))
    await clock.advance(5)

    display.close()
    await settle()

    assert running.done()
    assert writer.shown == []


async def test_what_cannot_be_shown_is_told(display: Display, writer: SlowWriter) -> None:
    writer.failure = RuntimeError("message_not_found")
    display.offer(text("One"))

    with pytest.raises(RuntimeError, match="message_not_found"):
        await display.run()


async def test_the_first_text_does_not_wait_behind_a_status_for_which_there_is_no_room(
    writer: SlowWriter, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        writer, "urgency", lambda content: Urgency.FIRST_TEXT if content.phase is Phase.GROWING else Urgency.GROWTH
    )
    budget = EditBudget(48, clock)
    for _ in range(6):  # other answers grow
        await budget.acquire(Urgency.GROWTH)
    display = Display(writer, budget, 1.0, clock)  # type: ignore[arg-type]
    running = asyncio.create_task(display.run())
    display.offer(Content("Working on it", Phase.STATUS))
    await settle()
    assert writer.texts == []

    display.offer(text("You have"))
    await settle()

    assert writer.texts == ["You have"]
    display.close()
    await running
