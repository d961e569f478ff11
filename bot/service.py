"""The composition root: the only place that knows all parts. Opens them in order, closes them in reverse."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from bot import metrics
from bot.admin_site import build_admin
from bot.clock import Calendar, Clock, SystemClock
from bot.conversation.answering import Answerer
from bot.conversation.knowledge.knowledge import Knowledge
from bot.conversation.knowledge.latest import KnowledgeStores
from bot.conversation.knowledge.looking_up import FindsEntries
from bot.conversation.librarian import Librarian
from bot.conversation.messages import Outcome, ThreadKey
from bot.conversation.phrases import language_of
from bot.conversation.redaction import Redacted, Redactor
from bot.conversation.topics import Topics
from bot.database_health import DatabaseHealth
from bot.delivery.audience import Audiences
from bot.delivery.catch_up import CatchUp
from bot.delivery.choosing import Choosing
from bot.delivery.composing import Composer
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.duplicates import DuplicateCheck
from bot.delivery.escalating import Escalating
from bot.delivery.failpoints import Reach, parse_failpoint
from bot.delivery.final_content import Furnishing
from bot.delivery.intake import Intake
from bot.delivery.line import Line
from bot.delivery.people import NOBODY, People
from bot.delivery.privacy import PrivacyDesk, Way
from bot.delivery.worker import Worker
from bot.error_tally import ErrorTally
from bot.errors import StartFailed
from bot.http_server import HttpServer
from bot.jobs.board import JobBoard
from bot.jobs.checkpoints import Checkpoints
from bot.jobs.model_update import ModelUpdate
from bot.jobs.quiet import quiet_times
from bot.jobs.retention import Retention, retention_rule
from bot.jobs.schedule import Keeping, job_table
from bot.learning_loop import build_loop
from bot.loop_lag import LoopLag
from bot.platforms.base import Platform
from bot.platforms.errors import PlatformUnauthorized
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.surroundings import Delivery
from bot.platforms.web.api import Delivery as WebDelivery
from bot.platforms.web.api import Stores
from bot.platforms.web.platform import WebPlatform
from bot.settings import Settings
from bot.settings_listing import values_by_name
from bot.versions import installed_versions
from inference.embedding.opening import open_embedder
from inference.engine import Engine
from inference.factory import open_engine, preload
from inference.switching import SwitchableEngine
from storage import migrations
from storage.audit.checkpointing import CheckpointStore
from storage.audit.key_store import open_body_keys
from storage.audit.old_bodies import seal_old_bodies
from storage.audit.opening import load_trail
from storage.audit.search_index import SearchIndex
from storage.audit.settings_changes import SettingsRecord
from storage.audit.signing import Signer, load_signer
from storage.audit.trail import AuditTrail
from storage.chat_visits import ChatVisits
from storage.database import Database
from storage.errors import Trouble
from storage.escalations import EscalationStore
from storage.feedback import FeedbackStore, Verdict
from storage.forgetting.erasing import ErasureStore
from storage.forgetting.own_data import OwnDataStore
from storage.forgetting.retention import RetentionStore
from storage.forgetting.traces import Person
from storage.knowledge.entries import EntryStore
from storage.knowledge.passages import PassageStore
from storage.knowledge.vectors import VectorStore
from storage.lock import sole_service
from storage.looking_back import LookBackStore
from storage.model_updates import ModelUpdateStore
from storage.records import AskedQuestion, Reply, ReplyState
from storage.replies import ReplyStore
from storage.threads import ThreadStore
from storage.transcripts import TranscriptStore
from storage.watermarks import WatermarkStore

log = structlog.get_logger(__name__)

# How a reply can end, as the metrics name it.
OUTCOMES = (*Outcome, ReplyState.WITHDRAWN.lower(), ReplyState.UNDELIVERABLE.lower())


async def serve(
    settings: Settings, stop: asyncio.Event, on_ready: Callable[[], None] = lambda: None, clock: Clock | None = None
) -> None:
    """Run until `stop` is set, then drain. A second stop is the caller's: it cancels.

    `on_ready` is called once, when every platform takes questions.

    Raises: ServiceError, StorageError, InferenceError, when the service cannot start or go on.
    """
    async with open_service(settings, clock or SystemClock()) as service:
        await service.run(stop, on_ready)


@asynccontextmanager
async def open_service(settings: Settings, clock: Clock) -> AsyncGenerator["Service", None]:
    """All parts, wired, none of them taking questions yet."""
    if not settings.slack.is_on and not settings.web.enabled:
        raise StartFailed(
            "no platform to serve: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN in the environment, "
            "turn on the browser chat ([web] enabled), or try it without Slack: `inthread run --sandbox`"
        )
    if settings.slack.is_on and (missing := settings.slack.missing_secrets):
        raise StartFailed(
            f"Slack is on, and the environment has no {' and no '.join(missing)}: "
            f'[slack] mode = "{settings.slack.mode}" needs it (docs/slack.md says where it comes from)'
        )
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(_make_folder, settings.service.data_dir)
        stack.enter_context(sole_service(settings.database_url))
        await asyncio.to_thread(prepare_data, settings)
        trail = await asyncio.to_thread(load_trail, settings.audit_files)
        signer = await asyncio.to_thread(load_signer, settings.audit_files.signing_key)
        engine = SwitchableEngine(await asyncio.to_thread(open_engine, settings.inference, settings.models_dir))
        stack.push_async_callback(engine.close)
        database = await stack.enter_async_context(await Database.open(settings.database_url, metrics.record_database))
        await database.probe()  # a disk that is full already is said now, not to the first who asks
        await SettingsRecord(database, trail).record(values_by_name(settings), clock.now())
        knowledge, entries = open_knowledge(settings, database, trail, clock)
        stack.push_async_callback(knowledge.close)
        await knowledge.open()
        index = SearchIndex(database, trail.pseudonym, trail.keys)
        keeping = Keeping(
            Checkpoints(CheckpointStore(database, signer), settings.audit, settings.audit_files, clock),
            Retention(
                RetentionStore(database, trail, retention_rule(settings.audit, settings.admin.zone), index),
                clock,
                settings.jobs.retention_time,
                settings.admin.zone,
            ),
        )
        service = Service(settings, engine, database, trail, signer, knowledge, entries, keeping, clock)
        stack.push_async_callback(service.close)
        yield service


def prepare_data(settings: Settings) -> tuple[str | None, str | None]:
    """The data folder, and the database at this version's revision; the revision before and after. Blocks."""
    _make_folder(settings.service.data_dir)
    before, after = migrations.upgrade(settings.database_url)
    if before != after:
        log.info("database_migrated", before=before, after=after)
    keys = open_body_keys(settings.audit_files.body_keys, settings.audit_files.master_key)
    if sealed := seal_old_bodies(settings.database_url, keys):
        log.info("audit_bodies_encrypted", entries=sealed)
    return before, after


def open_knowledge(
    settings: Settings, database: Database, trail: AuditTrail, clock: Clock
) -> tuple[Knowledge, EntryStore]:
    """What the company knows: how it is searched, and where its entries are kept. The caller opens and closes it."""
    stores = KnowledgeStores(EntryStore(database, trail), PassageStore(database, trail), VectorStore(database))
    opening = partial(open_embedder, settings.answers.encoder, settings.models_dir)
    return Knowledge(stores, opening, clock), stores.entries


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartFailed(
            f"cannot create the data folder {folder} ({error.strerror}): change [service] data_dir, or its permissions"
        ) from error


class Service:
    """The parts of a running inthread and how they hang together."""

    def __init__(
        self,
        settings: Settings,
        engine: SwitchableEngine,
        database: Database,
        trail: AuditTrail,
        signer: Signer,
        knowledge: Knowledge,
        entries: FindsEntries,
        keeping: Keeping,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._keeping = keeping
        self._engine = engine
        self._clock = clock
        self._began_at = clock.monotonic()
        self._errors = ErrorTally(clock)
        self._versions = installed_versions()
        self._platforms: dict[str, Platform] = {}
        answers = settings.answers
        people = People(answers.ask_channel, answers.owner_channels) if settings.slack.is_on else NOBODY
        self._furnishing = Furnishing(
            disclaimer=answers.disclaimer,
            people=people,
            contact=answers.sensitive.contact,
            withholds_overdue=answers.withhold_overdue,
        )
        self._threads = ThreadStore(database)
        replies = self._replies = ReplyStore(database, trail)
        self._line = Line(
            max_active=engine.limits.max_concurrent,
            waiting_per_user=settings.delivery.waiting_per_user,
            waiting_total=settings.delivery.waiting_total,
        )
        self._knowledge = knowledge
        librarian = Librarian(knowledge, entries, self._threads, settings.answers, Calendar(clock, settings.admin.zone))
        audiences = self._audiences = Audiences(knowledge, self._platforms)
        reach = parse_failpoint(settings.delivery.failpoint)
        worker = self._worker(librarian, reach)
        self._dispatcher = Dispatcher(replies, worker, self._line, settings.delivery, clock)
        self._feedback = FeedbackStore(database, trail)
        submit = self._dispatcher.submit
        self._loop = build_loop(settings, database, trail, knowledge, people, submit, clock)
        self._escalating = Escalating(
            store=EscalationStore(database, trail),
            replies=replies,
            threads=self._threads,
            submit=submit,
            platforms=self._platforms,
            platform=SlackPlatform.name if settings.slack.is_on else None,
            people=people,
            language=answers.language,
            clock=clock,
        )
        self._choosing = Choosing(replies, librarian, audiences, submit, clock)
        self._health = DatabaseHealth(database, clock, self._go_on)
        self._redactor = Redactor(settings.audit.redact)
        index = SearchIndex(database, trail.pseudonym, trail.keys)
        erasures = ErasureStore(database, trail, index, self._on_erased)

        def privacy(way: Way) -> PrivacyDesk:
            return PrivacyDesk(OwnDataStore(database, trail), erasures, settings.audit, clock, way=way)

        topics = self._topics = Topics(answers.sensitive.topics)
        self._intake = Intake(
            replies,
            submit,
            settings.delivery,
            clock,
            reach,
            take_answer=self._escalating.take_answer,
            topic_of=topics.find,
            redact=self._redact,
        )
        self._duplicates = DuplicateCheck(replies, self._platforms, clock)
        record = LookBackStore(database)
        self._catch_up = CatchUp(
            self._platforms, self._intake, WatermarkStore(database), record, settings.delivery, clock
        )
        self._model_update = (
            self._update_of_model(ModelUpdateStore(database, trail)) if settings.jobs.model_update.enabled else None
        )
        self._jobs = JobBoard(clock)
        self._admin = None
        self._chat: WebPlatform | None = None
        routes: list[web.RouteDef] = []
        if settings.slack.is_on:
            slack = self._slack_platform(TranscriptStore(database), record, privacy("way_command"), clock)
            self._platforms[slack.name] = slack
            routes += slack.routes()
        if settings.web.enabled:
            visits = ChatVisits(database, trail)
            stores = Stores(replies, TranscriptStore(database), self._feedback, visits)
            chat = self._chat = self._web_platform(stores, privacy("way_page"), clock)
            self._platforms[chat.name] = chat
            routes += chat.routes()
        if settings.admin.enabled:
            self._admin = build_admin(
                settings, database, trail, signer, knowledge, self._loop, self._jobs, self._line, erasures, clock
            )
            routes += self._admin.routes()
        metrics.begin(self._platforms, OUTCOMES, Trouble)
        metrics.describe_build(self._versions["inthread"], self._versions["python"], self._versions["sqlite"])
        metrics.describe_model(engine.model.id, engine.model.sha256)
        metrics.watch_engine(lambda: engine.load)
        metrics.watch_line(lambda: self._line.waiting, lambda: self._line.active)
        self._loop_lag = LoopLag(clock)
        socket = Path(settings.admin.proxy_socket) if self._admin and settings.admin.proxy_socket else None
        service = settings.service
        self._http = HttpServer(service.host, service.port, self.readiness, self.status, routes, socket)

    def _worker(self, librarian: Librarian, reach: Reach) -> Worker:
        settings = self._settings
        answerer = Answerer(
            self._engine,
            self._threads,
            settings.answers,
            settings.inference.sampling(),
            settings.inference.prompt_tokens,
        )
        composer = Composer(
            store=self._replies,
            librarian=librarian,
            audiences=self._audiences,
            answerer=answerer,
            line=self._line,
            lease=timedelta(seconds=settings.delivery.lease_seconds),
            clock=self._clock,
            new_incident_id=_new_incident_id,
        )
        return Worker(
            store=self._replies,
            composer=composer,
            line=self._line,
            settings=settings.delivery,
            answers=settings.answers,
            furnishing=self._furnishing,
            clock=self._clock,
            new_incident_id=_new_incident_id,
            on_undeliverable=self._on_undeliverable,
            reach=reach,
        )

    def _update_of_model(self, store: ModelUpdateStore) -> ModelUpdate:
        inference, models_dir = self._settings.inference, self._settings.models_dir

        def open_model(name: str) -> Engine:
            return open_engine(inference.model_copy(update={"model": name}), models_dir)

        return ModelUpdate(
            self._settings.jobs.model_update,
            inference,
            models_dir,
            engine=self._engine,
            open_model=open_model,
            store=store,
            quiet=quiet_times(self._line, self._clock),
            clock=self._clock,
        )

    def _slack_platform(
        self, transcripts: TranscriptStore, record: LookBackStore, privacy: PrivacyDesk, clock: Clock
    ) -> SlackPlatform:
        async def last_questions(tenant: str, user: str, limit: int) -> list[AskedQuestion]:
            return await transcripts.questions_of(SlackPlatform.name, tenant, user, limit=limit)

        delivery = Delivery(
            accept=self._intake.accept,
            edit=self._intake.edit,
            withdraw=self._intake.withdraw,
            ask_again=self._intake.ask_again,
            choose=self._choosing.choose,
            decline=self._choosing.decline,
            judge=self._judge,
            ask_people=self._escalating.ask,
            knows_thread=self._knows_thread,
            awaits_answer=self._escalating.awaits_answer,
            topic_of=self._topics.find,
            stop_reply=self._dispatcher.stop_reply,
            stop_thread=self._dispatcher.stop_thread,
            last_questions=last_questions,
            privacy=privacy,
            editor=self._loop.editor,
            gap_desk=self._loop.gap_desk,
        )
        language = self._settings.answers.language
        return SlackPlatform(self._settings.slack, delivery, record, language, clock, self._catch_up.request)

    def _web_platform(self, stores: Stores, privacy: PrivacyDesk, clock: Clock) -> WebPlatform:
        return WebPlatform(
            self._settings.web,
            self._settings.answers,
            self._furnishing,
            host=self._settings.service.host,
            key_path=self._settings.service.data_dir / "web.key",
            stores=stores,
            delivery=WebDelivery(
                accept=self._intake.accept,
                stop_reply=self._dispatcher.stop_reply,
                choose=self._choosing.choose,
                decline=self._choosing.decline,
                judge=self._judge,
                ask_people=self._escalating.ask,
                privacy=privacy,
            ),
            clock=clock,
        )

    def readiness(self) -> dict[str, bool]:
        """Whether questions can be written down, and each platform takes them, now.

        They are taken while the model still loads: they wait in line.
        """
        platforms = {name: platform.is_ready for name, platform in self._platforms.items()}
        return {"storage": self._health.is_healthy, **platforms}

    async def status(self) -> dict[str, Any]:
        """How it is, for `inthread status`: figures and names, never text."""
        counts = await self._replies.count_by_state()
        return {
            "service": "inthread",
            "version": self._versions["inthread"],
            "uptime_seconds": round(self._clock.monotonic() - self._began_at, 1),
            "ready": {"model": self._line.is_open, **self.readiness()},
            "model": {"id": self._engine.model.id, "sha256": self._engine.model.sha256},
            "line": {"is_open": self._line.is_open, "active": self._line.active, "waiting": self._line.waiting},
            "replies": {str(state): count for state, count in sorted(counts.items())},
            "errors_last_hour": self._errors.count(),
        }

    async def run(self, stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
        """Take questions and answer them until `stop` is set."""
        self._errors.attach()
        await self._http.start()
        log.info("listening", url=self._http.url)
        # Importing a model's libraries holds the interpreter for seconds: done before anybody expects an answer.
        await asyncio.to_thread(preload, self._settings.inference)
        await self._dispatcher.start(self._platforms)
        self._jobs.start(
            job_table(
                self._settings.jobs,
                self._dispatcher,
                self._duplicates,
                self._catch_up,
                self._loop.variants,
                self._keeping,
                self._loop.telling,
                self._model_update,
                None if self._admin is None else self._admin.keep_indexed,
            )
        )
        starts = {asyncio.create_task(self._start_platform(platform)) for platform in self._platforms.values()}
        following = asyncio.create_task(self._knowledge.keep_fresh(), name="knowledge")
        background = {
            asyncio.create_task(self._loop_lag.watch(), name="loop lag"),
            asyncio.create_task(self._health.watch(), name="database health"),
            asyncio.create_task(self._warm_up(), name="warm-up"),
            asyncio.create_task(self._catch_up.run(), name="catch-up"),
            *starts,
            asyncio.create_task(_announce(starts, on_ready), name="announcement"),
        }
        try:
            await _until(stop, {following, *background})
        finally:
            log.info("stopping")
            self._jobs.stop()
            self._intake.close()
            for task in background:
                task.cancel()
            await asyncio.wait(background)
            await asyncio.gather(*(platform.stop_intake() for platform in self._platforms.values()))
            await self._dispatcher.drain()
            following.cancel()  # not before: a reply that is being finished may wait for the first snapshot
            await asyncio.wait({following})
            log.info("stopped")

    async def close(self) -> None:
        for platform in self._platforms.values():
            await platform.stop()
        await self._http.close()
        if self._admin is not None:
            await self._admin.close()
        self._errors.detach()

    async def _warm_up(self) -> None:
        await self._engine.warm_up()
        self._line.open()
        self._loop_lag.reset()
        log.info("model_ready", model=self._engine.model.id)

    async def _start_platform(self, platform: Platform) -> None:
        try:
            await platform.start()
        except PlatformUnauthorized as error:
            app_token = (
                "" if self._settings.slack.mode == "http" else " and SLACK_APP_TOKEN (xapp-…, connections:write)"
            )
            raise StartFailed(
                f"{platform.name} refuses the token ({error.code}): check SLACK_BOT_TOKEN (xoxb-…){app_token} "
                "and that the app is installed"
            ) from error
        log.info("ready", platform=platform.name)
        self._catch_up.request()

    async def _go_on(self) -> None:
        """The database takes writes again: take up what was given up, look for what nobody could write down."""
        await self._dispatcher.take_up_orphans()
        self._catch_up.request()

    async def _judge(self, reply_id: str, user: str, verdict: Verdict, comment: str | None) -> bool:
        """Keep what somebody thinks of a reply. False: there is nothing to have an opinion of."""
        said = None if comment is None else self._redact(comment).text
        reply = await self._feedback.record(reply_id, user, verdict, self._clock.now(), said)
        if reply is None:
            return False
        metrics.record_feedback(reply.platform, verdict)
        log.info("reply_judged", reply_id=reply_id, verdict=verdict, has_comment=bool(comment))
        return True

    def _redact(self, text: str) -> Redacted:
        redacted = self._redactor.redact(text, language_of(text, self._settings.answers.language))
        for kind, count in redacted.counts.items():
            metrics.record_redacted(kind, count)
        return redacted

    async def _on_erased(self, person: Person) -> None:
        """Nothing is written to them any more that they asked before, and no page of theirs shows it."""
        await self._dispatcher.let_go(person.platform, person.user)
        if self._chat is not None and person.platform == self._chat.name:
            self._chat.forget(person.user)

    async def _on_undeliverable(self, reply: Reply) -> None:
        await self._escalating.on_undeliverable(reply)

    async def _knows_thread(self, key: ThreadKey) -> bool:
        return await self._threads.is_ours(key.platform, key.tenant, key.channel, key.thread)


def _new_incident_id() -> str:
    return secrets.token_hex(4)


async def _announce(starts: set[asyncio.Task[None]], on_ready: Callable[[], None]) -> None:
    await asyncio.wait(starts)
    if all(not start.cancelled() and start.exception() is None for start in starts):
        on_ready()


async def _until(stop: asyncio.Event, background: set[asyncio.Task[None]]) -> None:
    """Wait for the stop; a background task that fails ends the service with its error."""
    stopping: asyncio.Task[object] = asyncio.create_task(stop.wait())
    waiting: set[asyncio.Task[Any]] = {stopping, *background}
    try:
        while stopping in waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        stopping.cancel()
