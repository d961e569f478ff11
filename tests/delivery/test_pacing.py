"""One budget of edits for all replies of a tenant: never too many, finals first, growth slowed and not starved."""

import asyncio
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.pacing import WINDOW_SECONDS, EditBudget, Urgency, unless
from tests.clock import ManualClock, settle

LIMIT = 48


class Edits:
    """Everybody who edits, and when they were let."""

    def __init__(self, clock: ManualClock, limit: int = LIMIT) -> None:
        self.clock = clock
        self.budget = EditBudget(limit, clock)
        self.made: list[tuple[float, Urgency, str]] = []

    async def edit(self, urgency: Urgency, name: str = "") -> None:
        await self.budget.acquire(urgency)
        self.made.append((self.clock.monotonic(), urgency, name))

    async def grow_for_ever(self, name: str) -> None:
        while True:
            await self.edit(Urgency.GROWTH, name)
            await self.clock.sleep(1.0)

    def times(self, urgency: Urgency | None = None) -> list[float]:
        return [at for at, made, _ in self.made if urgency in (None, made)]


def most_in_any_window(times: list[float]) -> int:
    return max((sum(start <= at < start + WINDOW_SECONDS for at in times) for start in times), default=0)


SCHEDULE = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.sampled_from(Urgency)),
        st.tuples(st.just("wait"), st.floats(0, 40)),
        st.tuples(st.just("pause"), st.floats(0, 30)),
        st.tuples(st.just("give up"), st.integers(0, 50)),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(SCHEDULE, st.integers(1, 12))
def test_no_window_of_a_minute_ever_holds_more_than_the_limit(schedule, limit: int) -> None:  # type: ignore[no-untyped-def]
    async def play() -> Edits:
        edits = Edits(ManualClock(), limit)
        tasks = []
        for what, value in schedule:
            match what:
                case "edit":
                    tasks.append(asyncio.create_task(edits.edit(value)))
                case "wait":
                    await edits.clock.advance(value)
                case "pause":
                    await settle()
                    edits.budget.pause(value)
                case "give up":
                    if value < len(tasks):
                        tasks[value].cancel()
        await edits.clock.advance(90 * 60)
        assert all(task.done() for task in tasks), "somebody was never let"
        return edits

    assert most_in_any_window(asyncio.run(play()).times()) <= limit


async def test_the_first_edits_pass_at_once(clock: ManualClock) -> None:
    edits = Edits(clock)

    for urgency in Urgency:
        await edits.edit(urgency)

    assert edits.times() == [0.0, 0.0, 0.0]


async def test_one_growing_answer_is_edited_about_every_two_seconds_and_never_starved(clock: ManualClock) -> None:
    edits = Edits(clock)
    growing = asyncio.create_task(edits.grow_for_ever("a"))
    await clock.advance(300)
    growing.cancel()

    gaps = [later - earlier for earlier, later in zip(edits.times(), edits.times()[1:], strict=False)]
    assert max(gaps) <= 2.5
    assert most_in_any_window(edits.times()) <= LIMIT * 0.75


async def test_many_growing_answers_share_alike(clock: ManualClock) -> None:
    edits = Edits(clock)
    growing = [asyncio.create_task(edits.grow_for_ever(name)) for name in "abcdefgh"]
    await clock.advance(600)
    for task in growing:
        task.cancel()

    shares = Counter(name for _, _, name in edits.made)
    assert max(shares.values()) - min(shares.values()) <= 2
    assert most_in_any_window(edits.times()) <= LIMIT


async def test_finals_find_room_while_many_answers_grow(clock: ManualClock) -> None:
    edits = Edits(clock)
    growing = [asyncio.create_task(edits.grow_for_ever(str(number))) for number in range(20)]
    await clock.advance(120)

    for _ in range(12):
        await asyncio.wait_for(edits.edit(Urgency.FINAL), 1)

    assert edits.times(Urgency.FINAL) == [120.0] * 12
    for task in growing:
        task.cancel()


async def test_the_more_urgent_goes_first_then_who_came_first(clock: ManualClock) -> None:
    edits = Edits(clock, limit=1)
    await edits.edit(Urgency.FINAL, "before")
    waiting = []
    for urgency, name in [
        (Urgency.FIRST_TEXT, "first"),
        (Urgency.FINAL, "final"),
        (Urgency.FINAL, "final too"),
    ]:
        waiting.append(asyncio.create_task(edits.edit(urgency, name)))
        await settle()

    await clock.advance(200)

    assert [name for _, _, name in edits.made] == ["before", "final", "final too", "first"]
    assert edits.times() == [0.0, 60.0, 120.0, 180.0]


async def test_nothing_passes_while_the_platform_said_to_wait(clock: ManualClock) -> None:
    edits = Edits(clock)
    edits.budget.pause(30)
    final = asyncio.create_task(edits.edit(Urgency.FINAL))
    await clock.advance(29.9)
    assert not final.done()

    await clock.advance(0.1)
    assert final.done()


async def test_a_shorter_pause_does_not_end_a_longer_one(clock: ManualClock) -> None:
    edits = Edits(clock)
    edits.budget.pause(30)
    edits.budget.pause(1)
    asyncio.create_task(edits.edit(Urgency.FINAL))  # noqa: RUF006

    await clock.advance(60)

    assert edits.times() == [30.0]


async def test_who_gives_up_waiting_is_in_nobodys_way(clock: ManualClock) -> None:
    edits = Edits(clock, limit=1)
    await edits.edit(Urgency.FINAL)
    impatient = asyncio.create_task(edits.edit(Urgency.FINAL, "impatient"))
    await settle()
    patient = asyncio.create_task(edits.edit(Urgency.FIRST_TEXT, "patient"))
    await settle()

    impatient.cancel()
    await clock.advance(60)

    assert patient.done()
    assert [name for _, _, name in edits.made] == ["", "patient"]


async def test_unless_does_the_work_or_gives_it_up_as_soon_as_the_event_comes(clock: ManualClock) -> None:
    event = asyncio.Event()
    assert await unless(event, clock.sleep(0))

    waiting = asyncio.create_task(unless(event, clock.sleep(60)))
    await settle()
    event.set()

    assert not await waiting
