"""Checkpoints that leave the machine: a syslog listens on loopback, or is down; the file is written all the same."""

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError
from sqlalchemy import Connection, text

from bot.jobs.checkpoints import Checkpoints
from storage.audit.checkpointing import CheckpointStore
from storage.audit.checkpoints import parse_shipped
from storage.audit.log import AuditEntry, append
from storage.audit.settings import AuditSettings
from storage.audit.signing import Signer
from storage.audit.store import AuditStore
from storage.database import Database
from storage.errors import NotWritten
from tests.clock import START, ManualClock
from tests.conftest import KEYS

SIGNER = Signer(Ed25519PrivateKey.generate())


class Syslog:
    """What a syslog daemon is to us: datagrams on a socket, each a line of its file. Down until it is started."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket: socket.socket | None = None

    def start(self) -> None:
        if self.address.startswith("/"):
            listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            listening.bind(self.address)
        else:
            host, _, port = self.address.rpartition(":")
            family = socket.AF_INET6 if "[" in host else socket.AF_INET
            listening = socket.socket(family, socket.SOCK_DGRAM)
            listening.bind((host.strip("[]"), int(port)))
        listening.settimeout(5)
        self._socket = listening

    def lines(self, count: int) -> list[bytes]:
        """As rsyslog writes them, with what others have said between."""
        assert self._socket is not None
        messages = [self._socket.recv(65_536) for _ in range(count)]
        assert all(message.startswith(b"<29>inthread: {") for message in messages)
        self._socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            self._socket.recv(1)
        self._socket.settimeout(5)
        lines = [b"Mar  2 09:00:01 faq " + message.partition(b">")[2] + b"\n" for message in messages]
        return [b"Mar  2 09:00:00 faq cron[7]: session opened\n", *lines]

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


@pytest.fixture(params=["udp", "udp6", "socket"])
def syslog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Syslog]:
    address = str(tmp_path / "log")
    if request.param != "socket":
        family, host = (socket.AF_INET, "127.0.0.1") if request.param == "udp" else (socket.AF_INET6, "::1")
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as free:
            free.bind((host, 0))
            port = free.getsockname()[1]
        address = f"{host}:{port}" if request.param == "udp" else f"[{host}]:{port}"
    syslog = Syslog(address)
    yield syslog
    syslog.close()


class Desk:
    """A log that grows by five entries at a time, and the job that ships its checkpoints."""

    def __init__(self, database: Database, clock: ManualClock, address: str, folder: Path) -> None:
        self.database = database
        self._clock = clock
        settings = AuditSettings(checkpoint_entries=5, checkpoint_syslog=address)
        files = settings.files(folder)
        self.file = files.checkpoints
        self._jobs = Checkpoints(CheckpointStore(database, SIGNER), settings, files, clock)

    async def five_more(self) -> None:
        """A minute later."""

        def write(connection: Connection) -> None:
            for _ in range(5):
                append(connection, KEYS, AuditEntry("question", START, {"channel": "C1"}, {"text": "How many?"}))

        await self.database.write(write)
        await self._clock.advance(timedelta(minutes=1).total_seconds())

    async def ship(self) -> None:
        await self._jobs.run()

    def sizes_in_file(self) -> list[int]:
        return [size for line in self.file.open("rb") for size in parse_shipped([line], SIGNER.public_key)]


@pytest.fixture
def desk(database: Database, clock: ManualClock, syslog: Syslog, tmp_path: Path) -> Desk:
    return Desk(database, clock, syslog.address, tmp_path)


async def test_what_a_syslog_keeps_finds_a_log_that_was_cut_off(desk: Desk, syslog: Syslog) -> None:
    syslog.start()
    await desk.five_more()
    await desk.ship()
    await desk.five_more()
    await desk.ship()
    await desk.ship()  # nothing is new

    kept = parse_shipped(syslog.lines(2), SIGNER.public_key)

    assert sorted(kept) == desk.sizes_in_file() == [5, 10]
    store = AuditStore(desk.database, KEYS)
    assert (await store.verify(SIGNER.public_key, kept)).first_bad is None
    for cut in ("DELETE FROM audit_entry WHERE seq > 7", "DELETE FROM audit_checkpoint WHERE size > 7"):
        await desk.database.write(lambda connection, cut=cut: connection.execute(text(cut)))  # type: ignore[misc]
    assert (await store.verify(SIGNER.public_key)).first_bad is None
    assert (await store.verify(SIGNER.public_key, kept)).first_bad == 8


async def test_a_syslog_that_is_down_misses_nothing_and_the_file_has_each_once(desk: Desk, syslog: Syslog) -> None:
    await desk.five_more()
    for _ in range(3):
        with pytest.raises(NotWritten, match=r"cannot send to the syslog at .* check \[audit\] checkpoint_syslog"):
            await desk.ship()
    await desk.five_more()
    with pytest.raises(NotWritten):
        await desk.ship()
    assert desk.sizes_in_file() == [5, 10]

    syslog.start()
    await desk.ship()

    assert sorted(parse_shipped(syslog.lines(2), SIGNER.public_key)) == [5, 10]
    assert desk.sizes_in_file() == [5, 10]


@pytest.mark.parametrize("wrong", ["loghost:syslog", "loghost:0", "loghost:70000", ":514", "dev/log", "[::1", "a b"])
def test_what_is_no_place_of_a_syslog_is_said_at_the_start(wrong: str) -> None:
    with pytest.raises(ValidationError, match="should be a socket such as /dev/log, or HOST or HOST:PORT"):
        AuditSettings(checkpoint_syslog=wrong)
