"""The exported log: JSON Lines that anybody can check without this program. Source: docs/audit.md, a contract."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from storage.audit.canonical import respell, utc_text
from storage.audit.checking import ChainCheck, ChainedEntry, Verdict
from storage.audit.checkpoints import parse_checkpoint
from storage.audit.signing import PublicKey
from storage.errors import NotAnExport

FORMAT = 1
_MANIFEST = {"type": str, "format": int, "from_seq": int, "to_seq": int, "created": str}
_ENTRY = {"type", "seq", "header", "body_digest", "prev", "hash", "salt", "body"}
_HEX = re.compile("[0-9a-f]{64}")


def manifest_line(from_seq: int, to_seq: int, created: datetime) -> bytes:
    manifest = {"type": "manifest", "format": FORMAT, "from_seq": from_seq, "to_seq": to_seq}
    return json.dumps({**manifest, "created": utc_text(created)}, separators=(",", ":")).encode() + b"\n"


def entry_line(entry: ChainedEntry) -> bytes:
    """Header and body stand as they were hashed, byte for byte."""
    return b'{"type":"entry","seq":%d,"header":%b,"body_digest":%b,"prev":%b,"hash":%b,"salt":%b,"body":%b}\n' % (
        entry.seq,
        _object(entry.header),
        _hex(entry.body_digest),
        _hex(entry.prev),
        _hex(entry.hash),
        _hex(entry.salt),
        b"null" if entry.body is None else _object(entry.body),
    )


def verify_export(
    lines: Iterable[bytes], key: PublicKey | None = None, shipped: Mapping[int, bytes] | None = None
) -> Verdict:
    """What an exported log is worth. Keeps one line in memory. `key`, `shipped`: as of `ChainCheck`.

    Raises: NotAnExport, when the first line is no manifest of a format that is known here.
    """
    source = iter(lines)
    from_seq, to_seq = _parse_manifest(next(source, b""))
    check = ChainCheck(from_seq, key, shipped)
    for line in source:
        if not _take_line(check, line, to_seq):
            return check.verdict
    if check.next_seq <= to_seq:
        check.refuse("it is missing: the file ends before it")
    check.end()
    return check.verdict


def _take_line(check: ChainCheck, line: bytes, to_seq: int) -> bool:
    try:
        said = _parse_object(line)
        if said.get("type") == "checkpoint":
            return check.take_checkpoint(parse_checkpoint(said))
        entry = _parse_entry(said)
    except (ValueError, RecursionError):  # all that JSON and RFC 8785 can be wrong in
        covered = check.next_seq - 1 if line.startswith(b'{"type":"checkpoint"') else None
        check.refuse("it, or the checkpoint over it, is not written as the format says", covered)
        return False
    if check.next_seq > to_seq:
        check.refuse("it stands behind the last one that the file announces")
        return False
    return check.take(entry)


def _parse_manifest(line: bytes) -> tuple[int, int]:
    """The first and the last seq."""
    try:
        manifest = _parse_object(line)
    except (ValueError, RecursionError):
        manifest = {}
    types = {name: type(manifest.get(name)) for name in _MANIFEST}
    if types != _MANIFEST or manifest["type"] != "manifest":
        raise NotAnExport("its first line is no manifest: name a file that `inthread audit export` has written")
    if manifest["format"] != FORMAT:
        raise NotAnExport(f"it has format {manifest['format']}, this version reads {FORMAT}: install a newer inthread")
    return manifest["from_seq"], manifest["to_seq"]


def _parse_entry(said: dict[str, Any]) -> ChainedEntry:
    """Raises: ValueError, RecursionError."""
    if said.keys() != _ENTRY or said["type"] != "entry" or type(said["seq"]) is not int:
        raise ValueError("not an entry")
    header, body = said["header"], said["body"]
    if type(header) is not dict or type(body) not in (dict, type(None)) or header.get("seq") != said["seq"]:
        raise ValueError("not an entry")
    return ChainedEntry(
        seq=said["seq"],
        header=respell(header),
        body_digest=_parse_digest(said["body_digest"]),
        prev=_parse_hex(said["prev"]),
        hash=_parse_hex(said["hash"]),
        salt=_parse_digest(said["salt"]),
        body=None if body is None else respell(body),
    )


def _parse_object(line: bytes) -> dict[str, Any]:
    value = json.loads(line.decode(), object_pairs_hook=_without_repetition)
    if type(value) is not dict:
        raise ValueError("not an object")
    return value


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two members with one name, some readers would show the one and some check the other."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def _object(written: bytes) -> bytes:
    """What is no object any more becomes a string, which no reader takes for an entry's: `null` is not an erased text,
    and a line stays one line."""
    if written.startswith(b"{") and b"\n" not in written:
        return written
    return json.dumps(written.decode(errors="replace")).encode()


def _hex(value: bytes | None) -> bytes:
    return b"null" if value is None else b'"%b"' % value.hex().encode()


def _parse_digest(value: object) -> bytes | None:
    return None if value is None else _parse_hex(value)


def _parse_hex(value: object) -> bytes:
    """32 bytes in the one spelling that is written: `bytes.fromhex` would take others too."""
    if type(value) is not str or not _HEX.fullmatch(value):
        raise ValueError("not 32 bytes in hex")
    return bytes.fromhex(value)
