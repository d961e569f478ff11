"""Asking the running service how it is, over its own HTTP on this machine."""

import http.client
import json
from typing import Any

from bot.errors import NotRunning

STATUS_PATH = "/statusz"
TIMEOUT_SECONDS = 5.0
MOST_BYTES = 1 << 20
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


def fetch_status(host: str, port: int) -> dict[str, Any]:
    """What /statusz says. Blocks. Raises: NotRunning."""
    place = f"{host}:{port}"
    connection = http.client.HTTPConnection(_ANY_ADDRESS.get(host, host), port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", STATUS_PATH)
        response = connection.getresponse()
        status = json.loads(response.read(MOST_BYTES))
    except ConnectionRefusedError:
        raise NotRunning(
            f"nothing runs at {place}: start it with `inthread run`, or name its settings with --settings"
        ) from None
    except OSError as error:
        raise NotRunning(
            f"no answer from {place} ({error.strerror or error}): look at the log of the service, or restart it"
        ) from None
    except (http.client.HTTPException, ValueError):
        raise _somebody_else(place) from None
    finally:
        connection.close()
    if response.status != 200 or not isinstance(status, dict) or status.get("service") != "inthread":
        raise _somebody_else(place)
    return status


def _somebody_else(place: str) -> NotRunning:
    return NotRunning(f"what answers at {place} is not inthread: check [service] host and port")
