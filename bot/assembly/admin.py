"""The admin pages."""

import structlog

from bot.admin.archive import Archive
from bot.admin.desk import KnowledgeDesk
from bot.admin.forgetting import Forgetting
from bot.admin.overview_pages import LineNow
from bot.admin.site import AdminSite, Parts
from bot.assembly.learning import LearningLoop
from bot.assembly.record import Record
from bot.browsers import is_loopback
from bot.clock import Calendar, Clock
from bot.conversation.knowledge.knowledge import Knowledge
from bot.conversation.knowledge.reviews import shown_by
from bot.conversation.learning.gaps import Gaps
from bot.conversation.learning.rehearsal import Rehearsal
from bot.conversation.learning.variants import INTHREAD
from bot.delivery.line import Line
from bot.jobs.board import JobBoard
from bot.jobs.retention import retention_rule
from bot.settings import Settings
from storage.audit.checkpointing import CheckpointStore
from storage.audit.reading import AuditReader
from storage.audit.store import AuditStore
from storage.feedback import FeedbackStore
from storage.forgetting.erasing import ErasureStore
from storage.forgetting.holds import HoldStore
from storage.forgetting.retention import RetentionStore
from storage.knowledge.entries import EntryStore
from storage.learning.dismissals import DismissalStore

log = structlog.get_logger(__name__)


def build_admin(
    settings: Settings,
    record: Record,
    knowledge: Knowledge,
    loop: LearningLoop,
    jobs: JobBoard,
    line: Line,
    erasures: ErasureStore,
    clock: Clock,
) -> AdminSite | None:
    """`loop`: what the pages share with the forms of Slack and the jobs. None where the settings turn them off."""
    if not settings.admin.enabled:
        return None
    if not is_loopback(settings.service.host) and not settings.admin.is_https:
        log.warning(
            "admin_pages_open_to_the_network",
            host=settings.service.host,
            hint="passwords and conversations cross the network in the clear: put a proxy with TLS in front and set "
            '[admin] public_url, or set [service] host = "127.0.0.1"',
        )
    parts = Parts(
        database=record.database,
        trail=record.trail,
        clock=clock,
        desk=_desk(settings, record, knowledge, loop, clock),
        archive=_archive(settings, record),
        forgetting=_forgetting(settings, record, erasures),
        jobs=jobs,
        line=lambda: LineNow(line.active, line.waiting),
    )
    return AdminSite(settings.admin, settings.service.host, parts)


def _archive(settings: Settings, record: Record) -> Archive:
    database, trail = record.database, record.trail
    return Archive(
        reader=AuditReader(database, trail.pseudonym, trail.keys),
        pseudonym=trail.pseudonym,
        index=record.index,
        store=AuditStore(database, trail.keys),
        checkpoints=CheckpointStore(database, record.signer),
        signer=record.signer,
        zone=settings.admin.zone,
        link_hosts=settings.answers.link_hosts,
    )


def _forgetting(settings: Settings, record: Record, erasures: ErasureStore) -> Forgetting:
    database, trail = record.database, record.trail
    rule = retention_rule(settings.audit, settings.admin.zone)
    return Forgetting(
        erasures=erasures,
        holds=HoldStore(database, trail),
        retention=RetentionStore(database, trail, rule, record.index),
        rule=rule,
    )


def _desk(settings: Settings, record: Record, knowledge: Knowledge, loop: LearningLoop, clock: Clock) -> KnowledgeDesk:
    database, trail = record.database, record.trail
    entries, dismissals = EntryStore(database, trail), DismissalStore(database, trail)
    calendar = Calendar(clock, settings.admin.zone)
    as_shown = shown_by(settings.answers, calendar)
    rehearsal = Rehearsal(
        real=database,
        open_embedder=lambda: knowledge.embedder,
        as_shown=as_shown,
        folder=settings.service.data_dir,
        author=INTHREAD,
        calendar=calendar,
    )
    return KnowledgeDesk(
        entries=entries,
        editor=loop.editor,
        gaps=Gaps(FeedbackStore(database, trail), dismissals, knowledge, as_shown),
        dismissals=dismissals,
        variants=loop.variants,
        replay=rehearsal.replay,
        link_hosts=settings.answers.link_hosts,
    )
