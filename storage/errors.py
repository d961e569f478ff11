"""Everything that storage raises.

StorageError
├── DatabaseUnusable   cannot be opened: path, permissions, an SQLite library with a known defect
│   └── DatabaseUnavailable   not now: disk full, locked, I/O error. Nothing was committed; later the same may succeed
├── DatabaseOutdated   migrations are missing, or the file comes from a newer version
├── DatabaseInUse      another service has this file open
├── BackupFailed       no copy was made: it was not sound
├── NotWritten         a file was not made: something stands there, the folder, its rights
├── NotAnExport        a file that should be an exported audit log is none, or of a newer format
├── NotCheckpoints     a file that should hold signed checkpoints does not, or they are signed with another key
├── UnderHold          somebody has to keep what was to be erased: the hold has to be lifted first
├── EntryChanged       somebody else changed the entry meanwhile: look at it again before changing it
├── AuditKeyUnusable   a key of the audit log (names, signatures, texts) cannot be read or made, or is another one
├── AccountExists      an account of the admin pages has that name already
└── LeaseLost          somebody else took this reply over; do nothing more with it
"""

from enum import StrEnum


class StorageError(Exception):
    """Root. The message says what is wrong and what to do."""


class DatabaseUnusable(StorageError):
    pass


class Trouble(StrEnum):
    """What keeps the database from being used for now. None of it is mended by trying harder."""

    FULL = "full"
    LOCKED = "locked"
    IO_ERROR = "io_error"
    READ_ONLY = "read_only"
    CANNOT_OPEN = "cannot_open"


_MENDS = {
    Trouble.FULL: "the disk of the database is full: make room on it",
    Trouble.LOCKED: "another program holds the lock of the database: end it",
    Trouble.IO_ERROR: "the disk of the database reports errors, or a limit of file sizes: look at the system's log",
    Trouble.READ_ONLY: "the database cannot be written: check the permissions of the file and the mount of its disk",
    Trouble.CANNOT_OPEN: "unable to open the database file: check [storage] url and the permissions",
}


class DatabaseUnavailable(DatabaseUnusable):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__(_MENDS[trouble])
        self.trouble = trouble


class DatabaseOutdated(StorageError):
    pass


class DatabaseInUse(StorageError):
    pass


class BackupFailed(StorageError):
    pass


class NotWritten(StorageError):
    pass


class NotAnExport(StorageError):
    pass


class NotCheckpoints(StorageError):
    pass


class UnderHold(StorageError):
    pass


class EntryChanged(StorageError):
    pass


class AccountExists(StorageError):
    pass


class AuditKeyUnusable(StorageError):
    pass


class LeaseLost(StorageError):
    pass
