"""Which models there are, how they come onto this machine, and whether they are still what they were.

Everything here blocks, some of it for minutes: call it from a command, or off the event loop.
"""

from inference.models.active import ACTIVE, ActiveModel, load_active, resolve_active
from inference.models.bundle import bundle_model
from inference.models.catalogue import CATALOGUE, Catalogue, CatalogueModel, find_model
from inference.models.check import verify_model
from inference.models.fetch import fetch
from inference.models.import_bundle import Imported, import_bundle
from inference.models.locate import (
    FetchState,
    ListedModel,
    ModelFiles,
    list_models,
    locate_model,
    model_path,
    remove_model,
)
from inference.models.use import use_model, use_previous_model

__all__ = [
    "ACTIVE",
    "CATALOGUE",
    "ActiveModel",
    "Catalogue",
    "CatalogueModel",
    "FetchState",
    "Imported",
    "ListedModel",
    "ModelFiles",
    "bundle_model",
    "fetch",
    "find_model",
    "import_bundle",
    "list_models",
    "load_active",
    "locate_model",
    "model_path",
    "remove_model",
    "resolve_active",
    "use_model",
    "use_previous_model",
    "verify_model",
]
