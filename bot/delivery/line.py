"""Whose turn it is: the one place that limits how much is answered at once.

First come, first served, but one answer at a time per person (nobody takes the machine for himself) and per thread
(the next question of a thread needs the answer before it).
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from enum import Enum, auto


class Refusal(Enum):
    """Why somebody may not join."""

    LINE_FULL = auto()
    PERSON_FULL = auto()


@dataclass(eq=False)
class Ticket:
    """A place in the line. `user` and `thread_id` are what the limits count by."""

    reply_id: str
    user: str
    thread_id: int
    _moved: asyncio.Event = field(default_factory=asyncio.Event, repr=False)


class Line:
    """Owned by the event loop; not for other threads."""

    def __init__(self, *, max_active: int, waiting_per_user: int, waiting_total: int) -> None:
        self._max_active = max_active
        self._waiting_per_user = waiting_per_user
        self._waiting_total = waiting_total
        self._waiting: list[Ticket] = []
        self._active: list[Ticket] = []
        self._is_open = False
        self._mean_seconds = 0.0

    @property
    def is_open(self) -> bool:
        return self._is_open

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def active(self) -> int:
        return len(self._active)

    def open(self) -> None:
        """Begin to give turns (the engine is ready)."""
        self._is_open = True
        self._advance()

    def close(self) -> None:
        """Give no more turns (the service is stopping). Those who have one keep it."""
        self._is_open = False

    def count_of(self, user: str) -> int:
        """Questions of this person that are being answered or wait."""
        return sum(ticket.user == user for ticket in [*self._active, *self._waiting])

    def is_waiting(self, ticket: Ticket) -> bool:
        return ticket in self._waiting

    def refusal(self, user: str) -> Refusal | None:
        """Why a further question of this person would be refused now, if it would."""
        if self.count_of(user) > self._waiting_per_user:
            return Refusal.PERSON_FULL
        return Refusal.LINE_FULL if len(self._waiting) >= self._waiting_total else None

    def join(self, reply_id: str, user: str, thread_id: int) -> Ticket:
        ticket = Ticket(reply_id, user, thread_id)
        self._waiting.append(ticket)
        self._advance()
        return ticket

    async def positions(self, ticket: Ticket) -> AsyncGenerator[int, None]:
        """The ticket's place each time it changes, from 1; ends when it is its turn."""
        shown = 0
        while ticket in self._waiting:
            position = self._waiting.index(ticket) + 1
            if position != shown:
                shown = position
                yield position
                continue  # it may have moved meanwhile
            ticket._moved.clear()
            await ticket._moved.wait()

    def leave(self, ticket: Ticket, seconds: float | None = None) -> None:
        """Give the turn or the place up. `seconds`: what answering took, for the estimates."""
        if seconds is not None:
            self._mean_seconds = seconds if not self._mean_seconds else 0.7 * self._mean_seconds + 0.3 * seconds
        for tickets in (self._waiting, self._active):
            if ticket in tickets:
                tickets.remove(ticket)
        self._advance()

    def give_up_waiting(self, ticket: Ticket) -> None:
        """Leave if it is not one's turn yet; `positions` ends."""
        if ticket in self._waiting:
            self.leave(ticket)
            ticket._moved.set()

    def estimate_seconds(self, position: int) -> float:
        """About how long until this place has its turn, from what answers took of late. 0: not known yet."""
        return position * self._mean_seconds / self._max_active

    def _advance(self) -> None:
        while self._is_open and len(self._active) < self._max_active and (ticket := self._next()):
            self._waiting.remove(ticket)
            self._active.append(ticket)
            ticket._moved.set()
        for ticket in self._waiting:
            ticket._moved.set()

    def _next(self) -> Ticket | None:
        users = {ticket.user for ticket in self._active}
        threads = {ticket.thread_id for ticket in self._active}
        for ticket in self._waiting:
            if ticket.user not in users and ticket.thread_id not in threads:
                return ticket
            threads.add(ticket.thread_id)  # a later question of this thread must not overtake it
        return None
