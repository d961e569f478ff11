"""Checks an exported audit log from its contract alone: imports nothing of this program."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key


def first_bad(lines: Iterable[bytes], pem: bytes, kept_elsewhere: Iterable[bytes] = ()) -> int | None:
    """The first entry that is not as it was signed or chained. `kept_elsewhere`: lines of checkpoints."""
    key = load_pem_public_key(pem)
    parsed = map(json.loads, lines)
    manifest = next(parsed)
    shipped = [json.loads(line) for line in kept_elsewhere]
    assert all(_is_signed(key, checkpoint) for checkpoint in shipped)
    heads: dict[int, str] = {checkpoint["size"]: checkpoint["head"] for checkpoint in shipped}
    seq, prev, signature = 0, bytes(32), ""
    for line in parsed:
        if line["type"] == "checkpoint":
            if line["size"] > seq:
                return seq + 1
            if line["head"] != prev.hex() or line["prev_signature"] != signature or not _is_signed(key, line):
                return seq
            signature = line["signature"]
            continue
        seq += 1
        if not _is_good(line, seq, prev) or heads.get(seq, line["hash"]) != line["hash"]:
            return seq
        prev = bytes.fromhex(line["hash"])
    return seq + 1 if max([manifest["to_seq"], *heads]) > seq else None


def _is_good(line: Mapping[str, Any], seq: int, prev: bytes) -> bool:
    digest = bytes(32) if line["body_digest"] is None else bytes.fromhex(line["body_digest"])
    if line["body"] is not None:
        salted = bytes.fromhex(line["salt"]) + rfc8785.dumps(line["body"])
        if hashlib.sha256(salted).digest() != digest:
            return False
    header = hashlib.sha256(rfc8785.dumps(line["header"])).digest()
    hashed = hashlib.sha256(b"\x00" + prev + header + digest).hexdigest()
    return line["seq"] == line["header"]["seq"] == seq and (line["prev"], line["hash"]) == (prev.hex(), hashed)


def _is_signed(key: Any, line: Mapping[str, Any]) -> bool:
    said = {name: line[name] for name in ("size", "head", "time", "prev_signature")}
    try:
        key.verify(base64.b64decode(line["signature"]), rfc8785.dumps(said))
    except InvalidSignature:
        return False
    return True
