"""The loop: what people say makes the answers better."""

from dataclasses import dataclass

from bot.assembly.record import Record
from bot.clock import Calendar, Clock
from bot.conversation.knowledge.editing import Editor
from bot.conversation.knowledge.looking_up import LooksUp
from bot.conversation.knowledge.reviews import shown_by
from bot.conversation.learning.gaps import Gaps
from bot.conversation.learning.variants import LearningStores, Variants
from bot.delivery.gap_desk import GapDesk
from bot.delivery.intake import Submit
from bot.delivery.owners import Owners
from bot.delivery.people import People
from bot.jobs.digest import WeeklyDigest
from bot.jobs.reviews import ReviewReminders
from bot.jobs.schedule import Telling
from bot.platforms.slack.platform import SlackPlatform
from bot.settings import Settings
from storage.feedback import FeedbackStore
from storage.knowledge.entries import EntryStore
from storage.learning.digests import DigestStore
from storage.learning.dismissals import DismissalStore
from storage.learning.rejections import RejectionStore
from storage.learning.reminders import ReminderStore


@dataclass(frozen=True, slots=True)
class LearningLoop:
    """`telling`: jobs that tell owners something; none where there is no place to tell them."""

    variants: Variants
    editor: Editor
    gap_desk: GapDesk
    telling: tuple[Telling, ...]


def build_loop(
    settings: Settings,
    record: Record,
    knowledge: LooksUp,
    people: People,
    submit: Submit,
    clock: Clock,
) -> LearningLoop:
    """`people`: which channel is whose. `submit`: shows what owners are told."""
    answers, jobs = settings.answers, settings.jobs
    database, trail = record.database, record.trail
    entries, feedback, digests = (
        EntryStore(database, trail),
        FeedbackStore(database, trail),
        DigestStore(database, trail),
    )
    calendar = Calendar(clock, settings.admin.zone)
    editor, owners = Editor(entries, calendar), Owners(SlackPlatform.name, submit)
    stores = LearningStores(entries, feedback, RejectionStore(database, trail))
    gaps = Gaps(feedback, DismissalStore(database, trail), knowledge, shown_by(answers, calendar))
    digest = WeeklyDigest(jobs.digest, gaps, digests, owners, people, answers.language, clock)
    reviews = ReviewReminders(jobs.reviews, answers, entries, ReminderStore(database), owners, people, clock)
    return LearningLoop(
        Variants(stores, knowledge, answers.variants_after_people, clock),
        editor,
        GapDesk(digests, editor, owners, clock),
        (digest, reviews) if settings.slack.is_on else (),
    )
