"""Writing checkpoints down outside the database: a file that something else copies away, or the system's log."""

import os
import socket
from pathlib import Path

from storage.errors import NotWritten

_NOTICE_OF_DAEMON = 3 * 8 + 5  # facility and severity. Source: RFC 3164, 4.1.1
_PORT = 514


def append_to_file(path: Path, lines: list[bytes]) -> None:
    """Add the lines at its end, on the disk when this returns. Blocks. Raises: NotWritten."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "ab") as file:
            file.write(b"".join(lines))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise NotWritten(f"cannot write {path} ({error.strerror}): check [audit] checkpoint_file") from error


def send_to_syslog(address: str, lines: list[bytes]) -> None:
    """`address`: a socket such as `/dev/log`, or HOST or HOST:PORT for UDP. Blocks. Raises: NotWritten."""
    try:
        with _connect(address) as log:
            for line in lines:
                log.send(b"<%d>inthread: %b" % (_NOTICE_OF_DAEMON, line.rstrip()))
    except (OSError, ValueError) as error:
        raise NotWritten(
            f"cannot send to the syslog at {address} ({error}): check [audit] checkpoint_syslog"
        ) from error


def _connect(address: str) -> socket.socket:
    if address.startswith("/"):
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        target: str | tuple[str, int] = address
    else:
        host, _, port = address.partition(":")
        log = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        target = (host, int(port or _PORT))
    try:
        log.connect(target)
    except BaseException:
        log.close()
        raise
    return log
