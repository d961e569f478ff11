"""How many errors the log had of late: the figure that says whether to look into it."""

import logging
from collections import deque

from bot import metrics
from bot.clock import Clock

WINDOW_SECONDS = 3_600.0
MOST_REMEMBERED = 10_000


class ErrorTally(logging.Handler):
    """Hears every line of the process between `attach` and `detach`; keeps times only."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(level=logging.ERROR)
        self._clock = clock
        self._times: deque[float] = deque(maxlen=MOST_REMEMBERED)

    def attach(self) -> None:
        logging.getLogger().addHandler(self)

    def detach(self) -> None:
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self._times.append(self._clock.monotonic())
        metrics.record_log_error()

    def count(self) -> int:
        """Lines of level error or worse within the last hour."""
        since = self._clock.monotonic() - WINDOW_SECONDS
        return sum(time >= since for time in self._times)
