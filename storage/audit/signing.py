"""Who signs: an Ed25519 key of our own, and its public half, with which anybody can check. Source: RFC 8032."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.audit.key_files import load_or_make
from storage.errors import AuditKeyUnusable

SIGNATURE_BYTES = 64


class PublicKey:
    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    def has_signed(self, statement: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(signature, statement)
        except InvalidSignature:
            return False
        return True

    @property
    def pem(self) -> bytes:
        return self._key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class Signer:
    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def sign(self, statement: bytes) -> bytes:
        return self._key.sign(statement)

    @property
    def public_key(self) -> PublicKey:
        return PublicKey(self._key.public_key())


def load_signer(path: Path) -> Signer:
    """The key in the file (PEM, PKCS 8), which is made when it is missing. Blocks. Raises: AuditKeyUnusable."""
    pem = load_or_make(path, _new_key)
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise _damaged(path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _damaged(path)
    return Signer(key)


def load_public_key(path: Path) -> PublicKey:
    """As `inthread audit public-key` prints it. Blocks. Raises: AuditKeyUnusable."""
    try:
        key = parse_public_key(path.read_bytes())
    except OSError as error:
        raise AuditKeyUnusable(f"cannot read {path} ({error.strerror}): check the name and its permissions") from error
    except (ValueError, TypeError) as error:
        raise _no_public_key(path) from error
    return key


def parse_public_key(pem: bytes) -> PublicKey:
    """Raises: ValueError, TypeError."""
    key = serialization.load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise TypeError("another kind of key")
    return PublicKey(key)


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _damaged(path: Path) -> AuditKeyUnusable:
    return AuditKeyUnusable(f"{path} holds no Ed25519 key: restore it from a backup; a new key cannot go on signing")


def _no_public_key(path: Path) -> AuditKeyUnusable:
    return AuditKeyUnusable(f"{path} is no public key of Ed25519: name a file that `inthread audit public-key` printed")
