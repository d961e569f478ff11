"""Whether entries are what was written: taken one after the other, from a database or from an exported file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from storage.audit.chain import DIGEST_BYTES, FIRST_PREV, NO_BODY, SALT_BYTES, digest_body, link
from storage.audit.checkpoints import Checkpoint
from storage.audit.columns import Columns, Hashes, StoredEntry
from storage.audit.removals import REMOVAL_MARK, MissingBodies, Span, pruned_by, removed_by
from storage.audit.signing import PublicKey


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
    last good one, None if there was none. `signed`: the last checkpoint that fits them, of `checkpoints`. `first`: with
    which it begins.
    """

    entries: int
    erased: int
    head: bytes | None
    first_bad: int | None = None
    reason: str | None = None
    checkpoints: int = 0
    signed: Checkpoint | None = None
    first: int = 1

    @property
    def unsigned(self) -> int:
        """How many of the last ones no checkpoint covers."""
        return min(self.entries, self.first - 1 + self.entries - (0 if self.signed is None else self.signed.size))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Entries that are good among themselves. `prev` and `prev_signature`: what they and their checkpoints follow.

    `missing`: whose bodies are gone, and no entry of theirs says so. `removed`: all that they say so about.
    """

    verdict: Verdict
    prev: bytes
    prev_signature: bytes
    missing: tuple[Span, ...]
    removed: tuple[Span, ...]


class ChainCheck:
    """Checks entries and checkpoints in order and remembers the last of each, and what is missing.

    Bodies that are missing have to be accounted for by a later entry: somebody erased them, or they were old.
    What a chain alone cannot show: that its end was cut off, or that everything from some entry on was written anew.
    Checkpoints do, as far as they are out of the reach of whoever does that: `shipped` are the heads by size.
    """

    def __init__(
        self,
        first_seq: int = 1,
        key: PublicKey | None = None,
        shipped: Mapping[int, bytes] | None = None,
        *,
        is_whole: bool = False,
    ) -> None:
        """An excerpt, `first_seq` > 1, is believed about the one hash that it follows, unless a checkpoint says it.

        `is_whole`: it is no excerpt; an entry has to say that those before it were old enough to go.
        Without a `key` signatures are not checked.
        """
        self.next_seq = self._first_seq = first_seq
        self._pruned_to = first_seq - 1 if is_whole else 0
        self._key = key
        self._shipped = shipped or {}
        self._entries = self._erased = self._checkpoints = 0
        self._head: bytes | None = FIRST_PREV if first_seq == 1 else None
        self._signed: Checkpoint | None = None
        self._believes_next_checkpoint = first_seq > 1
        self._missing = MissingBodies()
        self._removed: list[Span] = []
        self._first_prev, self._first_prev_signature = self._head or b"", b""
        self._bad: int | None = None
        self._reason: str | None = None

    def take(self, entry: ChainedEntry) -> bool:
        """Whether it is good. After the first that is not, take no more."""
        reason = self._find_fault(entry)
        if reason is not None:
            self.refuse(reason)
            return False
        self._head = entry.hash
        self._first_prev = self._first_prev or entry.prev
        self._entries += 1
        if entry.body is None and entry.body_digest is not None:
            self._erased += 1
            self._missing.add((entry.seq, entry.seq))
        if removed := removed_by(entry.header):
            self._removed += removed
            self._missing.account_for(removed)
        if self._pruned_to and pruned_by(entry.header) >= self._pruned_to:
            self._pruned_to = 0
        self.next_seq += 1
        return True

    def take_rows(
        self, rows: Sequence[StoredEntry], hashes: Hashes, entry: Callable[[StoredEntry], ChainedEntry]
    ) -> bool:
        """As `take` of each in turn, as the database has them, many times as fast where nothing is unusual about them.

        `entry` reads one, to be taken as what it is, where something is: a key is gone, one says that others have lost
        their texts, or one is bad.
        """
        if rows and self._are_usual(rows, hashes):
            self._count(rows)
            return True
        return all(self.take(entry(row)) for row in rows)

    def take_checkpoint(self, checkpoint: Checkpoint) -> bool:
        """Whether it is good: one over the entry that was taken last. Those before the first entry say nothing."""
        if checkpoint.size < self._first_seq - 1:
            return True
        reason = self._find_fault_of_checkpoint(checkpoint)
        if reason is not None:
            self.refuse(reason, min(checkpoint.size, self.next_seq))
            return False
        self._head = checkpoint.head
        if not self._checkpoints:
            self._first_prev_signature = checkpoint.prev_signature
        self._checkpoints += 1
        self._signed = checkpoint
        self._believes_next_checkpoint = False
        return True

    def refuse(self, reason: str, seq: int | None = None) -> None:
        """The next entry is bad, or there is none where one should be; or it is another one."""
        self._bad = self.next_seq if seq is None else seq
        self._reason = reason

    @property
    def misses_texts(self) -> bool:
        """All is good so far, but for texts that a later entry has to account for."""
        return self._reason is None and bool(self._missing)

    def end(self) -> None:
        """No more will come: whether a checkpoint that was kept elsewhere knows of more, and what is still missing.

        Another fault comes first: what accounts for a missing body may be what was changed or cut off.
        """
        if self._reason is not None:
            return
        if max(self._shipped, default=0) >= self.next_seq:
            self.refuse(f"it is missing: a checkpoint was signed over {max(self._shipped)} entries")
        elif self._pruned_to:
            self.refuse("it is missing, and no entry says that it was old enough to go", 1)
        elif self._missing:
            self.refuse("its text is gone, and no entry says who erased it", self._missing.first)

    @property
    def stretch(self) -> Stretch:
        """What was taken, if all of it was good, to be put together with what stands before and behind it."""
        assert self._head is not None, "something was taken"
        return Stretch(
            self.verdict, self._first_prev, self._first_prev_signature, tuple(self._missing.spans), tuple(self._removed)
        )

    @property
    def verdict(self) -> Verdict:
        head = self._head if self._entries else None
        return Verdict(
            self._entries, self._erased, head, self._bad, self._reason, self._checkpoints, self._signed, self._first_seq
        )

    def _are_usual(self, rows: Sequence[StoredEntry], hashes: Hashes) -> bool:
        """Whether all are good, with texts or without. By columns: a million pass here, and each step adds up."""
        columns = Columns.of(rows)
        bare = [row for row in rows if row[6] is None]
        return (
            columns.seqs == tuple(range(self.next_seq, self.next_seq + len(rows)))
            and columns.prevs == (self._head, *columns.hashes[:-1])
            and hashes.hold(columns)
            # By `rfind`: in a few hundred bytes it is twice as fast as `in`, which prepares itself for long ones.
            and min(map(bytes.rfind, columns.headers, [b'"seq":%d,' % seq for seq in columns.seqs])) >= 0
            and REMOVAL_MARK not in b"".join(columns.headers)
            and {*columns.salts, *columns.bodies} == {None}
            and all(row[5] is None and (row[2] is None or _is_digest(row[2])) for row in bare)
            and (not self._shipped or columns.hashes == tuple(map(self._shipped.get, columns.seqs, columns.hashes)))
        )

    def _count(self, rows: Sequence[StoredEntry]) -> None:
        """Good ones, of which none says anything about others."""
        lost = [row[0] for row in rows if row[6] is None and row[2] is not None]
        for seq in lost:
            self._missing.add((seq, seq))
        self._erased += len(lost)
        self._entries += len(rows)
        self.next_seq += len(rows)
        self._head = rows[-1][4]

    def _find_fault_of_checkpoint(self, checkpoint: Checkpoint) -> str | None:
        last = self.next_seq - 1
        if checkpoint.size > last:
            return f"it is missing: a checkpoint was signed over {checkpoint.size} entries"
        if checkpoint.size < last:
            return "a checkpoint over it stands in another place"
        if self._key is not None and not checkpoint.is_signed_with(self._key):
            return "the checkpoint over it is not signed with this key"
        if self._head is not None and checkpoint.head != self._head:
            since = 0 if self._signed is None else self._signed.size
            return f"the checkpoint over it was signed over another one: entries behind {since} were written anew"
        before = b"" if self._signed is None else self._signed.signature
        if checkpoint.prev_signature != before and not self._believes_next_checkpoint:
            return "a checkpoint before the one over it was taken away"
        return None

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
        if self._shipped and self._shipped.get(entry.seq, entry.hash) != entry.hash:
            return (
                "a checkpoint that was kept elsewhere was signed over another one: the log was rolled back or rewritten"
            )
        return None


def _is_bound(entry: ChainedEntry) -> bool:
    """Whether the text is the one of the digest. An erased one has lost its salt too: with that it could be guessed."""
    if entry.body_digest is None:
        return entry.body is None and entry.salt is None
    if not _is_digest(entry.body_digest):
        return False
    if entry.body is None or entry.salt is None:
        return entry.body is None and entry.salt is None
    return len(entry.salt) == SALT_BYTES and digest_body(entry.salt, entry.body) == entry.body_digest


def _is_digest(value: bytes) -> bool:
    """Of some text. NO_BODY is hashed as if there were none."""
    return len(value) == DIGEST_BYTES and value != NO_BODY
