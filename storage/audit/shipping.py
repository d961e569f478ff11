"""Writing checkpoints down outside the database: a file that something else copies away, or the system's log."""

import os
import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
    """`address`: as `syslog_place` takes it. Blocks. Raises: NotWritten, where it is known that they did not arrive.

    By UDP to another machine it never is known: what is lost on the way stands in the file alone.
    """
    try:
        with _connect(address) as log:
            for line in lines:
                log.send(b"<%d>inthread: %b" % (_NOTICE_OF_DAEMON, line.rstrip()))
                if error := log.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):  # nobody listens on this machine
                    raise OSError(error, os.strerror(error))
    except OSError as error:
        raise NotWritten(
            f"cannot send to the syslog at {address} ({error.strerror or error}): check [audit] checkpoint_syslog"
        ) from error


def syslog_place(address: str) -> str | tuple[str, int]:
    """A socket such as `/dev/log`, or a host and a port for UDP: HOST, HOST:PORT, [IPV6]:PORT. Raises: ValueError."""
    if address.startswith("/"):
        return address
    try:
        place = urlsplit(f"//{address}")
        host, port = place.hostname, _PORT if place.port is None else place.port
    except ValueError:
        host, port = None, 0
    if not host or not port or not re.fullmatch(r"[^\s/?#@]+", address):
        raise ValueError("should be a socket such as /dev/log, or HOST or HOST:PORT")
    return host, port


def _connect(address: str) -> socket.socket:
    place = syslog_place(address)
    if isinstance(place, str):
        return _connected(socket.AF_UNIX, place)
    family, _, _, _, target = socket.getaddrinfo(*place, type=socket.SOCK_DGRAM)[0]
    return _connected(family, target)


def _connected(family: socket.AddressFamily, target: Any) -> socket.socket:
    log = socket.socket(family, socket.SOCK_DGRAM)
    try:
        log.connect(target)
    except BaseException:
        log.close()
        raise
    return log
