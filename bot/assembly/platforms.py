"""Where people ask: Slack and the browser chat, each with what it needs of the rest."""

from bot.assembly.conversation import Conversation
from bot.assembly.learning import LearningLoop
from bot.assembly.record import Record
from bot.assembly.replying import Replying, furnishing_of
from bot.assembly.taking import Taking
from bot.clock import Clock
from bot.conversation.messages import ThreadKey
from bot.delivery.privacy import PrivacyDesk, Way
from bot.platforms.slack import surroundings as slack
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.web import api as web
from bot.platforms.web.platform import WebPlatform
from bot.settings import Settings
from storage.chat_visits import ChatVisits
from storage.feedback import FeedbackStore
from storage.forgetting.erasing import ErasureStore
from storage.forgetting.own_data import OwnDataStore
from storage.looking_back import LookBackStore
from storage.records import AskedQuestion
from storage.transcripts import TranscriptStore


def build_platforms(
    settings: Settings,
    record: Record,
    conversation: Conversation,
    replying: Replying,
    taking: Taking,
    loop: LearningLoop,
    erasures: ErasureStore,
    clock: Clock,
) -> list[SlackPlatform | WebPlatform]:
    """Those that the settings turn on."""
    platforms: list[SlackPlatform | WebPlatform] = []
    if settings.slack.is_on:
        platforms.append(_slack(settings, record, conversation, replying, taking, loop, erasures, clock))
    if settings.web.enabled:
        platforms.append(_web(settings, record, replying, taking, erasures, clock))
    return platforms


def _slack(
    settings: Settings,
    record: Record,
    conversation: Conversation,
    replying: Replying,
    taking: Taking,
    loop: LearningLoop,
    erasures: ErasureStore,
    clock: Clock,
) -> SlackPlatform:
    threads, transcripts = conversation.threads, TranscriptStore(record.database)

    async def knows_thread(key: ThreadKey) -> bool:
        return await threads.is_ours(key.platform, key.tenant, key.channel, key.thread)

    async def last_questions(tenant: str, user: str, limit: int) -> list[AskedQuestion]:
        return await transcripts.questions_of(SlackPlatform.name, tenant, user, limit=limit)

    delivery = slack.Delivery(
        accept=taking.intake.accept,
        edit=taking.intake.edit,
        withdraw=taking.intake.withdraw,
        ask_again=taking.intake.ask_again,
        choose=taking.choosing.choose,
        decline=taking.choosing.decline,
        judge=taking.judging.judge,
        ask_people=replying.escalating.ask,
        knows_thread=knows_thread,
        awaits_answer=replying.escalating.awaits_answer,
        topic_of=conversation.topics.find,
        stop_reply=replying.dispatcher.stop_reply,
        stop_thread=replying.dispatcher.stop_thread,
        last_questions=last_questions,
        privacy=_privacy(settings, record, erasures, clock, "way_command"),
        editor=loop.editor,
        gap_desk=loop.gap_desk,
    )
    looking_back, language = LookBackStore(record.database), settings.answers.language
    return SlackPlatform(settings.slack, delivery, looking_back, language, clock, taking.catch_up.request)


def _web(
    settings: Settings,
    record: Record,
    replying: Replying,
    taking: Taking,
    erasures: ErasureStore,
    clock: Clock,
) -> WebPlatform:
    database, trail = record.database, record.trail
    return WebPlatform(
        settings.web,
        settings.answers,
        furnishing_of(settings),
        host=settings.service.host,
        key_path=settings.service.data_dir / "web.key",
        stores=web.Stores(
            replying.store,
            TranscriptStore(database),
            FeedbackStore(database, trail),
            ChatVisits(database, trail),
        ),
        delivery=web.Delivery(
            accept=taking.intake.accept,
            stop_reply=replying.dispatcher.stop_reply,
            choose=taking.choosing.choose,
            decline=taking.choosing.decline,
            judge=taking.judging.judge,
            ask_people=replying.escalating.ask,
            privacy=_privacy(settings, record, erasures, clock, "way_page"),
        ),
        clock=clock,
    )


def _privacy(settings: Settings, record: Record, erasures: ErasureStore, clock: Clock, way: Way) -> PrivacyDesk:
    store = OwnDataStore(record.database, record.trail)
    return PrivacyDesk(store, erasures, settings.audit, clock, way=way)
