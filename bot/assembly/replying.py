"""From a reply that is owed to the one that stands: whose turn it is, who writes it, whom it asks when it cannot."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.assembly.conversation import Conversation
from bot.assembly.library import Library
from bot.assembly.record import Record
from bot.clock import Clock
from bot.delivery.audience import Audiences
from bot.delivery.composing import Composer
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.duplicates import DuplicateCheck
from bot.delivery.escalating import Escalating
from bot.delivery.failpoints import Reach
from bot.delivery.final_content import Furnishing
from bot.delivery.line import Line
from bot.delivery.people import NOBODY, People
from bot.delivery.worker import Worker
from bot.platforms.base import Platform
from bot.platforms.slack.platform import SlackPlatform
from bot.settings import Settings
from storage.escalations import EscalationStore
from storage.records import Reply
from storage.replies import ReplyStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Replying:
    """`audiences`: what may be shown where. `line`: whose turn it is. `duplicates`: the second look."""

    store: ReplyStore
    audiences: Audiences
    line: Line
    escalating: Escalating
    dispatcher: Dispatcher
    duplicates: DuplicateCheck


def build_replying(
    settings: Settings,
    record: Record,
    library: Library,
    conversation: Conversation,
    platforms: Mapping[str, Platform],
    reach: Reach,
    clock: Clock,
) -> Replying:
    """`platforms`: looked up when a reply is shown; there need not be any yet."""
    store = ReplyStore(record.database, record.trail)
    audiences = Audiences(library.knowledge, platforms)
    line = Line(
        max_active=conversation.most_at_once,
        waiting_per_user=settings.delivery.waiting_per_user,
        waiting_total=settings.delivery.waiting_total,
    )

    def submit(reply: Reply, *, may_refuse: bool = True) -> None:
        # Whoever asks people hands in replies, and hears of those that do not get through: the two need each other.
        dispatcher.submit(reply, may_refuse=may_refuse)

    escalating = Escalating(
        store=EscalationStore(record.database, record.trail),
        replies=store,
        threads=conversation.threads,
        submit=submit,
        platforms=platforms,
        platform=SlackPlatform.name if settings.slack.is_on else None,
        people=people_of(settings),
        language=settings.answers.language,
        clock=clock,
    )
    worker = _worker(settings, store, conversation, audiences, line, escalating.on_undeliverable, reach, clock)
    dispatcher = Dispatcher(store, worker, line, settings.delivery, clock)
    return Replying(
        store=store,
        audiences=audiences,
        line=line,
        escalating=escalating,
        dispatcher=dispatcher,
        duplicates=DuplicateCheck(store, platforms, clock),
    )


def people_of(settings: Settings) -> People:
    """Who is asked where an answer does not do."""
    answers = settings.answers
    return People(answers.ask_channel, answers.owner_channels) if settings.slack.is_on else NOBODY


def furnishing_of(settings: Settings) -> Furnishing:
    """What stands around an answer."""
    answers = settings.answers
    return Furnishing(
        disclaimer=answers.disclaimer,
        people=people_of(settings),
        contact=answers.sensitive.contact,
        withholds_overdue=answers.withhold_overdue,
    )


def _worker(
    settings: Settings,
    store: ReplyStore,
    conversation: Conversation,
    audiences: Audiences,
    line: Line,
    on_undeliverable: Callable[[Reply], Awaitable[None]],
    reach: Reach,
    clock: Clock,
) -> Worker:
    composer = Composer(
        store=store,
        librarian=conversation.librarian,
        audiences=audiences,
        answerer=conversation.answerer,
        line=line,
        lease=timedelta(seconds=settings.delivery.lease_seconds),
        clock=clock,
        new_incident_id=_new_incident_id,
    )
    return Worker(
        store=store,
        composer=composer,
        line=line,
        settings=settings.delivery,
        answers=settings.answers,
        furnishing=furnishing_of(settings),
        clock=clock,
        new_incident_id=_new_incident_id,
        on_undeliverable=on_undeliverable,
        reach=reach,
    )


def _new_incident_id() -> str:
    return secrets.token_hex(4)
