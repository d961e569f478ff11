"""Whose turn it is: first come, first served, one at a time per person and per thread."""

import asyncio
import itertools
from contextlib import aclosing

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.line import Line, Refusal, Ticket
from tests.clock import settle


def open_line(max_active: int = 1, waiting_per_user: int = 3, waiting_total: int = 100) -> Line:
    line = Line(max_active=max_active, waiting_per_user=waiting_per_user, waiting_total=waiting_total)
    line.open()
    return line


def join(line: Line, user: str, thread: int | None = None) -> Ticket:
    """`thread`: by default one that nobody else is in."""
    return line.join(f"reply of {user}", user, next(_threads) if thread is None else thread)


_threads = itertools.count(1_000)


def turns(line: Line, tickets: list[Ticket]) -> list[int]:
    """In which order these get their turns, when each leaves as soon as it has had one."""
    order: list[int] = []
    while len(order) < len(tickets):
        index = next(i for i, ticket in enumerate(tickets) if i not in order and not line.is_waiting(ticket))
        order.append(index)
        line.leave(tickets[index])
    return order


async def seen_positions(line: Line, ticket: Ticket, seen: list[int]) -> None:
    async with aclosing(line.positions(ticket)) as positions:
        async for position in positions:
            seen.append(position)


def test_turns_are_given_in_the_order_of_joining() -> None:
    line = open_line()

    assert turns(line, [join(line, user) for user in "abcd"]) == [0, 1, 2, 3]


def test_no_more_are_answered_at_once_than_the_engine_takes() -> None:
    line = open_line(max_active=2)
    tickets = [join(line, user) for user in "abcde"]

    assert [line.is_waiting(ticket) for ticket in tickets] == [False, False, True, True, True]
    assert (line.active, line.waiting) == (2, 3)


def test_nobody_has_two_turns_while_others_wait() -> None:
    line = open_line(max_active=2)
    first, second, other = join(line, "a"), join(line, "a"), join(line, "b")

    assert [line.is_waiting(ticket) for ticket in (first, second, other)] == [False, True, False]


def test_one_person_alone_is_still_answered_one_at_a_time() -> None:
    line = open_line(max_active=4)
    join(line, "a")

    assert line.is_waiting(join(line, "a"))


def test_questions_of_a_thread_are_answered_in_their_order() -> None:
    line = open_line(max_active=4)
    first, second = join(line, "a", thread=1), join(line, "b", thread=1)
    assert line.is_waiting(second)

    line.leave(first)
    assert not line.is_waiting(second)


def test_a_later_question_of_a_thread_does_not_overtake_one_that_its_person_holds_up() -> None:
    line = open_line(max_active=4)
    elsewhere = join(line, "a", thread=1)
    held_up, later = join(line, "a", thread=2), join(line, "b", thread=2)
    assert line.is_waiting(held_up)
    assert line.is_waiting(later)

    line.leave(elsewhere)
    assert not line.is_waiting(held_up)
    assert line.is_waiting(later)


def test_before_the_engine_is_ready_everybody_waits() -> None:
    line = Line(max_active=1, waiting_per_user=3, waiting_total=9)
    ticket = join(line, "a")
    assert line.is_waiting(ticket)

    line.open()
    assert not line.is_waiting(ticket)


def test_a_closed_line_gives_no_turns_but_takes_none_away() -> None:
    line = open_line()
    first, second = join(line, "a"), join(line, "b")

    line.close()
    line.leave(first)

    assert line.is_waiting(second)


def test_a_person_may_have_one_answered_and_three_waiting() -> None:
    line = open_line(waiting_per_user=3)
    for _ in range(4):
        assert line.refusal("a") is None
        join(line, "a")

    assert line.refusal("a") is Refusal.PERSON_FULL
    assert line.refusal("b") is None


def test_a_full_line_refuses_everybody() -> None:
    line = open_line(waiting_total=2)
    for user in "abc":
        assert line.refusal(user) is None
        join(line, user)

    assert line.refusal("d") is Refusal.LINE_FULL


def test_a_place_that_was_left_can_be_had_again() -> None:
    line = open_line(waiting_total=1)
    join(line, "a")
    waiting = join(line, "b")

    line.leave(waiting)

    assert line.refusal("c") is None
    assert line.count_of("b") == 0


async def test_who_waits_sees_the_own_place_move_up() -> None:
    line = open_line()
    tickets = [join(line, user) for user in "abc"]
    seen: list[int] = []
    watching = asyncio.create_task(seen_positions(line, tickets[2], seen))
    await settle()
    assert seen == [2]

    line.leave(tickets[0])
    await settle()
    assert seen == [2, 1]

    line.leave(tickets[1])
    await watching
    assert seen == [2, 1]


async def test_the_places_end_at_once_when_it_is_ones_turn_already() -> None:
    line = open_line()
    seen: list[int] = []

    await seen_positions(line, join(line, "a"), seen)

    assert seen == []


async def test_giving_up_ends_the_waiting() -> None:
    line = open_line()
    join(line, "a")
    impatient, next_one = join(line, "b"), join(line, "c")
    seen: list[int] = []
    watching = asyncio.create_task(seen_positions(line, impatient, seen))
    await settle()

    line.give_up_waiting(impatient)

    await watching
    assert line.count_of("b") == 0
    assert line.is_waiting(next_one)


def test_giving_up_does_nothing_to_who_has_the_turn() -> None:
    line = open_line()
    ticket = join(line, "a")

    line.give_up_waiting(ticket)

    assert line.active == 1


def test_leaving_twice_gives_only_one_turn_away() -> None:
    line = open_line()
    first, second, third = (join(line, user) for user in "abc")

    line.leave(first)
    line.leave(first)

    assert [line.is_waiting(ticket) for ticket in (second, third)] == [False, True]


def test_the_estimate_follows_what_answers_took() -> None:
    line = open_line(max_active=2)
    assert line.estimate_seconds(3) == 0

    line.leave(join(line, "a"), seconds=10)

    assert line.estimate_seconds(4) == 20


JOINS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 4)), max_size=24)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(JOINS, st.integers(1, 4), st.randoms(use_true_random=False))
def test_whatever_the_order_everybody_is_answered_and_nobody_against_the_rules(joins, max_active, rng) -> None:  # type: ignore[no-untyped-def]
    line = open_line(max_active=max_active)
    tickets = [line.join(str(number), user, thread) for number, (user, thread) in enumerate(joins)]
    answered: list[Ticket] = []
    while len(answered) < len(tickets):
        active = [ticket for ticket in tickets if ticket not in answered and not line.is_waiting(ticket)]
        assert 1 <= len(active) <= max_active
        assert len({ticket.user for ticket in active}) == len(active)
        assert len({ticket.thread_id for ticket in active}) == len(active)
        leaving = rng.choice(active)
        earlier = tickets[: tickets.index(leaving)]
        assert all(ticket in answered for ticket in earlier if ticket.thread_id == leaving.thread_id)
        line.leave(leaving)
        answered.append(leaving)

    assert (line.active, line.waiting) == (0, 0)
