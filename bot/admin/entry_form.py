"""The form of an entry: what somebody wrote into it, and as they get it back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from bot.admin.errors import bad_request
from bot.admin.visits import Visit, is_number
from bot.conversation.knowledge.editing import Draft
from bot.conversation.knowledge.entry_rules import LONGEST_ANSWER, Fault
from bot.conversation.phrases import Language, language_of
from storage.knowledge.records import EVERYONE, Entry, EntryStatus, EntryText

FIELDS = ("entry_id", "seen", "lang", "question", "variants", "answer", "owner", "audience", "source_url", "review_by")


@dataclass(frozen=True, slots=True)
class EntryForm:
    """Every field as text, as it stands in the page."""

    entry_id: str = ""
    seen: str = "0"
    lang: str = "en"
    question: str = ""
    variants: str = ""
    answer: str = ""
    owner: str = ""
    audience: str = EVERYONE
    source_url: str = ""
    review_by: str = ""
    status: str = EntryStatus.DRAFT
    confirmed: str = ""

    @property
    def is_new(self) -> bool:
        return self.seen == "0"

    @property
    def fields(self) -> dict[str, str]:
        """To be carried along in a page that does not show them."""
        return {name: getattr(self, name) for name in (*FIELDS, "status", "confirmed")}

    def draft(self) -> Draft:
        """Raises: Refused, for what a browser never sends; what a person can get wrong, the editor says."""
        if self.status not in tuple(EntryStatus) or not is_number(self.seen, 9):
            raise bad_request("The form cannot be read.")
        text = EntryText(
            lang=self.lang,
            question=self.question,
            variants=tuple(line for line in self.variants.split("\n") if line.strip()),
            answer=self.answer,
            owner=self.owner,
            audience=tuple(one for one in self.audience.replace(",", " ").split()) or (EVERYONE,),
            source_url=self.source_url,
            review_by=_date(self.review_by),
        )
        return Draft(
            entry_id=self.entry_id,
            text=text,
            status=EntryStatus(self.status),
            seen=int(self.seen),
            is_confirmed=bool(self.confirmed),
        )


def read_form(visit: Visit) -> EntryForm:
    """Raises: Refused."""
    most = {"answer": 2 * LONGEST_ANSWER, "variants": 100_000}
    values = {name: visit.text(name, most.get(name, 5_000)) for name in (*FIELDS, "status", "confirmed")}
    return EntryForm(**{**values, "seen": values["seen"] or "0"})


def form_of(entry: Entry) -> EntryForm:
    text = entry.text
    return EntryForm(
        entry_id=entry.entry_id,
        seen=str(entry.revision),
        lang=text.lang,
        question=text.question,
        variants="\n".join(text.variants),
        answer=text.answer,
        owner=text.owner,
        audience=", ".join(text.audience),
        source_url=text.source_url,
        review_by=text.review_by.isoformat() if text.review_by else "",
        status=entry.status,
    )


def form_for(question: str, variants: Iterable[str] = ()) -> EntryForm:
    """A new entry about what people asked."""
    return EntryForm(lang=language_of(question, "en"), question=question, variants="\n".join(variants))


def faults_by_field(faults: Iterable[Fault], language: Language) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for fault in faults:
        found.setdefault(fault.field, []).append(fault.sentence(language))
    return found


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise bad_request("{text} is no date: write it as 2026-12-31.", text=text[:20]) from None
