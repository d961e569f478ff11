"""What each part of retrieval is worth: the figures with one part at a time left out or done in another way.

    python -m tools.eval_parts                                          the FAQ and questions of tests/eval
    python -m tools.eval_parts --faq faq.yaml --questions questions.jsonl
    python -m tools.eval_parts --clinc data_full.json                   CLINC150's HR intents: see tools/eval_public.py

Prints, for each language, recall@1 and the share of questions that are answered rightly when as few are answered as it
takes for a precision of .97, with the bar set by hindsight: so ways of scoring can be compared without a gate.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import yaml

from bot.conversation.knowledge.retrieval import building, judging, rows, space
from bot.conversation.knowledge.retrieval.gate import lead_of
from bot.conversation.knowledge.retrieval.judging import Judge
from bot.conversation.knowledge.retrieval.reading import Floats
from bot.conversation.knowledge.retrieval.rows import Rows
from bot.conversation.knowledge.snapshot import Snapshot
from bot.desks.faq_eval import TestQuestion, load_questions
from storage.knowledge.records import Entry, EntryStatus, EntryText
from tools.eval_public import DAY, Retrieval, clinc_questions, hr_entries

OURS = Path(__file__).parent.parent / "tests" / "eval"
PRECISION = 0.97


def nearest_row(judge: Judge, question: Rows) -> Floats:
    """Instead of regression: the best likeness to any row of an entry."""
    likeness = judge.rows.likeness_to(question)[0]
    return np.array([likeness[judge.rows.owners == entry].max() for entry in judge.entries])


def middle_of_rows(judge: Judge, question: Rows) -> Floats:
    likeness = judge.rows.likeness_to(question)[0]
    return np.array([likeness[judge.rows.owners == entry].mean() for entry in judge.entries])


def as_it_comes(vectors: Floats, langs: Sequence[str]) -> dict[str, Floats]:
    return {lang: np.zeros(vectors.shape[1], np.float32) for lang in ("en", "zh")}


WAYS: dict[str, tuple[tuple[Any, str, Any], ...]] = {
    "as it is": (),
    "best single likeness": ((judging.Judge, "scores", nearest_row),),
    "mean likeness": ((judging.Judge, "scores", middle_of_rows),),
    "no words in common": ((rows, "OVERLAP", 0.0),),
    "words count as much": ((rows, "OVERLAP", 1.0),),
    "vectors around zero": ((building, "means_of", as_it_comes),),
    "space not turned": ((space, "EVENLY", 1.0),),
    "space turned further": ((space, "EVENLY", 0.5),),
    "no answers": ((building, "parts_of", lambda answer: []),),
    "answers, no sentences": ((building, "parts_of", lambda answer: [answer]),),
    "no everyday sentences": ((building, "everyday_texts", list),),
    "doubt .05": ((judging, "DOUBT", 0.05),),
    "doubt .5": ((judging, "DOUBT", 0.5),),
}


@contextmanager
def done(changes: Sequence[tuple[Any, str, Any]]) -> Iterator[None]:
    patches = [mock.patch.object(place, name, way) for place, name, way in changes]
    try:
        for patch in patches:
            patch.start()
        yield
    finally:
        mock.patch.stopall()


def compare(retrieval: Retrieval, sets: Sequence[tuple[str, Sequence[Entry], Sequence[TestQuestion]]]) -> None:
    print(f"{'':24}" + "".join(f"{name:>22}" for name, _, _ in sets))
    for way, changes in WAYS.items():
        with done(changes):
            figures = [_figures(retrieval, entries, questions) for _, entries, questions in sets]
        print(f"{way:24}" + "".join(f"{recall:13.3f}  {right:7.3f}" for recall, right in figures), flush=True)


def _figures(retrieval: Retrieval, entries: Sequence[Entry], questions: Sequence[TestQuestion]) -> tuple[float, float]:
    snapshot = retrieval.learn(entries)
    leads, are_right = zip(*(_judged(snapshot, retrieval, question) for question in questions), strict=True)
    answerable = sum(question.entry_id is not None for question in questions)
    right = np.array(are_right)[np.argsort(-np.array(leads))].cumsum()
    precise = right / np.arange(1, len(right) + 1) >= PRECISION
    most = right[precise.nonzero()[0][-1]] if precise.any() else 0
    return sum(are_right) / answerable, most / answerable


def _judged(snapshot: Snapshot, retrieval: Retrieval, question: TestQuestion) -> tuple[float, bool]:
    asked = retrieval.asked(question.text)
    ranking = snapshot.entries.rank(asked.reading, asked.audience)
    return lead_of(ranking.scores), ranking.entries[0].entry_id == question.entry_id


def _load(path: Path) -> list[Entry]:
    return [_entry(given) for given in yaml.safe_load(path.read_text("utf-8"))["entries"]]


def _entry(given: dict[str, Any]) -> Entry:
    text = EntryText(
        lang=given["lang"],
        question=given["question"],
        variants=tuple(given.get("variants", ())),
        answer=given["answer"],
        owner=given.get("owner", ""),
    )
    return Entry(
        entry_id=given["id"], revision=1, status=EntryStatus.PUBLISHED, text=text, author="eval", revised_at=DAY
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--faq", type=Path, default=OURS / "faq.yaml")
    parser.add_argument("--questions", type=Path, default=OURS / "questions.jsonl")
    parser.add_argument("--clinc", type=Path, help="data_full.json of clinc/oos-eval")
    given = parser.parse_args()
    entries, questions = _load(given.faq), load_questions(given.questions)
    sets: list[tuple[str, Sequence[Entry], Sequence[TestQuestion]]] = [
        (f"{given.faq.stem} {lang}", entries, [question for question in questions if question.lang == lang])
        for lang in sorted({question.lang for question in questions})
    ]
    if given.clinc:
        data = json.loads(given.clinc.read_text("utf-8"))
        sets.append(("CLINC HR", hr_entries(data, 0), clinc_questions(data, 0)))
    compare(Retrieval(), sets)


if __name__ == "__main__":
    main()
