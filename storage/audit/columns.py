"""Entries as the database has them, by columns: whether the hashes and the texts of many are what they say."""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol, Self

from cryptography.exceptions import InvalidTag

from storage.audit.chain import ENTRY, NO_BODY
from storage.audit.keys import NONCE_BYTES, BodyKeys

# seq, header, body_digest, prev, hash, key_id, sealed; salt and body where they are not sealed.
StoredEntry = tuple[int, bytes, bytes | None, bytes, bytes, bytes | None, bytes | None, bytes | None, bytes | None]


class Columns(NamedTuple):
    """Of some entries, at least one. What was changed may be of any type."""

    seqs: tuple[int, ...]
    headers: tuple[bytes, ...]
    digests: tuple[bytes | None, ...]
    prevs: tuple[bytes, ...]
    hashes: tuple[bytes, ...]
    key_ids: tuple[bytes | None, ...]
    sealed: tuple[bytes | None, ...]
    salts: tuple[bytes | None, ...]
    bodies: tuple[bytes | None, ...]

    @classmethod
    def of(cls, rows: Sequence[StoredEntry]) -> Self:
        return cls(*zip(*rows, strict=True))


class Hashes(Protocol):
    """What is the most work of a check: which of the two does it is of no matter to what is said."""

    def hold(self, columns: Columns) -> bool:
        """Whether all are right: each hash is of the entry's prev, header and digest; what is sealed opens with its
        key, and has that digest. Not whether prev is the hash before, nor anything else about an entry without text.
        """


class PythonHashes:
    """By the libraries that everything else of the log uses."""

    def __init__(self, keys: BodyKeys) -> None:
        self._keys = keys

    def hold(self, columns: Columns) -> bool:
        ciphers = self._keys.ciphers(set(columns.key_ids))
        texts = zip(columns.digests, columns.key_ids, columns.sealed, strict=True)
        sealed = [(digest, key_id, data) for digest, key_id, data in texts if data is not None]
        try:
            opened = [
                ciphers[key_id].decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], None) for _, key_id, data in sealed
            ]
            bound = [
                ENTRY + prev + sha256(header).digest() + (NO_BODY if digest is None else digest)
                for prev, header, digest in zip(columns.prevs, columns.headers, columns.digests, strict=True)
            ]
        except (InvalidTag, ValueError, KeyError, TypeError):
            return False
        are_texts = [sha256(text).digest() for text in opened] == [digest for digest, _, _ in sealed]
        return are_texts and columns.hashes == tuple([sha256(entry).digest() for entry in bound])
