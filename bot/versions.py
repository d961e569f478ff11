"""What runs here, in versions. Imports none of the heavy libraries that it names."""

import platform
from importlib.metadata import PackageNotFoundError, version

from storage.errors import StorageError
from storage.inspection import sqlite_version

LIBRARIES = ("torch", "transformers", "slack-bolt", "slack-sdk")


def installed_versions() -> dict[str, str]:
    """Name to version, ours first."""
    names = {"inthread": _installed("inthread"), "python": platform.python_version(), "sqlite": _sqlite()}
    return names | {name: _installed(name) for name in LIBRARIES}


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _sqlite() -> str:
    try:
        return sqlite_version()
    except StorageError:
        return "unusable: see `inthread doctor`"
