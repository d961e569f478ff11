"""People and what the browser chat keeps of them: told at first contact, shown, taken as a file, erased."""

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.privacy_phrases import PRIVACY_PHRASES
from bot.platforms.base import Content, Phase
from bot.platforms.web.hub import Hub
from bot.settings import Settings
from storage import sqlite
from storage.audit.opening import load_trail
from storage.audit.settings import AuditSettings
from storage.database import Database
from storage.forgetting.holds import Held, HoldStore, Scope
from storage.knowledge.records import Author
from tests.clock import ManualClock
from tests.web.chat import Person, RunningService, a_person, listening, running_service, web_settings

CANARY = "canary-71"


def with_audit(settings: Settings, **audit: Any) -> Settings:
    return settings.model_copy(update={"audit": AuditSettings(**audit)})


def headers(data_dir: Path, *kinds: str) -> list[dict[str, Any]]:
    """Those of the log, of these kinds."""
    with closing(sqlite.load_driver().connect(data_dir / "inthread.db", timeout=10)) as connection:
        rows = connection.execute("SELECT header FROM audit_entry ORDER BY seq").fetchall()
    return [header for header in (json.loads(row) for (row,) in rows) if header["kind"] in kinds]


def files_with(data_dir: Path, text: str) -> list[str]:
    return [path.name for path in data_dir.iterdir() if text.encode() in path.read_bytes()]


async def test_the_notice_is_shown_until_it_was_read_and_again_when_it_has_changed(data_dir: Path) -> None:
    settings = web_settings(data_dir)
    async with running_service(settings) as service, a_person(service) as alice:
        _, welcome = await alice.post("/web/sign-in", {"name": "Alice"})
        notice = welcome["notice"]
        assert "for 180 days" in notice["text"]["en"]
        assert "What is kept about me" in notice["text"]["en"]
        assert "180 天" in notice["text"]["zh"]
        await alice.ask("not in the way of asking")
        assert (await alice.get("/web/me"))[1]["notice"] == notice
        for recorded in (True, False):
            said = await alice.post("/web/notice", {"version": notice["version"]})
            assert said == (200, {"recorded": recorded})
        assert (await alice.get("/web/me"))[1]["notice"] is None
        [entry] = headers(data_dir, "notice_shown")
        assert (entry["platform"], entry["version"]) == ("web", notice["version"])
        session = alice.session
        async with a_person(service, "Bruno") as bruno:
            assert (await bruno.get("/web/me"))[1]["notice"] == notice
            assert await bruno.post("/web/notice", {"version": "0" * 8}) == (200, {"recorded": False})
            assert (await bruno.post("/web/notice", {"version": "../"}))[0] == 400

        service.stop.set()
        await service.running
        async with running_service(with_audit(settings, notice_en="We keep it all.")) as again:
            told = await Person(again.url, session).get("/web/me")
            assert told[1]["notice"]["text"]["en"] == "We keep it all."
            assert told[1]["notice"]["version"] != notice["version"]


async def test_where_it_is_turned_off_nobody_is_told(data_dir: Path) -> None:
    async with running_service(with_audit(web_settings(data_dir), notice=False)) as service, a_person(service) as alice:
        assert (await alice.post("/web/sign-in", {"name": "Alice"}))[1]["notice"] is None


async def test_what_is_kept_is_shown_taken_and_erased(service: RunningService, data_dir: Path) -> None:
    async with a_person(service, "Alice") as alice, a_person(service, "Bruno") as bruno, listening(alice):
        asked = await alice.ask(f"{CANARY} of mine")
        await alice.answered(asked["thread"])
        others = await bruno.ask("something else")
        await bruno.answered(others["thread"])
        status, shown = await alice.get("/web/own-data")
        assert status == 200
        assert "your questions with their answers (1), your feedback (0), " in shown["held"]["en"]
        assert "审计日志" in shown["held"]["zh"]

        async with alice.session.get(alice.url + "/web/own-data/file") as response:
            assert response.headers["Content-Disposition"].startswith('attachment; filename="inthread-')
            assert response.content_type == "application/json"
            taken = json.loads(await response.text())
        [question] = taken["questions"]
        assert question["question"] == f"{CANARY} of mine"
        assert question["answer"].startswith(f"Scripted reply to: {CANARY}")
        assert [(entry["kind"], entry["body"]["text"]) for entry in taken["log"]] == [
            ("question", question["question"]), ("reply", question["answer"])
        ]  # fmt: skip

        status, erased = await alice.post("/web/own-data/erase", {})
        assert status == 200
        assert erased["said"]["en"].startswith("Erased: your questions with their answers (1)")
        await alice.until(lambda frame: frame["phase"] == "erased")
        assert (await alice.get("/web/threads"))[1]["threads"] == []
        assert (await alice.get(f"/web/threads/{asked['thread']}"))[0] == 404
        assert (await alice.get("/web/own-data"))[1]["held"] == PRIVACY_PHRASES["privacy_nothing"]
        assert len(await bruno.turns(others["thread"])) == 1
        service.stop.set()
        await service.running
    assert files_with(data_dir, CANARY) == []
    kinds = [entry["kind"] for entry in headers(data_dir, "own_data_exported", "erasure")]
    assert kinds == ["own_data_exported", "erasure"]


async def test_an_answer_that_grows_while_it_is_erased_ends(slow_service: RunningService, data_dir: Path) -> None:
    async with a_person(slow_service, "Alice") as alice, listening(alice):
        asked = await alice.ask(f"{CANARY} grows")
        await alice.until(lambda frame: CANARY in frame.get("text", ""))
        assert (await alice.post("/web/own-data/erase", {}))[0] == 200
        assert await alice.until(lambda frame: frame["phase"] == "erased")
        heard = [frame["phase"] for frame in alice.frames]
        assert "growing" not in heard[heard.index("erased") :]
        assert (await alice.post(f"/web/replies/{asked['reply']}/stop", {}))[0] == 404
        slow_service.stop.set()
        await slow_service.running
    assert files_with(data_dir, CANARY) == []


@pytest.mark.parametrize("text", ["what do you hold about me?", "你保存了我的哪些数据？", "What is kept about me"])
async def test_who_asks_for_it_in_the_chat_is_led_there(alice: Person, data_dir: Path, text: str) -> None:
    answer = await alice.post("/web/questions", {"text": text, "nonce": "n" * 16})
    assert answer == (200, {"asks": "own_data"})
    assert (await alice.get("/web/threads"))[1]["threads"] == []
    assert headers(data_dir, "question") == []


async def test_under_a_hold_nothing_is_erased_and_they_are_told(data_dir: Path, service: RunningService) -> None:
    async with a_person(service, "Alice") as alice:
        asked = await alice.ask("kept for the court")
        await alice.answered(asked["thread"])
        await hold(data_dir, alice.user)
        status, said = await alice.post("/web/own-data/erase", {})
        assert (status, said["error"], said["said"]) == (409, "under_hold", PRIVACY_PHRASES["privacy_under_hold"])
        assert len(await alice.turns(asked["thread"])) == 1
    assert headers(data_dir, "erasure") == []


async def hold(data_dir: Path, user: str) -> None:
    trail = load_trail(AuditSettings().files(data_dir))
    async with await Database.open(f"sqlite:///{data_dir / 'inthread.db'}") as database:
        held = Held(Scope.PERSON, "web", user)
        await HoldStore(database, trail).place(held, "a lawsuit", Author("cli", "", "dana"), datetime.now(UTC))


async def test_it_cannot_be_done_all_the_time(alice: Person) -> None:
    statuses = [(await alice.get("/web/own-data/file"))[0] for _ in range(13)]
    assert statuses == [200] * 12 + [429]
    assert (await alice.post("/web/own-data/erase", {}))[0] == 429


async def test_who_comes_and_goes_is_on_record_without_their_name(service: RunningService, data_dir: Path) -> None:
    async with a_person(service, "Zebulon Canary") as person:
        await person.post("/web/sign-out", {})
        assert await person.post("/web/sign-out", {}) == (200, {})  # nobody is signed in: nobody goes
    came, went = headers(data_dir, "chat_signed_in", "chat_signed_out")
    assert [entry["kind"] for entry in (came, went)] == ["chat_signed_in", "chat_signed_out"]
    assert (
        came["actor"]
        == went["actor"]
        == load_trail(AuditSettings().files(data_dir)).pseudonym("web", "local", person.user)
    )
    service.stop.set()
    await service.running
    assert files_with(data_dir, "Zebulon") == []


async def test_the_hub_keeps_nothing_of_who_was_erased() -> None:
    hub = Hub(ManualClock())
    hub.publish("alice", "t", "r1", Content(CANARY, Phase.GROWING))
    hub.publish("bruno", "t", "r2", Content("other", Phase.GROWING))
    with hub.subscribe("alice") as page:
        hub.publish("alice", "t", "r1", Content(CANARY, Phase.GROWING))
        hub.erase("alice")
        news = await page.take()
    assert (news.frames, news.is_erased) == ([], True)
    assert hub.latest("r1") is None
    assert hub.latest("r2") is not None
