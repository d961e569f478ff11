"""A newer revision of the model, taken in the maintenance window: found, fetched, verified, tried out, switched to.

Each step stands in the audit log and in the service's log. Whatever fails, the model that runs goes on; what was
fetched stays and is taken up the next time.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import structlog

from bot import metrics
from bot.clock import Clock
from bot.errors import SettingsWrong
from bot.jobs.update_settings import ModelUpdateSettings
from inference.canary import BY_LANGUAGE, CanarySet, load_prompts, try_out
from inference.engine import Engine
from inference.errors import InferenceError, ModelUnusable
from inference.models.active import ACTIVE, load_active, make_active
from inference.models.check import verify_model
from inference.models.hub_id import HubId
from inference.models.newer import Revision, remove_older, update_source
from inference.models.update_process import fetch_in_process, look_for_newer, prepare_in_process
from inference.preparing import needs_preparing
from inference.settings import InferenceSettings
from inference.switching import SwitchableEngine
from storage.errors import StorageError
from storage.model_updates import ModelUpdateStore, UpdateStep

log = structlog.get_logger(__name__)

OpenModel = Callable[[str], Engine]
Quiet = Callable[[], AbstractAsyncContextManager[None]]


class ModelUpdate:
    """The job. `open_model` makes an engine of the model of that name, not warmed up; it may block.

    `quiet` gives no turns while it is open, and is entered once nobody has a turn: for `switch = "alone"`.
    """

    def __init__(
        self,
        settings: ModelUpdateSettings,
        inference: InferenceSettings,
        models_dir: Path,
        *,
        engine: SwitchableEngine,
        open_model: OpenModel,
        store: ModelUpdateStore,
        quiet: Quiet,
        clock: Clock,
    ) -> None:
        """Raises: SettingsWrong, when the settings name a model, which an update must not go over."""
        if inference.model != ACTIVE:
            raise SettingsWrong(
                f'[jobs.model_update] enabled needs [inference] model = "{ACTIVE}", and it is "{inference.model}": '
                f"type `inthread model use {inference.model}`, and change it"
            )
        self._settings = settings
        self._inference = inference
        self._models_dir = models_dir
        self._engine = engine
        self._open_model = open_model
        self._store = store
        self._quiet = quiet
        self._clock = clock
        self._at: tuple[str, Revision | None] = ("look", None)

    async def run(self) -> None:
        """One try. Outside of the window nothing happens."""
        seconds = self._settings.seconds_left(self._clock.now())
        if seconds <= 0:
            log.warning("model_update_outside_window")
            return
        try:
            async with asyncio.timeout(seconds) as window:
                found = await self._look()
                if found is not None:
                    await self._take(*found, window)
        except TimeoutError:
            step, revision = self._at
            log.warning("model_update_late", step=step)
            await self._record(step, "late", revision, "the window was over; what was fetched is kept")
        except (InferenceError, OSError) as error:
            log.error("model_update_failed", step=self._at[0], reason=str(error))

    async def _look(self) -> tuple[HubId, Revision] | None:
        """What there is to take, and where from."""
        self._at = "look", None
        try:
            active = await asyncio.to_thread(load_active, self._models_dir)
            source = update_source(self._settings.source, active)
            found = await look_for_newer(source, self._models_dir)
        except (InferenceError, OSError) as error:
            await self._record("look", "failed", reason=str(error))
            raise
        if found is None or active is None:
            await self._record("look", "none")
            return None
        revision = Revision(**found)
        if revision.name == active.left:
            await self._record("look", "skipped", revision, "it was rolled back: `inthread model use` brings it back")
            return None
        await self._record("look", "done", revision)
        return source, revision

    async def _take(self, source: HubId, revision: Revision, window: asyncio.Timeout) -> None:
        async with self._step("fetch", revision):
            await fetch_in_process(source, revision.name, self._models_dir)
        async with self._step("verify", revision):
            await asyncio.to_thread(self._verify, revision)
        if await asyncio.to_thread(needs_preparing, self._inference, ACTIVE, self._models_dir):
            async with self._step("prepare", revision):
                await prepare_in_process(revision.name, self._models_dir)
        switch = self._switch_beside if self._settings.switch == "beside" else self._switch_alone
        await switch(revision, window)
        model = self._engine.model
        metrics.describe_model(model.id, model.sha256)
        await self._record("switch", "done", revision)
        async with self._step("clean", revision):
            await asyncio.to_thread(self._remove_older, revision.model)

    def _verify(self, revision: Revision) -> None:
        """Every byte from the disk again, and against the hub's word. Raises: ModelUnusable."""
        sha256 = verify_model(revision.name, self._models_dir)
        if sha256 != revision.sha256:
            raise ModelUnusable(
                f"the weights of `{revision.name}` have SHA-256 {sha256}, the hub said {revision.sha256}"
            )

    async def _switch_beside(self, revision: Revision, window: asyncio.Timeout) -> None:
        engine = await self._ready(revision, window)
        await self._engine.switch(engine)

    async def _switch_alone(self, revision: Revision, window: asyncio.Timeout) -> None:
        before = await asyncio.to_thread(load_active, self._models_dir)
        assert before is not None, "there is no update without an active model"

        async def open_old() -> Engine:
            engine = await asyncio.to_thread(self._open_model, before.name)
            await engine.warm_up()
            return engine

        async with self._quiet():
            window.reschedule(None)  # once the old model is closed, people wait for one or the other
            await self._engine.switch_alone(lambda: self._ready(revision, window), open_old)

    async def _ready(self, revision: Revision, window: asyncio.Timeout) -> Engine:
        """The new model, found good and put down as the active one."""
        engine = await self._opened(revision)
        window.reschedule(None)  # from here on it is done to the end: the last replies end in their own time
        try:
            await self._make_active(revision)
        except BaseException:
            await engine.close()
            raise
        return engine

    async def _opened(self, revision: Revision) -> Engine:
        """The new model, warmed up and through the canary set; closed again when it is no good."""
        async with self._step("canary", revision):
            canary = await asyncio.to_thread(self._canary_set)
            fewest = self._engine.limits.context_tokens
            engine = await asyncio.to_thread(self._open_model, revision.name)
            try:
                if engine.limits.context_tokens < fewest:  # what was promised to people was measured on the old one
                    raise ModelUnusable(f"it takes {engine.limits.context_tokens} tokens, the one that runs {fewest}")
                await engine.warm_up()
                await try_out(engine, canary, self._inference.sampling())
            except BaseException:
                await engine.close()
                raise
        return engine

    def _canary_set(self) -> CanarySet:
        own = self._settings.prompts_file
        prompts = [prompt for language in self._settings.languages for prompt in BY_LANGUAGE[language]]
        return CanarySet([*prompts, *(load_prompts(own) if own else ())], self._settings.reply_seconds)

    async def _make_active(self, revision: Revision) -> None:
        """Put down before the switch: after a crash in between, the next start takes a model that was found good."""
        await self._record("switch", "began", revision)
        async with self._failures("switch", revision):
            now = self._clock.now()
            await asyncio.to_thread(make_active, revision.name, revision.revision, self._models_dir, now)

    def _remove_older(self, model: str) -> None:
        active = load_active(self._models_dir)
        if active is not None:
            keep = {active.name, *([active.previous.name] if active.previous else [])}
            for name in remove_older(model, keep, self._models_dir):
                log.info("model_removed", model=name)

    @asynccontextmanager
    async def _step(self, step: str, revision: Revision) -> AsyncGenerator[None, None]:
        self._at = step, revision
        async with self._failures(step, revision):
            yield
        await self._record(step, "done", revision)

    @asynccontextmanager
    async def _failures(self, step: str, revision: Revision) -> AsyncGenerator[None, None]:
        try:
            yield
        except StorageError:
            raise  # the record itself is what failed
        except Exception as error:
            await self._record(step, "failed", revision, str(error) or type(error).__name__)
            raise

    async def _record(self, step: str, outcome: str, revision: Revision | None = None, reason: str = "") -> None:
        model, version, sha256 = (revision.name, revision.revision, revision.sha256) if revision else ("", "", "")
        log.info("model_update", step=step, outcome=outcome, model=model)
        entry = UpdateStep(step, outcome, model, version, sha256, reason)
        await self._store.record(entry, self._clock.now())
