"""The promise, as a machine that tries to break it.

    Every question that was posted gets exactly one visible reply, with the words that its author left standing; a
    deleted question gets none; pressing "Try again" gives exactly one more. Whatever is lost, repeated, refused,
    delayed, or killed on the way. Each question and each ended reply is in the audit log.

People post, edit, delete, stop and try again; events come late, twice, in any order or never; calls to the platform
fail before or after they took effect; the process is killed at any moment and at every named point. Then the weather
clears, time passes, and what stands on the platform is held against what people did.

`make test` tries the same histories every time; `make promise` others, for as long as it takes.
"""

import logging
import re
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from bot.conversation.messages import IncomingMessage
from bot.conversation.phrases import PHRASES
from bot.delivery import catch_up, dispatcher, duplicates, intake, worker, writer
from bot.delivery.failpoints import NAMES
from bot.delivery.intake import Intake, reply_id_of
from bot.platforms.base import PastPost, Phase
from bot.platforms.errors import PlatformUnavailable
from storage.audit.store import AuditStore
from storage.inbox import next_key
from storage.records import CLOSED_STATES, ReplyState
from tests.conftest import KEYS
from tests.delivery.fake_surface import LOST, after, before, slow_down
from tests.delivery.small_world import ProcessDied, SmallWorld, a_post

FAULTS = {
    "refused with 429": slow_down(7.0),
    "platform is down": before(PlatformUnavailable("no_connection")),
    "lost on the way there": before(LOST),
    "lost on the way back": after(LOST),
    "lost, and seen only a minute later": after(LOST, seconds=40.0),
}
METHODS = ("post", "edit", "find", "delete")
THREADS = ("1.0", "2.0", "3.0")


@dataclass
class Asked:
    """A question as its author knows it.

    `texts`: as it read over time; `tries`: the message keys of its replies; `stopped`: those of them that were stopped,
    and how many texts there were then.
    """

    number: int
    thread: str
    sent_at: datetime
    tries: list[str]
    texts: list[str]
    stopped: dict[str, int] = field(default_factory=dict)
    is_deleted: bool = False


@dataclass(frozen=True)
class Event:
    """What the platform has to tell, until it is told that it arrived."""

    kind: str
    asked: Asked
    text: str
    at: datetime


@settings(
    max_examples=40 if settings.default.derandomize else 400,
    report_multiple_bugs=False,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
class PromiseMachine(RuleBasedStateMachine):
    migrated_file: Path

    @initialize()
    def open_shop(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.world = SmallWorld(self.migrated_file, Path(self.folder.name))
        self.asked: list[Asked] = []
        self.events: list[Event] = []  # all that ever were: any of them may come again
        self.unheard: list[Event] = []
        self.crashes = 0

    # ── what people do ───────────────────────────────────────────────────────

    @rule(thread=st.sampled_from(THREADS), arrives=st.booleans())
    def somebody_asks(self, thread: str, arrives: bool) -> None:
        number = len(self.asked) + 1
        now = self.world.clock.now()
        asked = Asked(number, thread, now, [f"slack:T1:C1:{number}.0"], [f"question {number}"])
        self.asked.append(asked)
        self._stands(asked, None)
        self._happened(Event("post", asked, asked.texts[0], now), arrives)

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 1000), arrives=st.booleans())
    def somebody_edits(self, which: int, arrives: bool) -> None:
        asked = self._one_of(self.asked, which)
        if asked.is_deleted:
            return
        text = f"question {asked.number} edited {len(self.events)}"
        asked.texts.append(text)
        now = self.world.clock.now()
        self._stands(asked, now)
        self._happened(Event("edit", asked, text, now), arrives)
        self.world.pass_time(0.001)  # no two edits of one post at the same time

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 1000))
    def somebody_deletes(self, which: int) -> None:
        """Its event comes in the end: no history tells of what is gone."""
        asked = self._one_of(self.asked, which)
        asked.is_deleted = True
        self.world.platform.posts_of_people.pop(asked.tries[0], None)
        self._happened(Event("delete", asked, "", self.world.clock.now()), arrives=True)

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 1000))
    def somebody_presses_stop(self, which: int) -> None:
        asked = self._one_of(self.asked, which)
        if self.world.service.dispatcher.stop_reply(reply_id_of(asked.tries[-1])):
            asked.stopped[asked.tries[-1]] = len(asked.texts)

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 1000))
    def somebody_presses_try_again(self, which: int) -> None:
        """Twice, as people do."""
        asked = self._one_of(self.asked, which)
        pressed = reply_id_of(asked.tries[-1])
        for _ in range(2):
            if self._survived(lambda: self.world.service.intake.ask_again(pressed)):
                asked.tries.append(next_key(asked.tries[-1]))

    # ── what goes wrong ──────────────────────────────────────────────────────

    @precondition(lambda self: self.events)
    @rule(which=st.integers(0, 1000))
    def an_event_comes_again(self, which: int) -> None:
        self._deliver(self._one_of(self.events, which))

    @precondition(lambda self: self.unheard)
    @rule(which=st.integers(0, 1000))
    def a_late_event_comes(self, which: int) -> None:
        self._deliver(self._one_of(self.unheard, which))

    @rule(method=st.sampled_from(METHODS), fault=st.sampled_from(sorted(FAULTS)))
    def the_next_call_fails(self, method: str, fault: str) -> None:
        self.world.platform.faults[method].append(FAULTS[fault])

    @rule()
    def the_process_is_killed(self) -> None:
        self.world.crash()
        self.crashes += 1

    @rule(name=st.sampled_from(NAMES), number=st.integers(1, 3))
    def the_process_will_be_killed(self, name: str, number: int) -> None:
        self.world.crash(failpoint=f"{name}@{number}")
        self.crashes += 2

    @rule()
    def the_service_is_restarted(self) -> None:
        self.world.restart()
        self.crashes += 1

    @rule(seconds=st.sampled_from((0.2, 1.0, 3.0, 30.0)))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    # ── what must be true in the end ─────────────────────────────────────────

    def teardown(self) -> None:
        try:
            self._let_everything_settle()
            for asked in self.asked:
                for key in asked.tries:
                    self._check_reply(asked, key)
            self.world.run(self._check_record())
        finally:
            self.world.close()
            self.folder.cleanup()

    def _let_everything_settle(self) -> None:
        self.world.platform.faults.clear()
        self.world.crash()  # a last one without a failpoint
        while self.unheard:
            self._deliver(self.unheard[0])
        self.world.run(self.world.service.catch_up.sweep())
        for _ in range(8):
            self.world.pass_time(120)
            self.world.run(self.world.service.duplicates.remove_duplicates())
            self.world.run(self.world.service.dispatcher.end_stuck_replies())

    def _check_reply(self, asked: Asked, key: str) -> None:
        """Edits reach the last reply; those before it answered what the question was then."""
        texts = self.world.platform.texts_of(reply_id_of(key))
        if asked.is_deleted:
            assert texts == [], f"{key} was deleted, and its reply stands"
            return
        assert len(texts) == 1, f"{key} has {len(texts)} replies"
        [content] = self.world.platform.contents_of(reply_id_of(key))
        assert content.phase is Phase.FINAL, f"{key} looks as if it were being written"
        assert not content.stop_label
        versions = asked.texts[-1:] if key == asked.tries[-1] else asked.texts
        assert any(_is_answer_to(text, texts[0]) for text in versions) or texts[0] in self._excuses(
            asked, key, versions
        ), f"{key}: {texts[0]!r} answers none of {versions}"

    def _excuses(self, asked: Asked, key: str, versions: list[str]) -> set[str]:
        """What may stand there instead of the whole answer. An edit that came after the stop begins the last anew."""
        excuses: set[str] = set()
        if key in asked.stopped and (key != asked.tries[-1] or asked.stopped[key] == len(asked.texts)):
            for text in versions:
                words = f"Scripted reply to: {text}. 1 2 3".split(" ")
                excuses |= {" ".join(words[:count]) for count in range(1, len(words))}
            excuses.add(PHRASES["stopped_early"]["en"])
        if self.crashes > 1:
            excuses.add(PHRASES["interrupted"]["en"])
        return excuses

    async def _check_record(self) -> None:
        counts = await self.world.service.replies.count_by_state()
        assert all(ReplyState(state) in CLOSED_STATES for state in counts), f"not all ended: {counts}"
        verdict = await AuditStore(self.world.service.database, KEYS).verify()
        assert verdict.first_bad is None
        kinds = await self.world.service.database.read(
            lambda connection: [
                row[0]
                for row in connection.exec_driver_sql("select json_extract(header, '$.kind') from audit_entry").all()
            ]
        )
        assert kinds.count("question") == sum(counts.values())
        assert kinds.count("reply") >= sum(counts.values())

    # ── how ──────────────────────────────────────────────────────────────────

    def _stands(self, asked: Asked, edited_at: datetime | None) -> None:
        """What the platform's history shows of the post."""
        message = a_post(asked.number, asked.texts[-1], asked.thread, asked.sent_at, edited_at)
        self.world.platform.posts_of_people[asked.tries[0]] = PastPost(message=message)

    def _happened(self, event: Event, arrives: bool) -> None:
        self.events.append(event)
        self.unheard.append(event)
        if arrives:
            self._deliver(event)

    def _deliver(self, event: Event) -> None:
        """As platforms do: what fails comes again."""
        inlet = self.world.service.intake
        edited_at = event.at if event.kind == "edit" else None
        message = a_post(event.asked.number, event.text, event.asked.thread, event.asked.sent_at, edited_at)
        deliver = {
            "post": lambda: inlet.accept(message),
            "edit": lambda: _edit(inlet, message),
            "delete": lambda: inlet.withdraw(message.message_key),
        }[event.kind]
        if self._survived(deliver) is not None and event in self.unheard:
            self.unheard.remove(event)

    def _survived(self, call) -> bool | None:  # type: ignore[no-untyped-def]
        """The call's answer; None when the process died in it and another was started."""
        try:
            return bool(self.world.run(call()))
        except ProcessDied:
            self.world.crash()
            return None

    @staticmethod
    def _one_of(things, which: int):  # type: ignore[no-untyped-def]
        return things[which % len(things)]


async def _edit(inlet: Intake, message: IncomingMessage) -> bool:
    """As Slack's listener does: an edit may overtake its post."""
    return await inlet.edit(message) or await inlet.accept(message)


def _is_answer_to(text: str, shown: str) -> bool:
    return re.sub(r" \(turn \d+\)$", "", shown) == f"Scripted reply to: {text}. 1 2 3"


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred thousand lines of log cost more than all that they tell of."""
    silent = structlog.wrap_logger(
        structlog.PrintLogger(), wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL)
    )
    for module in (catch_up, dispatcher, duplicates, intake, worker, writer):
        monkeypatch.setattr(module, "log", silent)


@pytest.mark.timeout(7200)
@pytest.mark.usefixtures("quiet")
def test_every_question_gets_exactly_one_reply(migrated_file: Path) -> None:
    PromiseMachine.migrated_file = migrated_file
    run_state_machine_as_test(PromiseMachine)
