"""The engine that the settings ask for."""

from pathlib import Path

from inference import loading
from inference.engine import Engine
from inference.models.locate import locate_model
from inference.models.prepared import kernels_dir
from inference.scripted import ScriptedEngine
from inference.settings import InferenceSettings
from inference.torch_engine.engine import TorchEngine, TorchOptions
from inference.transformers_engine import TransformersEngine


def open_engine(settings: InferenceSettings, models_dir: Path) -> Engine:
    """Ready for `warm_up`; nothing heavy is imported or loaded yet. `models_dir` counts where the settings name none.

    Raises: ModelUnusable or ModelUnknown at once, when files are missing, so that a start fails with a clear line.
    """
    if settings.engine == "scripted":
        return ScriptedEngine(settings.scripted)
    files = locate_model(settings.model, settings.models_dir or models_dir)
    if settings.engine == "transformers":
        return TransformersEngine(files, threads=settings.threads)
    return TorchEngine(files, _torch_options(settings, models_dir))


def _torch_options(settings: InferenceSettings, models_dir: Path) -> TorchOptions:
    ours = settings.torch
    return TorchOptions(
        precision=ours.precision,
        threads=settings.threads,
        max_concurrent=ours.max_concurrent,
        cache_bytes=ours.cache_megabytes * 1024 * 1024,
        cache_type=ours.cache_type,
        speculates=ours.speculation,
        kernels_dir=kernels_dir(settings.models_dir or models_dir),
    )


def preload(settings: InferenceSettings) -> None:
    """Import what the engine will need: seconds, best spent before sockets open. See `loading.preload`."""
    if settings.engine != "scripted":
        loading.preload(networks=settings.engine == "transformers")
