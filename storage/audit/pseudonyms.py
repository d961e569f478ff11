"""What headers call a person: the same name every time, and nobody's without the key.

Whoever has the key can go from a person to their entries (erasure has to), and by trying all ids from an entry to the
person; whoever has only the log, or an export of it, cannot.
"""

import hmac
import secrets
from collections.abc import Callable
from pathlib import Path

from storage.audit.canonical import well_formed
from storage.audit.key_files import load_or_make
from storage.errors import AuditKeyUnusable

Pseudonym = Callable[[str, str, str], str]
KEY_BYTES = 32
HEX_DIGITS = 32  # 128 bits: two people never share one


def load_pseudonym(path: Path) -> Pseudonym:
    """`pseudonym(platform, tenant, user) -> str` under the key in the file, which is made when it is missing. Blocks.

    Raises: AuditKeyUnusable, when it cannot be read or made, or is damaged.
    """
    key = load_or_make(path, lambda: secrets.token_bytes(KEY_BYTES))
    if len(key) != KEY_BYTES:
        raise AuditKeyUnusable(f"{path} is damaged: restore it from a backup; a new key means new names for all")
    return lambda platform, tenant, user: _pseudonym(key, platform, tenant, user)


def _pseudonym(key: bytes, *person: str) -> str:
    # Each part behind its length: no two people's parts run together into the same bytes.
    parts = [well_formed(part).encode() for part in person]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(key, message, "sha256").hex()[:HEX_DIGITS]
