"""What leaves the store of knowledge: frozen records."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

EVERYONE = "everyone"


class EntryStatus(StrEnum):
    DRAFT = "draft"  # proposed: nobody is answered with it
    PUBLISHED = "published"
    RETIRED = "retired"  # kept for the record, never shown again


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
    """An entry as one of its revisions has it. `revision` counts from 1."""

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
