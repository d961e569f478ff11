"""Why words do not become a variant of an entry. A variant that misleads sends everybody to the wrong answer."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum

from bot.conversation.knowledge.findings import Findings, Route
from bot.conversation.learning.personal_data import has_personal_data
from bot.conversation.phrases import language_of
from storage.knowledge.records import Entry
from storage.learning.rejections import same_words

SHORTEST, SHORTEST_CHINESE = 8, 4  # characters that count: "and then?" is asked about anything
LONGEST = 200  # characters; what is longer tells a story
MOST_VARIANTS = 50  # of an entry, before words are added to it by themselves


class Obstacle(StrEnum):
    """Each a clause for a person."""

    NO_ENTRY = "the entry is not published any more"
    LANGUAGE = "it is in another language than the entry"
    SHORT = "it is too short to be told from other questions"
    LONG = f"it has more than {LONGEST} characters"
    PERSONAL = "it has an address, a link, somebody's name or a long number in it"
    KNOWN = "the entry has it already"
    TAKEN_OUT = "the entry had it once, and somebody took it out"
    REJECTED = "somebody has rejected it"
    FULL = f"the entry has {MOST_VARIANTS} variants"
    ANOTHERS = "another entry has it"
    NEARER = "another entry is nearer to it, or none is near"


def obstacle_of_words(text: str, entry: Entry) -> Obstacle | None:
    """What the words themselves, and the entry as it is, say against it."""
    language, counting = language_of(text), len(same_words(text))
    if counting < (SHORTEST_CHINESE if language == "zh" else SHORTEST):
        return Obstacle.SHORT
    if len(text) > LONGEST:
        return Obstacle.LONG
    if has_personal_data(text):
        return Obstacle.PERSONAL
    if language != entry.text.lang:
        return Obstacle.LANGUAGE
    if is_asked_as(entry, text):
        return Obstacle.KNOWN
    return Obstacle.FULL if len(entry.text.variants) >= MOST_VARIANTS else None


def obstacle_of_past(text: str, revisions: Sequence[Entry]) -> Obstacle | None:
    return Obstacle.TAKEN_OUT if any(is_asked_as(revision, text) for revision in revisions) else None


def obstacle_of_others(text: str, entry: Entry, owners: Mapping[str, Collection[str]]) -> Obstacle | None:
    """`owners`: of `owners_of`."""
    return Obstacle.ANOTHERS if set(owners.get(same_words(text), ())) - {entry.entry_id} else None


def obstacle_of_nearness(entry: Entry, findings: Findings) -> Obstacle | None:
    """`findings`: what the words find, by themselves, among all entries."""
    nearest = findings.entries[0].entry.entry_id if findings.entries else None
    return None if nearest == entry.entry_id and findings.route is not Route.NONE else Obstacle.NEARER


def owners_of(entries: Iterable[Entry]) -> dict[str, set[str]]:
    """Ids of the entries that are asked in the same words."""
    owners: dict[str, set[str]] = {}
    for entry in entries:
        for phrasing in entry.phrasings:
            owners.setdefault(same_words(phrasing), set()).add(entry.entry_id)
    return owners


def is_asked_as(entry: Entry, text: str) -> bool:
    return same_words(text) in map(same_words, entry.phrasings)
