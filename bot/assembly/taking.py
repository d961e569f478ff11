"""What people do, as platforms hand it in: they ask, choose, judge; and what they asked while we were away."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.assembly.conversation import Conversation
from bot.assembly.record import Record
from bot.assembly.replying import Replying
from bot.clock import Clock
from bot.delivery.catch_up import CatchUp
from bot.delivery.choosing import Choosing
from bot.delivery.failpoints import Reach
from bot.delivery.intake import Intake
from bot.delivery.judging import Judging
from bot.delivery.redacting import redacting
from bot.platforms.base import Platform
from bot.settings import Settings
from storage.feedback import FeedbackStore
from storage.looking_back import LookBackStore
from storage.watermarks import WatermarkStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    intake: Intake
    choosing: Choosing
    judging: Judging
    catch_up: CatchUp


def build_taking(
    settings: Settings,
    record: Record,
    conversation: Conversation,
    replying: Replying,
    platforms: Mapping[str, Platform],
    reach: Reach,
    clock: Clock,
) -> Taking:
    """`platforms`: whose history is looked through; there need not be any yet."""
    database, submit = record.database, replying.dispatcher.submit
    redact = redacting(settings.audit.redact, settings.answers.language)
    intake = Intake(
        replying.store,
        submit,
        settings.delivery,
        clock,
        reach,
        take_answer=replying.escalating.take_answer,
        topic_of=conversation.topics.find,
        redact=redact,
    )
    watermarks, looking_back = WatermarkStore(database), LookBackStore(database)
    return Taking(
        intake=intake,
        choosing=Choosing(replying.store, conversation.librarian, replying.audiences, submit, clock),
        judging=Judging(FeedbackStore(database, record.trail), redact, clock),
        catch_up=CatchUp(platforms, intake, watermarks, looking_back, settings.delivery, clock),
    )
