"""A process that has imported the service once and forks for every start: `python -m tools.faults.zygote`.

Two hundred starts would spend minutes on imports. Each fork is a process of its own, with its own signals and files,
and runs what `inthread run` runs. Orders come as lines of JSON on standard input, answers go to standard output:

    {"start": ENVIRONMENT, "folder": PATH, "clock": [SPEED, WALL, BEGAN]}   → {"started": PID}
                                                                            → {"ended": PID, "code": CODE}
The end of standard input ends every fork and this process. So does the end of whoever started it.
"""

import ctypes
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from bot.cli import main as command_line
from bot.cli.options import run_until_signal
from bot.log import configure_logging
from bot.service import serve
from bot.settings import load_settings
from tools.faults.clock import SharedClock
from tools.faults.processes import LOG

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """SIGKILL for this process when its parent ends, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended in between
        os._exit(1)


class Zygote:
    def __init__(self) -> None:
        self._forks: set[int] = set()
        self._orders = b""
        self._wakeup, self._alarm = socket.socketpair()

    def run(self) -> None:
        self._alarm.setblocking(False)
        signal.set_wakeup_fd(self._alarm.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with selectors.DefaultSelector() as ready:
            ready.register(sys.stdin.fileno(), selectors.EVENT_READ, self._read_orders)
            ready.register(self._wakeup, selectors.EVENT_READ, self._reap)
            try:
                while all(key.data() for key, _ in ready.select()):
                    pass
            finally:
                self._end_all()

    def _read_orders(self) -> bool:
        """False at the end of the input."""
        read = os.read(sys.stdin.fileno(), 65536)
        *lines, self._orders = (self._orders + read).split(b"\n")
        for line in lines:
            self._start(json.loads(line))
        return bool(read)

    def _start(self, order: Mapping[str, Any]) -> None:
        ourselves = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_service(order, ourselves)
        self._forks.add(pid)
        _say({"started": pid})

    def _become_service(self, order: Mapping[str, Any], parent: int) -> NoReturn:
        code = 1
        try:
            die_with_parent(parent)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._wakeup.close()
            self._alarm.close()
            _enter(Path(order["folder"]))
            os.environ.clear()
            os.environ.update(order["start"])
            code = run_service(SharedClock(*order["clock"]))
        except BaseException:  # noqa: BLE001 - nothing may come back into the zygote's own loop
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> bool:
        self._wakeup.recv(4096)
        for pid in list(self._forks):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._forks.discard(pid)
                _say({"ended": pid, "code": os.waitstatus_to_exitcode(status)})
        return True

    def _end_all(self) -> None:
        for pid in self._forks:
            os.kill(pid, signal.SIGKILL)
        for pid in self._forks:
            os.waitpid(pid, 0)


def run_service(clock: SharedClock) -> int:
    """`inthread run` until it ends; its exit code. By the wall's clock it is the command itself."""
    if clock.speed == 1:
        try:
            command_line(["run"])
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
    settings = load_settings()
    configure_logging(settings.log)
    run_until_signal(lambda stop: serve(settings, stop, clock=clock))
    return 0


def _enter(folder: Path) -> None:
    """Work in the folder: nobody's settings.toml is read, and what the service says goes into its log."""
    os.chdir(folder)
    log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.close(log)
    os.close(nothing)


def _say(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    die_with_parent(os.getppid())
    Zygote().run()
