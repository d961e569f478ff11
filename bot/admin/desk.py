"""What the pages about knowledge need of the rest of the service."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.conversation.knowledge.editing import Editor
from bot.conversation.learning.gaps import Gaps
from bot.conversation.learning.rehearsal import Replay
from bot.conversation.learning.variants import Variants
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import GivenEntry
from storage.learning.dismissals import DismissalStore

Replays = Callable[[Sequence[GivenEntry], int, Callable[[int], None]], Awaitable[Replay]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeDesk:
    """`replay`: asks the last questions again, of changed entries. `link_hosts`: where links of answers may lead."""

    entries: EntryStore
    editor: Editor
    gaps: Gaps
    dismissals: DismissalStore
    variants: Variants
    replay: Replays
    link_hosts: Sequence[str] = ()
