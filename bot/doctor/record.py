"""What is kept: the SQLite library, the database, the model's files."""

from bot.doctor.findings import Finding, failed, failed_with, note, ok
from bot.settings import Settings
from inference import models
from inference.errors import InferenceError
from inference.models.prepared import kernels_dir
from inference.torch_engine.examining import describe_engine
from storage.errors import StorageError
from storage.inspection import database_file, inspect_database, sqlite_version


def check_sqlite() -> Finding:
    try:
        return ok("SQLite", f"{sqlite_version()}, without the WAL defect")
    except StorageError as error:
        return failed_with("SQLite", error)


def check_database(settings: Settings) -> Finding:
    if not settings.storage.url and not (settings.service.data_dir / "inthread.db").exists():
        return note("database", "none yet", "the first `inthread run` makes it, and so does `inthread db upgrade`")
    try:
        path = database_file(settings.database_url)
        report = inspect_database(settings.database_url, quick=True)
    except StorageError as error:
        return failed_with("database", error)
    if report.faults:
        says, _, mend = report.faults[0].rpartition(": ")
        return failed("database", f"{path}: {says}", mend)
    return ok("database", f"{path}: sound, revision {report.revision}, {report.size / (1 << 20):.1f} MB")


def check_model(settings: Settings) -> Finding:
    """The files are there and, of models that we know, what they should be."""
    if settings.inference.engine == "scripted":
        return note("model", "none: the scripted engine recites", "for answers set [inference] engine = torch")
    wanted = settings.inference.model
    try:
        files = models.locate_model(wanted, settings.models_dir)
        if wanted in models.CATALOGUE:
            models.verify_model(wanted, settings.models_dir, quick=True)
            return ok("model", f"{files.name}: complete, SHA-256 as pinned")
    except InferenceError as error:
        return failed_with("model", error)
    return ok("model", f"{files.name}: complete, at {files.path}")


def check_engine(settings: Settings) -> Finding:
    """How this machine would compute: measured, so it takes a few seconds."""
    if settings.inference.engine != "torch":
        return note("engine", f"{settings.inference.engine}: one reply at a time")
    try:
        files = models.locate_model(settings.inference.model, settings.models_dir)
    except InferenceError:
        return note("engine", "not examined: there is no model")
    try:
        engine = describe_engine(files, kernels_dir(settings.models_dir))
        return ok("engine", f"torch, {settings.inference.torch.max_concurrent} at once; {engine}")
    except InferenceError as error:
        return failed_with("engine", error)
