"""Whether entries are what was written: taken one after the other, from a database or from an exported file."""

from dataclasses import dataclass

from storage.audit.chain import DIGEST_BYTES, FIRST_PREV, NO_BODY, SALT_BYTES, digest_body, link


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """An entry with what chains it. `header` and `body` are RFC 8785 JSON; body and salt are None once erased."""

    seq: int
    header: bytes
    body_digest: bytes | None
    prev: bytes
    hash: bytes
    salt: bytes | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`first_bad` is the seq of the first entry that is not as it was written, and `reason` a clause about it.

    `entries` were good before that, `erased` of them have lost their text and keep its digest. `head`: the hash of the
    last good one, None if there was none.
    """

    entries: int
    erased: int
    head: bytes | None
    first_bad: int | None = None
    reason: str | None = None


class ChainCheck:
    """Checks entries in order and remembers no more than the last one's hash.

    What it cannot see from the chain alone: that the end was cut off, or that everything from some entry on was written
    anew with new hashes. Signed checkpoints are for that.
    """

    def __init__(self, first_seq: int = 1) -> None:
        """An excerpt, `first_seq` > 1, is believed about the one hash that it follows."""
        self.next_seq = first_seq
        self._entries = self._erased = 0
        self._head: bytes | None = FIRST_PREV if first_seq == 1 else None
        self._reason: str | None = None

    def take(self, entry: ChainedEntry) -> bool:
        """Whether it is good. After the first that is not, take no more."""
        reason = self._find_fault(entry)
        if reason is not None:
            self.refuse(reason)
            return False
        self._head = entry.hash
        self._entries += 1
        self._erased += entry.body is None and entry.body_digest is not None
        self.next_seq += 1
        return True

    def refuse(self, reason: str) -> None:
        """The next entry is bad, or there is none where one should be."""
        self._reason = reason

    @property
    def verdict(self) -> Verdict:
        bad = None if self._reason is None else self.next_seq
        return Verdict(self._entries, self._erased, self._head if self._entries else None, bad, self._reason)

    def _find_fault(self, entry: ChainedEntry) -> str | None:
        if entry.seq != self.next_seq:
            return "it is missing or not in its place"
        if entry.prev != self._head and (self._head is not None or len(entry.prev) != DIGEST_BYTES):
            return "it does not follow the entry before it"
        # A quotation mark inside a string is escaped, so these bytes are a name and its value; "time" sorts behind.
        if b'"seq":%d,' % entry.seq not in entry.header:
            return "its header belongs to another entry"
        if not _is_bound(entry):
            return "its text or the salt was changed or taken away"
        if link(entry.prev, entry.header, entry.body_digest) != entry.hash:
            return "its header, digest or hash was changed"
        return None


def _is_bound(entry: ChainedEntry) -> bool:
    """Whether the text is the one of the digest. An erased one has lost its salt too: with that it could be guessed."""
    if entry.body_digest is None:
        return entry.body is None and entry.salt is None
    if len(entry.body_digest) != DIGEST_BYTES or entry.body_digest == NO_BODY:  # hashed as if there were none
        return False
    if entry.body is None or entry.salt is None:
        return entry.body is None and entry.salt is None
    return len(entry.salt) == SALT_BYTES and digest_body(entry.salt, entry.body) == entry.body_digest
