"""What leaves the store of knowledge: frozen records."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

EVERYONE = "everyone"


class EntryStatus(StrEnum):
    DRAFT = "draft"  # proposed: nobody is answered with it
    PUBLISHED = "published"
    RETIRED = "retired"  # kept for the record, never shown again


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes what the company knows. `platform` is `cli` for whoever types commands on the machine, no tenant."""

    platform: str
    tenant: str
    user: str

    def __str__(self) -> str:
        """As it stands with a revision: `slack:T1:U1`."""
        return ":".join(part for part in (self.platform, self.tenant, self.user) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryText:
    """What one revision of an entry says.

    `lang`: "en" or "zh". `answer`: Markdown, shown word for word. `audience`: `everyone`, `channel:C…`, `group:S…`;
    whoever matches one of them may see the entry. `owner`: whom to ask, an address or a channel.
    """

    lang: str
    question: str
    variants: tuple[str, ...]
    answer: str
    owner: str
    audience: tuple[str, ...] = (EVERYONE,)
    source_url: str = ""
    verified_at: date | None = None
    review_by: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as one of its revisions has it. `revision` counts from 1; `status` is today's, whatever the revision."""

    entry_id: str
    revision: int
    status: EntryStatus
    text: EntryText
    author: str
    revised_at: datetime

    @property
    def phrasings(self) -> tuple[str, ...]:
        """All the ways in which it is known to be asked, the question first."""
        return (self.text.question, *self.text.variants)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenEntry:
    """An entry as a file gives it. What it leaves open, its `status` and `text.verified_at`, stays as it is."""

    entry_id: str
    text: EntryText
    status: EntryStatus | None = None


@dataclass(frozen=True, slots=True)
class EntryChange:
    """What becomes of an entry. `before` is None for a new one."""

    before: Entry | None
    after: Entry

    @property
    def is_revision(self) -> bool:
        """Whether the text is another one, or the first."""
        return self.before is None or self.before.revision != self.after.revision

    @property
    def fields(self) -> tuple[str, ...]:
        """What reads otherwise than before, by the names of `EntryText`, and `status`."""
        if self.before is None:
            return ()
        old, new = self.before, self.after
        texts = tuple(name for name in FIELDS if getattr(old.text, name) != getattr(new.text, name))
        return texts if old.status is new.status else (*texts, "status")


FIELDS = tuple(EntryText.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a handbook. `heading_path`: the headings it stands under, outermost first: its citation.

    `passage_id` follows from document, headings and words, so that what did not change keeps its id.
    """

    passage_id: str
    document: str
    heading_path: tuple[str, ...]
    text: str
    lang: str
    audience: tuple[str, ...] = (EVERYONE,)
    source_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDocument:
    """A file of a handbook as an import gives it: `text` whole, and in the passages that it was split into.

    `name`: the collection and the path in it, `handbook/leave/annual.md`. The passages are all of this name, audience
    and address.
    """

    name: str
    text: str = field(repr=False)
    passages: tuple[Passage, ...] = field(repr=False)
    audience: tuple[str, ...] = (EVERYONE,)
    source_url: str = ""


class DocumentOutcome(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    LEFT = "left alone"
    REMOVED = "removed"  # its file is gone


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """What becomes of a document. `new_passages`: those of its `passages` that were not there before."""

    name: str
    outcome: DocumentOutcome
    passages: int
    new_passages: int


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    name: str
    collection: str
    passages: int
    audience: tuple[str, ...]
    imported_at: datetime
