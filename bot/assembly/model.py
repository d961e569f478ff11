"""The model that answers: its engine, and its update while the service runs."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.assembly.record import Record
from bot.clock import Clock
from bot.jobs.model_update import ModelUpdate
from bot.jobs.quiet import Turns, quiet_times
from bot.settings import Settings
from inference.engine import Engine
from inference.factory import open_engine
from inference.switching import SwitchableEngine
from storage.model_updates import ModelUpdateStore


@asynccontextmanager
async def open_model(settings: Settings) -> AsyncGenerator[SwitchableEngine, None]:
    """Not warmed up: questions are taken while it loads. Raises: InferenceError."""
    engine = SwitchableEngine(await asyncio.to_thread(open_engine, settings.inference, settings.models_dir))
    try:
        yield engine
    finally:
        await engine.close()


def build_model_update(
    settings: Settings, engine: SwitchableEngine, record: Record, turns: Turns, clock: Clock
) -> ModelUpdate | None:
    """None where the model is not updated by itself. Raises: SettingsWrong."""
    if not settings.jobs.model_update.enabled:
        return None
    inference, models_dir = settings.inference, settings.models_dir

    def open_other(name: str) -> Engine:
        return open_engine(inference.model_copy(update={"model": name}), models_dir)

    return ModelUpdate(
        settings.jobs.model_update,
        inference,
        models_dir,
        engine=engine,
        open_model=open_other,
        store=ModelUpdateStore(record.database, record.trail),
        quiet=quiet_times(turns, clock),
        clock=clock,
    )
