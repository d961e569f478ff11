"""A newer revision of the model in the maintenance window: a hub on loopback, a real database, engines that recite."""

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.clock import SystemClock
from bot.delivery.line import Line
from bot.errors import SettingsWrong
from bot.jobs.board import JobBoard
from bot.jobs.model_update import ModelUpdate
from bot.jobs.quiet import quiet_times
from bot.jobs.schedule import Job
from bot.jobs.update_settings import ModelUpdateSettings
from inference.engine import ChatMessage, Sampling, StopSignal
from inference.errors import InferenceError, ModelUnusable
from inference.models import fetch, load_active, locate_model, use_model, use_previous_model, verify_model
from inference.models.prepared import prepared_path
from inference.models.update_process import prepare_in_process
from inference.settings import InferenceSettings, TorchSettings
from inference.switching import SwitchableEngine
from storage.audit.store import AuditStore
from storage.database import Database
from storage.model_updates import ModelUpdateStore
from tests.clock import START, ManualClock, settle
from tests.conftest import KEYS, TRAIL
from tests.inference.hub_double import HubDouble
from tests.inference.speaker import Speaker, free
from tests.jobs.conftest import ID

ASK = [ChatMessage("user", "hello")]
OPEN = {"enabled": True, "begins": "08:30", "hours": 2}  # tests' clocks stand at 9:00


class House:
    """A service's parts around the update. `speakers`: the engines that were opened, by the model's name."""

    def __init__(self, hub: HubDouble, database: Database, folder: Path) -> None:
        self.hub = hub
        self.models_dir = folder / "models"
        self.database = database
        self.clock = ManualClock()
        fetch(ID, self.models_dir, progress=False)
        use_model(ID, self.models_dir, START)
        self.running = free("the first")
        self.engine = SwitchableEngine(self.running)
        self.line = Line(max_active=4, waiting_per_user=3, waiting_total=10)
        self.line.open()
        self.speakers: dict[str, Speaker] = {}
        self.inference = InferenceSettings(model="active")
        self.says = "A sensible reply."

    def publish(self, licence: bytes = b"A newer licence") -> None:
        """The hub gets another revision."""
        self.hub.repositories[ID, "master"] = self.hub.repositories[ID, "master"] | {"LICENSE": licence}

    def open_model(self, name: str) -> Speaker:
        self.speakers[name] = free(name, self.says)
        return self.speakers[name]

    def job(self, **settings: Any) -> ModelUpdate:
        return ModelUpdate(
            ModelUpdateSettings(**{**OPEN, **settings}),
            self.inference,
            self.models_dir,
            engine=self.engine,
            open_model=self.open_model,
            store=ModelUpdateStore(self.database, TRAIL),
            quiet=quiet_times(self.line, self.clock),
            clock=self.clock,
        )

    async def update(self, **settings: Any) -> list[str]:
        """One run; what the audit log says of it."""
        before = len(await self.entries())
        await self.job(**settings).run()
        return [f"{entry['step']} {entry['outcome']}" for entry, _ in (await self.entries())[before:]]

    async def entries(self) -> list[tuple[dict[str, Any], str]]:
        """Header and reason of each entry."""
        async with aclosing(AuditStore(self.database, KEYS).export(START)) as chunks:
            lines = b"".join([chunk async for chunk in chunks]).splitlines()[1:]
        found = [json.loads(line) for line in lines]
        return [(entry["header"], (entry["body"] or {}).get("reason", "")) for entry in found]

    async def reason(self) -> str:
        return (await self.entries())[-1][1]

    async def answer(self) -> str:
        async with aclosing(self.engine.stream(ASK, Sampling(), StopSignal())) as pieces:
            return "".join([piece.text async for piece in pieces])

    @property
    def active(self) -> str:
        active = load_active(self.models_dir)
        assert active is not None
        return active.name

    def folders(self) -> list[str]:
        return sorted(folder.name for folder in (self.models_dir / "Qwen").iterdir())


@pytest.fixture
def house(hub: HubDouble, database: Database, tmp_path: Path, in_this_process: None) -> House:
    return House(hub, database, tmp_path)


async def until(condition: Callable[[], bool]) -> None:
    """What happens in a thread is waited for by the wall's clock."""
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it does not happen")


ALL = ["look done", "fetch done", "verify done", "canary done", "switch began", "switch done", "clean done"]


async def test_a_newer_revision_answers_and_every_step_is_on_record(house: House) -> None:
    house.publish()

    assert await house.update() == ALL
    assert house.active.startswith(f"{ID}@files-")
    assert house.running.is_closed
    assert await house.answer() == "A sensible reply."
    assert house.engine.model.id == house.active
    headers = [header for header, _ in await house.entries()]
    assert {header["kind"] for header in headers} == {"model_update"}
    assert {header["model"] for header in headers} == {house.active}
    assert {header["sha256"] for header in headers} == {verify_model(house.active, house.models_dir)}
    assert (await AuditStore(house.database, KEYS).verify()).first_bad is None


async def test_nothing_newer_changes_nothing(house: House) -> None:
    assert await house.update() == ["look none"]
    house.publish()
    await house.update()
    assert await house.update() == ["look none"]


async def test_the_model_before_stays_and_older_ones_go(house: House) -> None:
    names = []
    for licence in (b"second", b"third", b"fourth"):
        house.publish(licence)
        await house.update()
        names.append(house.active.removeprefix("Qwen/"))

    assert house.folders() == sorted(["Tiny-Chat", *names[1:]])  # what was fetched by hand is nobody's to remove
    active = load_active(house.models_dir)
    assert active is not None
    assert active.previous is not None
    assert active.previous.name == f"Qwen/{names[1]}"


async def test_what_was_rolled_back_is_not_brought_back(house: House) -> None:
    house.publish()
    await house.update()
    use_previous_model(house.models_dir, START)

    assert house.active == ID
    assert await house.update() == ["look skipped"]
    house.publish(b"yet another")
    assert await house.update() == ALL


async def test_a_model_that_fails_the_canary_set_never_answers(house: House) -> None:
    house.publish()
    house.says = "!!!!!!!! " * 40

    assert await house.update() == ["look done", "fetch done", "verify done", "canary failed"]
    assert "no words" in await house.reason()
    assert house.active == ID
    assert await house.answer() == "the first again"
    assert [speaker.is_closed for speaker in house.speakers.values()] == [True]


async def test_prompts_of_ones_own_count(house: House, tmp_path: Path) -> None:
    house.publish()
    own = tmp_path / "canary.txt"
    assert await house.update(prompts_file=own) == ["look done", "fetch done", "verify done", "canary failed"]
    own.write_text("# ours\n\nHow many days of leave do I have?\n")
    assert await house.update(prompts_file=own) == ALL


async def test_what_is_not_as_announced_is_not_taken(house: House) -> None:
    house.publish()
    house.hub.other_bytes["LICENSE"] = b"something else!"

    assert await house.update() == ["look done", "fetch failed"]
    assert "not what ModelScope's list announces" in await house.reason()
    assert (house.folders(), await house.answer()) == (["Tiny-Chat"], "the first again")


async def test_what_cannot_be_pinned_is_not_taken(house: House) -> None:
    house.hub.announces_sha256 = False
    house.publish()

    assert await house.update() == ["look failed"]
    assert "no SHA-256" in await house.reason()


async def test_a_hub_that_is_away_is_said(house: House) -> None:
    house.hub.repositories.clear()

    assert await house.update() == ["look failed"]
    assert "ModelScope has no" in await house.reason()


async def test_another_model_than_the_source_is_left_alone(house: House) -> None:
    assert await house.update(source="Qwen/Qwen3-0.6B@master") == ["look failed"]
    assert "another model" in await house.reason()


async def test_a_revision_that_somebody_chose_is_left_only_when_that_is_asked_for(house: House) -> None:
    house.hub.repositories[ID, "v1"] = house.hub.repositories[ID, "master"]
    fetch(f"{ID}@v1", house.models_dir, progress=False)
    use_model(f"{ID}@v1", house.models_dir, START)
    house.publish()

    assert await house.update() == ["look failed"]
    assert await house.update(source=f"{ID}@v1") == ["look none"]
    assert await house.update(source=f"{ID}@master") == ALL


async def test_outside_of_the_window_nothing_happens(house: House) -> None:
    house.publish()

    assert await house.update(begins="10:00") == []
    assert await house.update(begins="03:00", hours=5.9) == []


async def test_what_is_not_done_in_the_window_is_given_up(house: House) -> None:
    house.publish()
    house.open_model = lambda name: Speaker(name)  # type: ignore[method-assign, assignment]

    assert (await house.update(begins="08:00", hours=1.0002))[-1] == "canary late"
    assert house.active == ID
    assert await house.answer() == "the first again"


async def test_alone_people_wait_and_nobody_is_dropped(house: House) -> None:
    house.publish()
    ticket = house.line.join("reply", "somebody", 1)
    updating = asyncio.create_task(house.update(switch="alone"))
    await until(lambda: not house.line.is_open)
    assert not house.running.is_closed
    waiting = house.line.join("next", "another", 2)
    assert house.line.is_waiting(waiting)
    house.line.leave(ticket)
    await house.clock.advance(1)

    assert await updating == ALL
    assert (house.running.is_closed, house.line.is_open) == (True, True)
    assert not house.line.is_waiting(waiting)
    assert await house.answer() == "A sensible reply."


async def test_alone_a_model_that_fails_brings_the_old_one_back(house: House) -> None:
    house.publish()
    opened = []

    def open_model(name: str) -> Speaker:
        opened.append(name)
        return free(name, "!!!" if "@" in name else "The old one.")

    house.open_model = open_model  # type: ignore[method-assign]
    assert (await house.update(switch="alone"))[-1] == "canary failed"
    assert [name == ID for name in opened] == [False, True]
    assert (await house.answer(), house.line.is_open, house.active) == ("The old one.", True, ID)


async def test_replies_under_way_end_on_the_old_model(house: House) -> None:
    house.publish()
    house.running.go.clear()
    begun = asyncio.create_task(house.answer())
    updating = asyncio.create_task(house.update())
    await until(lambda: house.engine.model.id != "the first")
    assert await house.answer() == "A sensible reply."
    house.running.go.set()

    assert await begun == "the first again"
    assert await updating == ALL


async def test_a_new_model_is_prepared_where_the_old_one_was(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = []

    async def prepare(name: str, models_dir: Path) -> None:
        prepared.append((name, models_dir))
        raise ModelUnusable("no room")

    monkeypatch.setattr("bot.jobs.model_update.prepare_in_process", prepare)
    house.publish()
    path = prepared_path(locate_model(ID, house.models_dir), "int8")
    path.parent.mkdir()
    path.touch()

    assert await house.update() == ["look done", "fetch done", "verify done", "prepare failed"]
    assert await house.reason() == "no room"
    path.unlink()
    house.inference = InferenceSettings(model="active", torch=TorchSettings(precision="int8"))
    assert (await house.update())[-1] == "prepare failed"
    house.inference = InferenceSettings(model="active", torch=TorchSettings(precision="float32"))
    assert await house.update() == ALL
    assert prepared == [(house.active, house.models_dir)] * 2


async def test_a_model_is_prepared_in_a_process_of_its_own(house: House) -> None:
    await prepare_in_process(ID, house.models_dir)

    assert prepared_path(locate_model(ID, house.models_dir), "int8").is_file()
    verify_model(ID, house.models_dir)
    with pytest.raises(InferenceError, match="not fetched"):
        await prepare_in_process("Qwen/No-Such", house.models_dir)


async def test_the_hub_is_asked_from_a_process_of_its_own(hub: HubDouble, database: Database, tmp_path: Path) -> None:
    house = House(hub, database, tmp_path)
    house.publish()

    assert await house.update() == ALL
    house.hub.repositories.clear()
    assert await house.update() == ["look failed"]
    assert "ModelScope has no" in await house.reason()


def test_a_model_that_the_settings_name_is_not_replaced(house: House) -> None:
    with pytest.raises(SettingsWrong, match=r"inthread model use Qwen/Tiny-Chat"):
        ModelUpdate(
            ModelUpdateSettings(**OPEN),
            InferenceSettings(model=ID),
            house.models_dir,
            engine=house.engine,
            open_model=house.open_model,
            store=ModelUpdateStore(house.database, TRAIL),
            quiet=quiet_times(house.line, house.clock),
            clock=house.clock,
        )


# ── the window ───────────────────────────────────────────────────────────────


def test_it_is_off_unless_it_is_asked_for() -> None:
    assert not ModelUpdateSettings().enabled


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": "someday"},
        {"begins": "25:00"},
        {"begins": "3"},
        {"hours": 0},
        {"time_zone": "Mars/Olympus"},
        {"source": "not an id"},
        {"switch": "somehow"},
    ],
)
def test_what_makes_no_window_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ModelUpdateSettings(**wrong)


def test_the_window_is_that_of_its_time_zone() -> None:
    settings = ModelUpdateSettings(days="sat,sun", begins="23:00", hours=2, time_zone="Asia/Shanghai")

    first = settings.trigger().get_next_fire_time(None, datetime(2026, 3, 2, tzinfo=UTC))
    assert first.astimezone(UTC) == datetime(2026, 3, 7, 15, 0, tzinfo=UTC)
    assert settings.seconds_left(datetime(2026, 3, 7, 15, 0, tzinfo=UTC)) == 7200
    assert settings.seconds_left(datetime(2026, 3, 7, 16, 30, tzinfo=UTC)) == 1800
    assert settings.seconds_left(datetime(2026, 3, 7, 17, 30, tzinfo=UTC)) < 0


async def test_the_scheduler_takes_it() -> None:
    async def run() -> None:
        pass

    board = JobBoard(SystemClock())
    board.start([Job("model_update", ModelUpdateSettings().trigger(), run)])
    assert [job.name for job in board.lines()] == ["model_update"]
    board.stop()
    await settle()
