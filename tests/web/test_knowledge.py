"""Answers from the company's knowledge in the browser: what the page is told, what it may ask for."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.knowledge.findings import Route
from bot.conversation.phrases import phrase
from tests.shelf import Shelf, an_entry
from tests.web.chat import Person, RunningService, a_person, listening, running_service, web_settings

BALANCE = an_entry("pto_balance", answer="See https://wd.acme.test/x, *soon*.")
REQUEST = an_entry("pto_request", question="How do I request vacation?", answer="In Workday.")


@pytest.fixture
async def service(shelf: Shelf, data_dir: Path) -> AsyncIterator[RunningService]:
    shelf.lay_out("days left?", Route.DIRECT, BALANCE).lay_out("days?", Route.SUGGEST, BALANCE, REQUEST)
    async with running_service(web_settings(data_dir)) as running:
        yield running


async def asked(person: Person, text: str) -> tuple[str, dict[str, Any]]:
    """The thread, and the turn when its reply has ended."""
    thread = (await person.ask(text))["thread"]
    return thread, (await person.answered(thread))[0]


async def test_a_verified_answer_comes_with_its_source_at_once_and_in_the_transcript(
    service: RunningService, alice: Person
) -> None:
    async with listening(alice):
        question = await alice.ask("days left?")
        frame = await alice.final(question["reply"])
    [turn] = await alice.turns(question["thread"])

    for reply in (frame, turn["reply"]):
        assert (reply["text"], reply["note"], reply["buttons"]) == (BALANCE.text.answer, "", [])
        [source] = reply["sources"]
        assert source == {
            "kind": "Verified answer",
            "title": "How many vacation days do I have left?",
            "url": "https://intranet.acme.test/hr/pto_balance",
            "facts": ["hr@acme.test", "verified 12 Oct 2025"],
            "warning": "",
            "is_verified": True,
        }
        assert reply["thumbs"] == {"up": "Helpful", "down": "Not helpful"}
    assert turn["verdict"] is None


async def test_a_suggestion_can_be_chosen_and_the_reply_becomes_its_answer(
    service: RunningService, alice: Person
) -> None:
    thread, turn = await asked(alice, "days?")
    reply = turn["reply"]
    assert reply["text"] == phrase("did_you_mean", "en")
    assert [(button["act"], button["label"], button["number"]) for button in reply["buttons"]] == [
        ("choose", "How many vacation days do I have left?", 1),
        ("choose", "How do I request vacation?", 2),
        ("decline", "None of these", 0),
    ]

    async with listening(alice):
        assert await alice.post(f"/web/replies/{reply['reply']}/choose", {"number": 2}) == (200, {"taken": True})
        await alice.until(lambda frame: frame.get("text") == "In Workday." and frame["phase"] == "final")
    assert await alice.post(f"/web/replies/{reply['reply']}/choose", {"number": 1}) == (200, {"taken": False})
    [turn] = await alice.turns(thread)
    assert turn["reply"]["sources"][0]["title"] == "How do I request vacation?"


async def test_none_of_the_suggestions_can_be_meant(service: RunningService, alice: Person) -> None:
    thread, turn = await asked(alice, "days?")
    reply = turn["reply"]["reply"]
    assert await alice.post(f"/web/replies/{reply}/choose", {"number": None}) == (200, {"taken": True})
    [turn] = await alice.answered(thread)
    while turn["reply"]["buttons"]:
        [turn] = await alice.answered(thread)
    assert turn["reply"]["text"] == phrase("no_verified_answer", "en")


async def test_what_somebody_thinks_is_kept_for_them_and_shown_to_nobody_else(
    service: RunningService, alice: Person
) -> None:
    thread, turn = await asked(alice, "days left?")
    address = f"/web/replies/{turn['reply']['reply']}/feedback"

    assert await alice.post(address, {"verdict": "down"}) == (200, {"kept": True})
    assert await alice.post(address, {"verdict": "down", "comment": "It is six."}) == (200, {"kept": True})
    assert (await alice.turns(thread))[0]["verdict"] == "down"
    assert await alice.post(address, {"verdict": "up"}) == (200, {"kept": True})
    assert (await alice.turns(thread))[0]["verdict"] == "up"

    async with a_person(service, "Mallory") as mallory:
        for path, body in ((address, {"verdict": "up"}), (address.replace("feedback", "choose"), {"number": 1})):
            status, _ = await mallory.post(path, body)
            assert status == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("choose", {}),
        ("choose", {"number": "1"}),
        ("choose", {"number": True}),
        ("choose", {"number": 0}),
        ("choose", {"number": 10**9}),
        ("feedback", {}),
        ("feedback", {"verdict": "sideways"}),
        ("feedback", {"verdict": "down", "comment": 7}),
        ("feedback", {"verdict": "down", "comment": "x" * 3_001}),
    ],
)
async def test_what_is_malformed_is_refused(
    service: RunningService, alice: Person, path: str, body: dict[str, object]
) -> None:
    _, turn = await asked(alice, "days left?")
    status, _ = await alice.post(f"/web/replies/{turn['reply']['reply']}/{path}", body)
    assert status == 400


async def test_a_number_that_was_not_offered_chooses_nothing(service: RunningService, alice: Person) -> None:
    _, turn = await asked(alice, "days?")
    assert await alice.post(f"/web/replies/{turn['reply']['reply']}/choose", {"number": 3}) == (200, {"taken": False})
