"""What answers a question: verified entries first, then the model."""

from dataclasses import dataclass

from bot.assembly.library import Library
from bot.assembly.record import Record
from bot.clock import Calendar, Clock
from bot.conversation.answering import Answerer
from bot.conversation.librarian import Librarian
from bot.conversation.topics import Topics
from bot.settings import Settings
from inference.engine import Engine
from storage.threads import ThreadStore


@dataclass(frozen=True, slots=True)
class Conversation:
    """`topics`: what makes a question nobody else's business. `most_at_once`: replies that the model writes."""

    most_at_once: int
    threads: ThreadStore
    librarian: Librarian
    answerer: Answerer
    topics: Topics


def build_conversation(
    settings: Settings, engine: Engine, record: Record, library: Library, clock: Clock
) -> Conversation:
    answers, inference = settings.answers, settings.inference
    threads = ThreadStore(record.database)
    calendar = Calendar(clock, settings.admin.zone)
    return Conversation(
        most_at_once=engine.limits.max_concurrent,
        threads=threads,
        librarian=Librarian(library.knowledge, library.entries, threads, answers, calendar),
        answerer=Answerer(engine, threads, answers, inference.sampling(), inference.prompt_tokens),
        topics=Topics(answers.sensitive.topics),
    )
