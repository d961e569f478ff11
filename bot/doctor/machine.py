"""The machine: processor, room on the disk, ports."""

import errno
import os
import shutil
import socket
from pathlib import Path

from bot.doctor.findings import Finding, failed, note, ok, warning
from bot.errors import ServiceError
from bot.settings import Settings
from bot.status_client import fetch_status
from inference.processor import has_fast_bf16, usable_cores

LITTLE_BYTES = 2 << 30
TOO_LITTLE_BYTES = 200 << 20


def check_processor() -> Finding:
    cores = usable_cores()
    speed = "bfloat16 in hardware" if has_fast_bf16() else "no bfloat16 in hardware, so models compute in float32"
    says = f"{cores} core{'s' if cores > 1 else ''} to use, {speed}"
    if cores == 1:
        return note("processor", says, "answers are slow with one core: give this machine or container two or more")
    return ok("processor", says)


def check_folder(settings: Settings) -> Finding:
    """The data folder can be written, or made."""
    folder = settings.service.data_dir
    there = existing(folder)
    if not there.is_dir():
        return failed("data folder", f"{there} is not a folder", "change [service] data_dir")
    if not _is_writable(there):
        return failed("data folder", f"{there} cannot be written", "change its owner or [service] data_dir")
    return ok("data folder", f"{folder} can be written" if there == folder.absolute() else f"{folder} will be made")


def check_disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(existing(settings.service.data_dir)).free
    says = f"{free / (1 << 30):.1f} GB free for {settings.service.data_dir}"
    mend = "make room, or move [service] data_dir: with a full disk no question can be accepted"
    if free < TOO_LITTLE_BYTES:
        return failed("disk", says, mend)
    return warning("disk", says, mend) if free < LITTLE_BYTES else ok("disk", says)


def check_port(settings: Settings) -> Finding:
    """The port of the service is free, or a running inthread has it."""
    host, port = settings.service.host, settings.service.port
    place = f"{host}:{port}"
    error = _why_not_free(host, port)
    if error is None:
        return ok("port", f"{place} is free")
    try:
        running = fetch_status(host, port)
        return ok("port", f"{place} is taken by the running inthread {running.get('version', '')}".rstrip())
    except ServiceError:
        mend = "change [service] port, or stop what uses it"
        if error.errno != errno.EADDRINUSE:
            mend = "change [service] host to an address of this machine, or port to one above 1023"
        return failed("port", f"cannot listen on {place}: {error.strerror or error}", mend)


def check_sandbox_port(settings: Settings) -> Finding:
    """Only of interest where `run --sandbox` would use it."""
    host, port = settings.sandbox.host, settings.sandbox.port
    if _why_not_free(host, port) is None:
        return ok("sandbox port", f"{host}:{port} is free")
    return note("sandbox port", f"{host}:{port} is taken", "fine if a local workspace runs; else change [sandbox] port")


def existing(path: Path) -> Path:
    """The path, or the nearest above it that is there."""
    path = path.absolute()
    return next((above for above in (path, *path.parents) if above.exists()), path)


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


def _why_not_free(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None
