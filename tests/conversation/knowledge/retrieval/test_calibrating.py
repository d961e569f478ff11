"""Gates learned from the entries themselves."""

from dataclasses import replace

from bot.conversation.knowledge.retrieval.calibrating import calibrate_gates
from bot.conversation.knowledge.retrieval.gate import LEAST_SCORE, Gate
from tests.conversation.knowledge.retrieval.shelves import BALANCE, OFFICE, index_of
from tests.conversation.knowledge.samples import an_entry


def test_neighbours_that_cannot_be_told_apart_make_the_gate_careful() -> None:
    twin = replace(BALANCE, entry_id="twin", text=replace(BALANCE.text, question="My leave balance?"))

    apart, alike = calibrate_gates(index_of(*OFFICE))["en"], calibrate_gates(index_of(BALANCE, twin))["en"]

    assert _chance(alike, lead=0.6) < _chance(apart, lead=0.6)


def test_a_language_without_entries_has_the_gate_that_other_questions_taught() -> None:
    assert calibrate_gates(index_of(*OFFICE))["zh"].sureness == Gate().sureness


def test_one_phrasing_alone_is_not_tried_against_itself() -> None:
    """It could only fail, and would say nothing about questions that are asked like it."""
    bare = [replace(entry, text=replace(entry.text, variants=())) for entry in OFFICE]

    assert _chance(calibrate_gates(index_of(*bare))["en"], lead=1.0) > 0.8


def test_no_entries_no_trials() -> None:
    assert calibrate_gates(index_of())["en"].everyday == LEAST_SCORE


def test_of_many_entries_some_are_tried() -> None:
    rooms = [an_entry(f"room{at:03}", f"Where is room {at}?") for at in range(120)]

    gate = calibrate_gates(index_of(*OFFICE, *rooms))["en"]

    assert gate.sureness != Gate().sureness


def _chance(gate: Gate, lead: float) -> float:
    import numpy as np

    return float(gate.probabilities(np.array([lead / 2, 0.0]))[0])
