"""Who works on what: one task for each open reply, begun when it is accepted and after every restart."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars

from bot.clock import Clock
from bot.conversation.messages import ThreadKey
from bot.delivery.line import Line
from bot.delivery.pacing import EditBudget
from bot.delivery.run import Run
from bot.delivery.settings import DeliverySettings
from bot.delivery.worker import Worker
from bot.platforms.base import Platform
from storage.records import Reply, ReplyState
from storage.replies import ReplyStore

log = structlog.get_logger(__name__)

GOODBYE_SECONDS = 3.0


class Dispatcher:
    """Owns the tasks. One per process and database."""

    def __init__(self, store: ReplyStore, worker: Worker, line: Line, settings: DeliverySettings, clock: Clock) -> None:
        self._store = store
        self._worker = worker
        self._line = line
        self._grace_seconds = settings.grace_seconds
        self._clock = clock
        self._platforms: Mapping[str, Platform] = {}
        self._budgets: dict[tuple[str, str], EditBudget] = {}
        self._runs: dict[str, Run] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._replaced: set[asyncio.Task[None]] = set()  # cancelled; the reply's next task waits for their end
        self._is_draining = False

    async def start(self, platforms: Mapping[str, Platform]) -> None:
        """Take up every reply that was left open, in the order of the questions."""
        self._platforms = platforms
        replies = await self._store.open_replies()
        if replies:
            log.info("resuming", replies=len(replies))
        for reply in replies:
            self._begin(reply, may_refuse=False)

    def submit(self, reply: Reply, *, may_refuse: bool = True) -> None:
        """Begin to work on a reply that was accepted just now, or whose question is another one now.

        Whatever was being done for it ends first.
        """
        before = self._tasks.pop(reply.reply_id, None)
        if before is not None:
            del self._runs[reply.reply_id]
            before.cancel()
            self._replaced.add(before)
            before.add_done_callback(self._replaced.discard)
        self._begin(reply, may_refuse=may_refuse, after=before)

    async def take_up_orphans(self) -> int:
        """Begin to work on every open reply that nobody works on. How many there were."""
        orphans = [reply for reply in await self._store.open_replies() if reply.reply_id not in self._tasks]
        for reply in orphans:
            self._begin(reply, may_refuse=False)
        return len(orphans)

    def stop_reply(self, reply_id: str) -> bool:
        """End generation within a token; what stands, stays. False: nothing is being written under this id."""
        run = self._runs.get(reply_id)
        if run is None or run.ticket is None:
            return False
        run.stop.set()
        self._line.give_up_waiting(run.ticket)
        return True

    def stop_thread(self, key: ThreadKey) -> int:
        """As `stop_reply`, for everything that is being written or waits in a thread. How many were stopped."""
        return sum(
            self.stop_reply(run.reply.reply_id) for run in list(self._runs.values()) if _thread(run.reply) == key
        )

    async def let_go(self, platform: str, user: str) -> None:
        """End the work on replies to a person that are not there any more: erased. None shows anything afterwards."""
        own = [run.reply for run in self._runs.values() if (run.reply.platform, run.reply.user) == (platform, user)]
        gone = [reply.reply_id for reply in own if await self._store.find(reply.reply_id) is None]
        tasks = {self._tasks[reply_id] for reply_id in gone if reply_id in self._tasks}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def end_stuck_replies(self) -> int:
        """End, with a sentence, what shows no progress, and take up what nobody works on. How many were ended."""
        ended = 0
        for reply in await self._store.expired_replies(self._clock.now()):
            run = self._runs.get(reply.reply_id)
            if self._is_draining or (run is not None and run.ticket is not None and self._line.is_waiting(run.ticket)):
                continue
            if reply.platform not in self._platforms:
                continue
            if task := self._tasks.get(reply.reply_id):
                task.cancel()
                await asyncio.wait({task})
            stuck = Run(reply, ticket=None)
            platform, budget = self._platforms[reply.platform], self._budget(reply)
            self._spawn(stuck, self._worker.end_stuck(stuck, platform, budget))
            ended += 1
        await self.take_up_orphans()
        return ended

    async def drain(self) -> None:
        """Give no more turns, let answers in progress finish within the grace period, hand the rest over."""
        self._is_draining = True
        self._line.close()
        if self._tasks:
            log.info("draining", replies=len(self._tasks), grace_seconds=self._grace_seconds)
        busy = {task for reply_id, task in self._tasks.items() if not self._is_waiting(self._runs[reply_id])}
        if busy:
            await asyncio.wait(busy, timeout=self._grace_seconds)
        left = dict(self._tasks)
        runs = [self._runs[reply_id] for reply_id in left]
        for task in left.values():
            task.cancel()
        if ending := {*left.values(), *self._replaced}:
            await asyncio.wait(ending)
        if left:
            await self._say_goodbye(runs)

    async def _say_goodbye(self, runs: list[Run]) -> None:
        goodbyes = [asyncio.ensure_future(self._worker.say_restarting(run)) for run in runs]
        _, late = await asyncio.wait(goodbyes, timeout=GOODBYE_SECONDS)
        for task in late:
            task.cancel()
        for outcome in await asyncio.gather(*goodbyes, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.warning("goodbye_failed", error=repr(outcome))
        log.info("handed_over", replies=len(runs))

    def _begin(self, reply: Reply, *, may_refuse: bool, after: asyncio.Task[None] | None = None) -> None:
        platform = self._platforms.get(reply.platform)
        if platform is None:
            log.warning("platform_off", reply_id=reply.reply_id, platform=reply.platform)
            return
        if self._is_draining or reply.reply_id in self._tasks:
            return
        refusal = self._line.refusal(_person(reply)) if may_refuse else None
        needs_turn = refusal is None and reply.final_text is None and reply.state is not ReplyState.WITHDRAWING
        ticket = self._line.join(reply.reply_id, _person(reply), reply.thread_id) if needs_turn else None
        run = Run(reply, ticket, refusal)
        self._spawn(run, self._deliver(run, platform, after))

    async def _deliver(self, run: Run, platform: Platform, after: asyncio.Task[None] | None) -> None:
        if after is not None:
            await asyncio.wait({after})
        await self._worker.deliver(run, platform, self._budget(run.reply))

    def _spawn(self, run: Run, work: Coroutine[Any, Any, None]) -> None:
        reply_id = run.reply.reply_id
        with bound_contextvars(reply_id=reply_id):  # every line that the task logs carries it
            task = asyncio.get_running_loop().create_task(work, name=f"reply-{reply_id}")
        self._runs[reply_id], self._tasks[reply_id] = run, task
        task.add_done_callback(lambda done: self._forget(run, done))

    def _forget(self, run: Run, task: asyncio.Task[None]) -> None:
        reply_id = run.reply.reply_id
        if self._tasks.get(reply_id) is task:
            del self._tasks[reply_id], self._runs[reply_id]
        if run.ticket is not None:
            self._line.leave(run.ticket)
        if not task.cancelled() and (error := task.exception()):
            # The reply stays open in the database; the sweep takes it up again.
            log.error("reply_task_failed", reply_id=reply_id, exc_info=error)

    def _is_waiting(self, run: Run) -> bool:
        return run.ticket is not None and self._line.is_waiting(run.ticket)

    def _budget(self, reply: Reply) -> EditBudget:
        """Platforms count edits per tenant: one budget for each."""
        key = (reply.platform, reply.tenant)
        if key not in self._budgets:
            per_minute = self._platforms[reply.platform].capabilities.edits_per_minute
            self._budgets[key] = EditBudget(per_minute, self._clock)
        return self._budgets[key]


def _person(reply: Reply) -> str:
    return f"{reply.platform}/{reply.tenant}/{reply.user}"


def _thread(reply: Reply) -> ThreadKey:
    return ThreadKey(reply.platform, reply.tenant, reply.channel, reply.thread)
