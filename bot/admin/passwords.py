"""Passwords: Argon2id, checked beside the event loop, and in the same time whoever it is that nobody knows."""

import asyncio
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 256  # characters; hashing a book would be a way to keep the machine busy
AT_ONCE = 2  # each takes 64 MiB


@dataclass(frozen=True, slots=True)
class Checked:
    """`new_hash`: the same password under today's parameters, where it is kept under older ones."""

    is_right: bool
    new_hash: str | None = None


class Passwords:
    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """`hasher`: for tests, which would take too long with the real one."""
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._nobodys: str | None = None

    def hash(self, password: str) -> str:
        """Blocks for as long as a guess is to cost."""
        return self._hasher.hash(password.encode("utf-8", "surrogatepass"))

    async def check(self, password: str, password_hash: str | None) -> Checked:
        """`password_hash` None: there is no such account, which takes as long to say as that a password is wrong."""
        async with self._turns:
            return await asyncio.to_thread(self._check, password[:LONGEST], password_hash)

    def _check(self, password: str, password_hash: str | None) -> Checked:
        if self._nobodys is None:
            self._nobodys = self.hash("nobody has this password")
        known = password_hash or self._nobodys
        try:
            self._hasher.verify(known, password.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return Checked(False)
        if password_hash is None:
            return Checked(False)
        return Checked(True, self.hash(password) if self._hasher.check_needs_rehash(known) else None)


def find_fault(password: str, name: str) -> str | None:
    """What is wrong with a new password, as a clause for a person."""
    if len(password) < SHORTEST:
        return f"it needs at least {SHORTEST} characters"
    if len(password) > LONGEST:
        return f"it has more than {LONGEST} characters"
    if name.casefold() in password.casefold() or len(set(password)) < 5:
        return "it is too easy to guess"
    return None
