"""The keys under which bodies are encrypted: one for each person and month, so that a person can be forgotten.

Which key is whose stands in the database; the keys themselves in a file of their own, wrapped by a master key. Copies
of the database alone, its backups and what is left of it on a disk, are of no use without that file, and of what was
erased not even with it.
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, delete, insert, select

from storage.audit.chain import SALT_BYTES
from storage.schema import BodyKeyRow

T = TypeVar("T")
KEY_BYTES = 32
_KEY_ID_BYTES = 16
NONCE_BYTES = 12  # random: a key seals a person's entries of a month, far below the 2^32 that are safe. NIST SP 800-38D
_MOST_REMEMBERED = 8_000
# Made once: every question waits for it, and making it takes as long as running it.
_CURRENT = select(BodyKeyRow.key_id).where(
    BodyKeyRow.person == bindparam("person"), BodyKeyRow.month == bindparam("month")
)
_ALIVE = select(BodyKeyRow.key_id)


class KeptKeys(Protocol):
    """Where keys are. Each call is on the disk when it returns."""

    def put(self, key_id: bytes, key: bytes) -> None: ...

    def find(self, key_ids: Collection[bytes]) -> Mapping[bytes, bytes]:
        """Those of them that are there."""

    def ids(self) -> set[bytes]: ...

    def destroy(self, key_ids: Collection[bytes]) -> None: ...


class MemoryKeys:
    """For what is only tried out: nobody can read it afterwards."""

    def __init__(self) -> None:
        self._keys: dict[bytes, bytes] = {}

    def put(self, key_id: bytes, key: bytes) -> None:
        self._keys[key_id] = key

    def find(self, key_ids: Collection[bytes]) -> Mapping[bytes, bytes]:
        return {key_id: self._keys[key_id] for key_id in key_ids if key_id in self._keys}

    def ids(self) -> set[bytes]:
        return set(self._keys)

    def destroy(self, key_ids: Collection[bytes]) -> None:
        for key_id in key_ids:
            self._keys.pop(key_id, None)


class Remembered(dict[bytes | None, T]):
    """What is made of keys, by their ids, each when it is first asked for. Raises: KeyError, for a key that is gone."""

    def __init__(self, kept: KeptKeys, make: Callable[[bytes], T]) -> None:
        super().__init__()
        self._kept = kept
        self._make = make

    def __missing__(self, key_id: bytes | None) -> T:
        self.ask_for({key_id})
        if key_id not in self:
            raise KeyError(key_id)
        return self[key_id]

    def ask_for(self, key_ids: Collection[bytes | None]) -> None:
        """Make those of many at once: asking for a key apart takes ten times as long as to open an entry with it."""
        if missed := {key_id for key_id in key_ids if key_id not in self and key_id is not None}:
            for key_id, key in self._kept.find(missed).items():
                self.remember(key_id, key)

    def remember(self, key_id: bytes, key: bytes) -> None:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        self[key_id] = self._make(key)


class BodyKeys:
    """Seals bodies for writers, inside their transactions, and opens them for readers, in whatever thread."""

    def __init__(self, kept: KeptKeys) -> None:
        self._kept = kept
        self._ciphers = Remembered(kept, AESGCM)
        self._keys = Remembered(kept, bytes)

    def current(self, connection: Connection, person: str, month: str, now: datetime) -> bytes:
        """The id of the person's key of the month, made if there is none. `person` "": the company itself.

        Asked in each transaction: whoever was erased meanwhile, by another process perhaps, gets a new key. That is on
        the disk before what is sealed with it; undone with the transaction, it is one that nobody needs.
        """
        key_id = connection.execute(_CURRENT, {"person": person, "month": month}).scalar()
        if key_id is not None and self._cipher(key_id) is not None:
            return key_id
        if key_id is not None:  # its file was lost: what it opened is too, and `verify` says so; people go on asking
            give_up(connection, [key_id])
        key_id, key = secrets.token_bytes(_KEY_ID_BYTES), secrets.token_bytes(KEY_BYTES)
        self._kept.put(key_id, key)
        self._ciphers.remember(key_id, key)
        connection.execute(insert(BodyKeyRow).values(key_id=key_id, person=person, month=month, made_at=now))
        return key_id

    def seal(self, key_id: bytes, salt: bytes, body: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        cipher = self._cipher(key_id)
        assert cipher is not None, "the key was just asked for"
        return nonce + cipher.encrypt(nonce, salt + body, None)

    def open(self, key_id: bytes, sealed: bytes) -> tuple[bytes, bytes] | None:
        """Salt and body. None: its key is gone, or it was changed; the chain says whether that is right."""
        cipher = self._cipher(key_id)
        if cipher is None:
            return None
        try:
            opened = cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
        except (InvalidTag, ValueError):
            return None
        return opened[:SALT_BYTES], opened[SALT_BYTES:]

    def destroy_unheld(self, connection: Connection) -> int:
        """Destroy every key that the database does not hold any more; how many. Inside a write transaction, after the
        one that gave them up has been committed: a crash in between leaves a key of nothing, until the next time.
        """
        held = set(connection.execute(_ALIVE).scalars())
        unheld = self._kept.ids() - held
        self._kept.destroy(unheld)
        for remembered in (self._ciphers, self._keys):
            for key_id in remembered.keys() - held:
                remembered.pop(key_id, None)
        return len(unheld)

    def ciphers(self, key_ids: Collection[bytes | None]) -> Mapping[bytes | None, AESGCM]:
        """Of these keys at the least, by their ids. Raises: KeyError, when it is asked for one that is gone."""
        self._ciphers.ask_for(key_ids)
        return self._ciphers

    def keys(self, key_ids: Collection[bytes | None]) -> Mapping[bytes | None, bytes]:
        """As `ciphers`, the keys themselves."""
        self._keys.ask_for(key_ids)
        return self._keys

    def _cipher(self, key_id: bytes) -> AESGCM | None:
        try:
            return self._ciphers[key_id]
        except KeyError:
            return None


def give_up(connection: Connection, key_ids: Collection[bytes]) -> None:
    """The database does not hold these keys any more: `BodyKeys.destroy_unheld` them once that is committed."""
    for key_id in key_ids:
        connection.execute(delete(BodyKeyRow).where(BodyKeyRow.key_id == key_id))
