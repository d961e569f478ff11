"""Whether a model should be prepared before an engine loads it, so that nobody waits for that. Without torch."""

from pathlib import Path

from inference.models.locate import locate_model
from inference.models.prepared import prepared_path
from inference.settings import InferenceSettings


def needs_preparing(settings: InferenceSettings, running: str, models_dir: Path) -> bool:
    """Whether the engine works with prepared files: because the settings say so, or as it does for the model `running`.

    Elsewhere it finds out itself which precision is fastest, and a prepared file would decide that beforehand.
    Raises: ModelUnusable, ModelUnknown.
    """
    if settings.engine != "torch" or settings.torch.precision not in ("auto", "int8"):
        return False
    return settings.torch.precision == "int8" or prepared_path(locate_model(running, models_dir), "int8").is_file()
