"""All that can be found, as it was at one moment, and how a question is put to it. No I/O; blocks for milliseconds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.conversation.knowledge.findings import Findings, Route, ScoredEntry, ScoredPassage
from bot.conversation.knowledge.retrieval.building import KnownTexts, build_entry_index
from bot.conversation.knowledge.retrieval.calibrating import calibrate_gates
from bot.conversation.knowledge.retrieval.entry_index import EntryIndex, Ranking
from bot.conversation.knowledge.retrieval.gate import Gate
from bot.conversation.knowledge.retrieval.passage_index import PassageIndex
from bot.conversation.knowledge.retrieval.reading import Reading
from bot.conversation.phrases import Language
from storage.knowledge.records import Entry, Passage

MOST_ENTRIES, MOST_PASSAGES = 10, 5
GROUP = "group:"  # and its id, in an audience
# Of an entry in Chinese that is to answer directly: with fewer, questions of neighbours look like its own. Measured.
FEWEST_VARIANTS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question as it is looked for. `exactly`: ids of the entries that are asked in these very words."""

    reading: Reading
    audience: frozenset[str]
    exactly: Sequence[str] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """`generation`: the store's, when it was read. `groups`: ids of the user groups that something is kept for."""

    generation: int
    entries: EntryIndex
    gates: Mapping[Language, Gate]
    passages: PassageIndex
    groups: frozenset[str] = frozenset()

    def find(self, asked: Asked) -> Findings:
        ranking = self.entries.rank(asked.reading, asked.audience)
        findings = self._with_exact(self._gated(ranking, asked.reading.lang), ranking, asked.exactly)
        passages = self.passages.find(asked.reading, asked.audience, MOST_PASSAGES)
        return replace(findings, passages=tuple(ScoredPassage(*found) for found in passages))

    def _gated(self, ranking: Ranking, lang: Language) -> Findings:
        gate = self.gates[lang]
        route = gate.route(ranking.scores)
        if route is Route.DIRECT and not (ranking.is_sound and _has_enough_variants(ranking.entries[0])):
            route = Route.SUGGEST
        chances = gate.probabilities(ranking.scores)[:MOST_ENTRIES].tolist()
        return Findings(
            route=route,
            entries=tuple(ScoredEntry(*found) for found in zip(ranking.entries, chances, strict=False)),
        )

    def _with_exact(self, findings: Findings, ranking: Ranking, exactly: Sequence[str]) -> Findings:
        """An entry that is asked in these very words, and is the only one, is meant."""
        meant = [entry for entry in ranking.entries if entry.entry_id in exactly]
        if len(meant) != 1:
            return findings
        others = [found for found in findings.entries if found.entry is not meant[0]]
        return Findings(
            route=Route.DIRECT if ranking.is_sound else Route.SUGGEST,
            entries=(ScoredEntry(meant[0], 1.0), *others[: MOST_ENTRIES - 1]),
        )


def take_snapshot(
    generation: int,
    entries: Sequence[Entry],
    passages: Sequence[Passage],
    known: tuple[KnownTexts, KnownTexts] | None,
    check: Callable[[], None] = lambda: None,
) -> Snapshot:
    """Blocks for a second, for half a minute where there is much. `known`: vectors of questions and of passages.

    `check`: called every now and then; raises where the snapshot is not wanted any more.
    """
    questions, answers = known or (None, None)
    index = build_entry_index(entries, questions, answers, check)
    gates, groups = calibrate_gates(index, check), _groups_among(entries, passages)
    return Snapshot(generation, index, gates, PassageIndex(passages, questions, answers), groups)


def _groups_among(entries: Sequence[Entry], passages: Sequence[Passage]) -> frozenset[str]:
    audiences = [entry.text.audience for entry in entries] + [passage.audience for passage in passages]
    labels = {label for audience in audiences for label in audience}
    return frozenset(label.removeprefix(GROUP) for label in labels if label.startswith(GROUP))


def _has_enough_variants(entry: Entry) -> bool:
    return entry.text.lang != "zh" or len(entry.text.variants) >= FEWEST_VARIANTS
