"""Entries that are asked in nearly the same words: a gate cannot tell them apart, nor can people."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from storage.knowledge.records import EVERYONE, Entry
from storage.knowledge.words import words_of

NEAR = 0.85  # of the words, weighted by how rare they are, in common
RAREST = 3  # two phrasings that are compared share one of each other's rarest words
MOST_COMPARED = 20  # with each phrasing, for each of these words: 5,000 entries take two seconds


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """The two phrasings that are nearest. `likeness` from 0 to 1."""

    entry_id: str
    phrasing: str
    other_id: str
    other_phrasing: str
    likeness: float


@dataclass(frozen=True, slots=True)
class _Phrasing:
    entry: Entry
    text: str
    words: frozenset[str]
    weight: float


def find_near_duplicates(entries: Sequence[Entry]) -> list[NearDuplicate]:
    """Each pair of entries once, by id. Entries for different audiences may well be asked in the same words."""
    texts = [(entry, text, frozenset(words_of(text))) for entry in entries for text in entry.phrasings]
    counts = Counter(word for _, _, words in texts for word in words)
    rarity = {word: math.log(1 + len(texts) / count) for word, count in counts.items()}
    phrasings = [_Phrasing(entry, text, words, _weight(words, rarity)) for entry, text, words in texts]
    nearest: dict[tuple[str, str], NearDuplicate] = {}
    for one, other in _candidates(phrasings, rarity):
        if not _share_audience(one.entry, other.entry):
            continue
        likeness = 2 * _weight(one.words & other.words, rarity) / (one.weight + other.weight)
        pair = one.entry.entry_id, other.entry.entry_id
        if likeness >= NEAR and (pair not in nearest or likeness > nearest[pair].likeness):
            nearest[pair] = NearDuplicate(pair[0], one.text, pair[1], other.text, likeness)
    return [nearest[pair] for pair in sorted(nearest)]


def _candidates(phrasings: Sequence[_Phrasing], rarity: dict[str, float]) -> Iterator[tuple[_Phrasing, _Phrasing]]:
    """Pairs of different entries, the one with the smaller id first."""
    having: dict[str, list[_Phrasing]] = defaultdict(list)
    for phrasing in phrasings:
        rarest = sorted(phrasing.words, key=lambda word: (-rarity[word], word))[:RAREST]
        for word in rarest:
            for other in having[word]:
                if other.entry.entry_id != phrasing.entry.entry_id:
                    one, two = sorted((phrasing, other), key=lambda each: each.entry.entry_id)
                    yield one, two
            if len(having[word]) < MOST_COMPARED:
                having[word].append(phrasing)


def _weight(words: frozenset[str], rarity: dict[str, float]) -> float:
    return sum(rarity[word] for word in words)


def _share_audience(one: Entry, other: Entry) -> bool:
    ours, theirs = set(one.text.audience), set(other.text.audience)
    return bool(ours & theirs) or EVERYONE in ours | theirs
