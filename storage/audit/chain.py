"""How entries hang together: SHA-256 over the one before, the header, and the salted digest of the body.

Pure functions of bytes. Source: the audit export in docs/audit.md, a contract.
"""

from hashlib import sha256

DIGEST_BYTES = 32
SALT_BYTES = 32
FIRST_PREV = bytes(DIGEST_BYTES)
NO_BODY = bytes(DIGEST_BYTES)
ENTRY = b"\x00"  # keeps an entry's hash apart from any other hash that may be made of the same bytes


def link(prev: bytes, header: bytes, body_digest: bytes | None) -> bytes:
    """The hash of an entry. `header` is its RFC 8785 JSON."""
    bound = NO_BODY if body_digest is None else body_digest
    return sha256(ENTRY + prev + sha256(header).digest() + bound).digest()


def digest_body(salt: bytes, body: bytes) -> bytes:
    """Binds the text, and lets nobody who lacks the salt guess it. `body` is its RFC 8785 JSON."""
    return sha256(salt + body).digest()
