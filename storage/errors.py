"""Everything that storage raises.

StorageError
├── DatabaseUnusable   cannot be opened: path, permissions, an SQLite library with a known defect
├── DatabaseOutdated   migrations are missing, or the file comes from a newer version
├── DatabaseInUse      another service has this file open
├── BackupFailed       no copy was made: it was not sound
├── NotWritten         a file was not made: something stands there, the folder, its rights
├── NotAnExport        a file that should be an exported audit log is none, or of a newer format
├── AuditKeyUnusable   the key of the audit log's pseudonyms cannot be read or made
└── LeaseLost          somebody else took this reply over; do nothing more with it
"""


class StorageError(Exception):
    """Root. The message says what is wrong and what to do."""


class DatabaseUnusable(StorageError):
    pass


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


class AuditKeyUnusable(StorageError):
    pass


class LeaseLost(StorageError):
    pass
