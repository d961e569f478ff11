"""Checkpoints: what the log was at a moment, signed. Kept elsewhere, they show that its end was cut off or rewritten.

Pure functions of bytes. Source: the audit export in docs/audit.md, a contract.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.audit.canonical import canonical, utc_text
from storage.audit.signing import SIGNATURE_BYTES, PublicKey, Signer
from storage.errors import NotCheckpoints

_MEMBERS = {"type": str, "size": int, "head": str, "time": str, "prev_signature": str, "signature": str}
REWRITTEN = b""  # the hash of no entry: the log was another one when the one was signed than when the other was
_HEAD = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`head`: the hash of entry `size`. `prev_signature`: of the checkpoint before, empty for the first."""

    size: int
    head: bytes
    time: str
    prev_signature: bytes
    signature: bytes

    @property
    def statement(self) -> bytes:
        """What the signature is over."""
        return _statement(self.size, self.head, self.time, self.prev_signature)

    def is_signed_with(self, key: PublicKey) -> bool:
        return key.has_signed(self.statement, self.signature)


def sign_checkpoint(signer: Signer, size: int, head: bytes, at: datetime, prev_signature: bytes) -> Checkpoint:
    time = utc_text(at)
    return Checkpoint(size, head, time, prev_signature, signer.sign(_statement(size, head, time, prev_signature)))


def checkpoint_line(checkpoint: Checkpoint) -> bytes:
    said = {
        "type": "checkpoint",
        "size": checkpoint.size,
        "head": checkpoint.head.hex(),
        "time": checkpoint.time,
        "prev_signature": _text(checkpoint.prev_signature),
        "signature": _text(checkpoint.signature),
    }
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


def parse_checkpoint(said: Mapping[str, Any]) -> Checkpoint:
    """From the object of a line. Raises: ValueError."""
    if {name: type(value) for name, value in said.items()} != _MEMBERS or said["type"] != "checkpoint":
        raise ValueError("not a checkpoint")
    if not _HEAD.fullmatch(said["head"]) or said["size"] < 1:
        raise ValueError("not a checkpoint")
    prev, signature = _bytes(said["prev_signature"]), _bytes(said["signature"])
    if len(signature) != SIGNATURE_BYTES or len(prev) not in (0, SIGNATURE_BYTES):
        raise ValueError("not a checkpoint")
    return Checkpoint(said["size"], bytes.fromhex(said["head"]), said["time"], prev, signature)


def parse_shipped(lines: Iterable[bytes], key: PublicKey) -> dict[int, bytes]:
    """The heads by size, REWRITTEN where two differ, from lines that were kept elsewhere.

    Other lines of a log may stand between and before them.

    Raises: NotCheckpoints, when there is none, or one is not signed with this key.
    """
    heads: dict[int, bytes] = {}
    for number, line in enumerate(lines, start=1):
        if (begins := line.find(b'{"type":"checkpoint"')) < 0:
            continue
        try:
            checkpoint = parse_checkpoint(json.loads(line[begins:]))
        except ValueError as error:
            raise NotCheckpoints(f"line {number} is no checkpoint any more: take another copy") from error
        if not checkpoint.is_signed_with(key):
            raise NotCheckpoints(f"line {number} is not signed with this key: take another copy, or the right key")
        if heads.setdefault(checkpoint.size, checkpoint.head) != checkpoint.head:
            heads[checkpoint.size] = REWRITTEN
    if not heads:
        raise NotCheckpoints("it has no checkpoint: name a file of [audit] checkpoint_file, or lines of the syslog")
    return heads


def _statement(size: int, head: bytes, time: str, prev_signature: bytes) -> bytes:
    return canonical({"size": size, "head": head.hex(), "time": time, "prev_signature": _text(prev_signature)})


def _text(signature: bytes) -> str:
    return base64.b64encode(signature).decode()


def _bytes(text: str) -> bytes:
    value = base64.b64decode(text, validate=True)
    if _text(value) != text:  # one spelling
        raise ValueError("not base64")
    return value
