"""What /statusz says, made by the service and read by `inthread status`. Figures and names, never text."""

from collections.abc import Iterator
from typing import Any


def describe(status: dict[str, Any]) -> Iterator[str]:
    """For a person, a line for each thing."""
    ready = status["ready"]
    missing = [name for name, is_ready in ready.items() if not is_ready]
    line = status["line"]
    yield f"inthread {status['version']}, up for {duration(status['uptime_seconds'])}"
    yield f"ready     {'yes' if not missing else 'not yet: ' + ', '.join(missing)} ({', '.join(ready)})"
    yield f"model     {status['model']['id']}{'' if line['is_open'] else ', loading'}"
    yield f"line      {line['active']} being answered, {line['waiting']} waiting"
    replies = ", ".join(f"{count} {state}" for state, count in status["replies"].items())
    yield f"replies   {replies or 'none yet'}"
    yield f"errors    {status['errors_last_hour']} in the log within the last hour"


def duration(seconds: float) -> str:
    """The two largest units."""
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    parts = []
    left = int(seconds)
    for name, size in units:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"
