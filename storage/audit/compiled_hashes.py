"""Hashes and texts of many entries by compiled code (hashes.c), for logs that are long.

It is compiled each time it is needed, in a tenth of a second, into a folder that is gone at once: a library that was
kept beside the log could be put in its place by whoever changes the log.
"""

import ctypes
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from storage.audit.chain import DIGEST_BYTES, NO_BODY
from storage.audit.columns import Columns
from storage.audit.keys import KEY_BYTES, BodyKeys

_FLAGS = ("-std=c11", "-O2", "-shared", "-fPIC")
_OPENSSL = "-l:libcrypto.so.3"  # by its name: without OpenSSL's headers there is no libcrypto.so
_COMPILE_SECONDS = 30
_NO_KEY = bytes(KEY_BYTES)


class _Columns(ctypes.Structure):
    """`struct columns` of hashes.c."""

    _fields_ = (
        ("count", ctypes.c_int64),
        ("headers", ctypes.c_char_p),
        ("header_sizes", ctypes.c_char_p),
        ("prevs", ctypes.c_char_p),
        ("digests", ctypes.c_char_p),
        ("hashes", ctypes.c_char_p),
        ("sealed", ctypes.c_char_p),
        ("sealed_sizes", ctypes.c_char_p),
        ("keys", ctypes.c_char_p),
        ("room", ctypes.c_void_p),
    )


class CompiledHashes:
    """Implements `Hashes`, for one thread."""

    def __init__(self, library: ctypes.CDLL, keys: BodyKeys) -> None:
        self._library = library
        self._keys = keys

    def hold(self, columns: Columns) -> bool:
        keys = self._keys.keys(set(columns.key_ids))
        openers = zip(columns.key_ids, columns.sealed, strict=True)
        try:
            digests = [NO_BODY if digest is None else digest for digest in columns.digests]
            used = [_NO_KEY if data is None else keys[key_id] for key_id, data in openers]
            if {*map(len, columns.prevs), *map(len, digests), *map(len, columns.hashes)} != {DIGEST_BYTES}:
                return False
            if {*map(len, used)} != {KEY_BYTES}:
                return False
            sizes = [-1 if data is None else len(data) for data in columns.sealed]
            room = ctypes.create_string_buffer(max(*sizes, 1))
            given = _Columns(
                len(columns.seqs),
                b"".join(columns.headers),
                _int64s(map(len, columns.headers)),
                b"".join(columns.prevs),
                b"".join(digests),
                b"".join(columns.hashes),
                b"".join([data for data in columns.sealed if data is not None]),
                _int64s(sizes),
                b"".join(used),
                ctypes.addressof(room),
            )
        except (KeyError, TypeError):
            return False
        return bool(self._library.hold(ctypes.byref(given)))


def _int64s(values: Iterable[int]) -> bytes:
    numbers = list(values)
    return struct.pack(f"{len(numbers)}q", *numbers)


def compile_hashes() -> ctypes.CDLL | None:
    """None: there is no C compiler or no OpenSSL 3, or nothing may be run from the folder for temporary files.

    Blocks for a tenth of a second.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    try:
        with (
            resources.as_file(resources.files(__package__).joinpath("hashes.c")) as source,
            tempfile.TemporaryDirectory(prefix="inthread-hashes-") as folder,
        ):
            result = Path(folder, "hashes.so")
            command = [compiler, *_FLAGS, str(source), "-o", str(result), _OPENSSL]
            subprocess.run(command, capture_output=True, check=True, timeout=_COMPILE_SECONDS)
            library = ctypes.CDLL(str(result))
    except (OSError, subprocess.SubprocessError):
        return None
    # Of no entries it says whether OpenSSL has what it takes.
    return library if library.hold(ctypes.byref(_Columns())) else None
