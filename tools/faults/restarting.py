"""After a start: every reply that was left open is resumed, sent again or ended within ten seconds."""

import sqlite3
from collections import Counter
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from bot.delivery.failpoints import NAMES
from bot.sandbox.feed import Change
from storage.records import CLOSED_STATES
from tools.faults.clock import SharedClock
from tools.faults.house import House, house
from tools.faults.judging import DATABASE, judge
from tools.faults.processes import Processes
from tools.faults.questions import Question, reply_id_in
from tools.faults.table import Row

RESUME_SECONDS = 10.0
DEATH_SECONDS = 6.0
SETTLE_SECONDS = 120.0
QUESTIONS_A_LIFE = 3
LAST_LIFE_SECONDS = 0.6


@dataclass
class Signs:
    """When Slack first heard of each reply: a post, an edit, or a look for what was posted. By reply id."""

    questions: list[Question]
    clock: SharedClock
    began: float
    seconds: dict[str, float] = field(default_factory=dict)

    def hear(self, change: Change) -> None:
        if change.kind in ("posted", "updated") and change.message is not None and change.message.by_bot:
            self._note(reply_id_in(change.message))
        elif (call := change.data.get("call")) and call.method == "conversations.replies":
            for question in self.questions:
                if (question.channel, question.thread) == (call.args.get("channel"), call.args.get("ts")):
                    self._note(question.reply_id)

    def _note(self, reply_id: str | None) -> None:
        if reply_id is not None:
            self.seconds.setdefault(reply_id, self.clock.monotonic() - self.began)


async def resumes_in_time(processes: Processes, seed: int, speed: float) -> Row:
    """Lives that end at each failpoint leave replies behind in every state; then one start is timed.

    By the service's clock: at a `speed` above 1 what the start costs counts for more than it is.
    """
    async with house(processes, seed, speed=speed, words=40, words_per_second=40 * speed) as home:
        for name in ("", *NAMES):
            await _die_at(home, name)
        states = _open_replies(home)
        with _signs(home) as signs:
            await home.start()
            await home.clock.sleep(RESUME_SECONDS)
        late = [reply_id for reply_id in states if signs.seconds.get(reply_id, RESUME_SECONDS) >= RESUME_SECONDS]
        await home.settle(SETTLE_SECONDS)
        await home.stop()
        verdict = judge(home)
    verdict.evidence += [f"no sign within {RESUME_SECONDS:.0f} s: {reply_id} ({states[reply_id]})" for reply_id in late]
    slowest = max((signs.seconds.get(reply_id, RESUME_SECONDS) for reply_id in states), default=0.0)
    figure = f"{_counted(states)}; resumed after at most {slowest:.2f} s, to hold: ≤ 10 s"
    return Row("Start: open replies resumed", verdict, figure, bool(states) and not late)


async def _die_at(home: House, failpoint: str) -> None:
    """A life with questions that ends at the failpoint; without one, soon."""
    service = await home.start(delivery__failpoint=failpoint)
    for _ in range(QUESTIONS_A_LIFE):
        await home.ask()
    try:
        await service.wait(DEATH_SECONDS if failpoint else LAST_LIFE_SECONDS)
    except TimeoutError:
        await service.kill()
    await home.note_death()


def _open_replies(home: House) -> dict[str, str]:
    """States by reply id."""
    with closing(sqlite3.connect(f"file:{home.folder / DATABASE}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT reply_id, state FROM reply").fetchall()
    return {reply_id: state for reply_id, state in rows if state not in CLOSED_STATES}


@contextmanager
def _signs(home: House) -> Generator[Signs, None, None]:
    signs = Signs(list(home.questions), home.clock, home.clock.monotonic())
    unsubscribe = home.sandbox.feed.subscribe(signs.hear)
    try:
        yield signs
    finally:
        unsubscribe()


def _counted(states: dict[str, str]) -> str:
    counts = Counter(states.values())
    return f"{len(states)} open: " + ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))


async def run(processes: Processes, seed: int, *, short: bool) -> list[Row]:
    return [await resumes_in_time(processes, seed, speed=5 if short else 1)]
