"""The admin pages, put together for the service."""

from bot.admin.desk import KnowledgeDesk
from bot.admin.site import AdminSite, Parts
from bot.clock import Clock
from bot.conversation.knowledge.knowledge import Knowledge
from bot.conversation.knowledge.reviews import shown_by
from bot.conversation.learning.gaps import Gaps
from bot.conversation.learning.rehearsal import Rehearsal
from bot.conversation.learning.variants import INTHREAD
from bot.learning_loop import LearningLoop
from bot.settings import Settings
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.feedback import FeedbackStore
from storage.knowledge.entries import EntryStore
from storage.learning.dismissals import DismissalStore


def build_admin(
    settings: Settings, database: Database, trail: AuditTrail, knowledge: Knowledge, loop: LearningLoop, clock: Clock
) -> AdminSite:
    """`loop`: what the pages share with the forms of Slack and the jobs."""
    desk = _desk(settings, database, trail, knowledge, loop, clock)
    parts = Parts(database=database, trail=trail, clock=clock, desk=desk)
    return AdminSite(settings.admin, settings.service.host, parts)


def _desk(
    settings: Settings, database: Database, trail: AuditTrail, knowledge: Knowledge, loop: LearningLoop, clock: Clock
) -> KnowledgeDesk:
    dismissals, as_shown = DismissalStore(database, trail), shown_by(settings.answers, clock)
    rehearsal = Rehearsal(
        real=database,
        open_embedder=lambda: knowledge.embedder,
        as_shown=as_shown,
        folder=settings.service.data_dir,
        author=INTHREAD,
        clock=clock,
    )
    return KnowledgeDesk(
        entries=EntryStore(database, trail),
        editor=loop.editor,
        gaps=Gaps(FeedbackStore(database, trail), dismissals, knowledge, as_shown),
        dismissals=dismissals,
        variants=loop.variants,
        replay=rehearsal.replay,
        link_hosts=settings.answers.link_hosts,
    )
