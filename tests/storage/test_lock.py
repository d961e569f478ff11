"""Two services on one database: the second does not start."""

import os
from pathlib import Path

import pytest

from storage.errors import DatabaseInUse, DatabaseUnusable
from storage.lock import sole_service


def test_a_second_service_is_refused_and_told_who_holds_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/inthread.db"
    with sole_service(url), pytest.raises(DatabaseInUse, match=f"process {os.getpid()}"), sole_service(url):
        pass


def test_the_database_is_free_again_after_the_first(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/inthread.db"
    with sole_service(url):
        pass
    with sole_service(url):
        pass


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="nowhere"), sole_service(f"sqlite:///{tmp_path}/nowhere/inthread.db"):
        pass
