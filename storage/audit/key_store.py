"""The file of the bodies' keys: an SQLite database apart, each key wrapped by the master key (RFC 3394).

The master key comes from a file: of the data folder, or better from elsewhere, such as a credential of systemd.
"""

import secrets
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from storage import sqlite
from storage.audit.key_files import load_or_make
from storage.audit.keys import KEY_BYTES, BodyKeys
from storage.errors import AuditKeyUnusable, DatabaseUnavailable, StorageError

_TRIED = 20  # keys, to see whether the master key is theirs


class KeyFile:
    """Implements `KeptKeys`. Several processes may use the file at once."""

    def __init__(self, path: Path, master: bytes) -> None:
        """Raises: AuditKeyUnusable."""
        self._path = path
        self._master = master
        self._lock = threading.Lock()
        self._driver = sqlite.load_driver()
        try:
            self._connection = self._open()
            some = self._connection.execute("SELECT wrapped FROM body_key LIMIT ?", (_TRIED,)).fetchall()
        except self._driver.Error as error:
            raise self._unusable(error) from error
        if some and all(self._unwrap(wrapped) is None for (wrapped,) in some):
            # Said now, not to the first who asks. One alone may be damaged.
            raise AuditKeyUnusable(
                f"the master key does not fit the keys in {self._path}: restore both from the same backup, "
                "or name the right file in [audit] master_key"
            )

    def put(self, key_id: bytes, key: bytes) -> None:
        wrapped = aes_key_wrap(self._master, key)
        self._change("INSERT INTO body_key (key_id, wrapped) VALUES (?, ?)", [(key_id, wrapped)])

    def find(self, key_ids: Collection[bytes]) -> Mapping[bytes, bytes]:
        places = ", ".join("?" * len(key_ids))
        rows = self._ask(f"SELECT key_id, wrapped FROM body_key WHERE key_id IN ({places})", tuple(key_ids))
        unwrapped = ((key_id, self._unwrap(wrapped)) for key_id, wrapped in rows)
        return {key_id: key for key_id, key in unwrapped if key is not None}

    def ids(self) -> set[bytes]:
        return {row[0] for row in self._ask("SELECT key_id FROM body_key", ())}

    def destroy(self, key_ids: Collection[bytes]) -> None:
        if key_ids:
            self._change("DELETE FROM body_key WHERE key_id = ?", [(key_id,) for key_id in key_ids])

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _open(self) -> Any:
        self._path.touch(mode=0o600)
        connection = self._driver.connect(
            self._path, check_same_thread=False, timeout=sqlite.BUSY_TIMEOUT_MILLISECONDS / 1000
        )
        # No WAL: what is deleted is to be gone from the disk with the commit, and it is seldom written.
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("CREATE TABLE IF NOT EXISTS body_key (key_id BLOB PRIMARY KEY, wrapped BLOB NOT NULL)")
        connection.commit()
        return connection

    def _ask(self, query: str, values: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
        try:
            with self._lock:
                return list(self._connection.execute(query, values))
        except self._driver.Error as error:
            raise self._unusable(error) from error

    def _change(self, statement: str, rows: list[tuple[bytes, ...]]) -> None:
        try:
            with self._lock, self._connection:  # a transaction
                self._connection.executemany(statement, rows)
        except self._driver.Error as error:
            raise self._unusable(error) from error

    def _unwrap(self, wrapped: bytes) -> bytes | None:
        """None: it was damaged, and is as good as gone; what it sealed is then missed, entry by entry."""
        try:
            key = aes_key_unwrap(self._master, wrapped)
        except (InvalidUnwrap, TypeError, ValueError):
            return None
        return key if len(key) == KEY_BYTES else None

    def _unusable(self, error: Exception) -> StorageError:
        """A full disk, a lock, an error of the disk come and go: as with the database itself, which is beside it."""
        if trouble := sqlite.find_trouble(error):
            return DatabaseUnavailable(trouble)
        return AuditKeyUnusable(f"cannot use {self._path} ({error}): check its permissions and the disk")


def open_body_keys(path: Path, master_path: Path) -> BodyKeys:
    """The master key is made when it is missing. Blocks. Raises: AuditKeyUnusable."""
    return BodyKeys(KeyFile(path, load_master_key(master_path)))


def load_master_key(path: Path) -> bytes:
    """32 bytes, or 64 hexadecimal digits as people keep them. Blocks. Raises: AuditKeyUnusable."""
    contents = load_or_make(path, lambda: secrets.token_bytes(KEY_BYTES))
    if len(contents) == KEY_BYTES:
        return contents
    try:
        key = bytes.fromhex(contents.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise AuditKeyUnusable(
            f"{path} is no master key, 32 bytes or 64 hexadecimal digits: restore it from a backup; "
            "with another one nobody can read what the audit log says"
        )
    return key
