"""What browsers say about themselves and where they come from, for every page that we serve."""

import ipaddress
from typing import Literal
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address that is listened on."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def hostname_of(netloc: str) -> str | None:
    try:
        return urlsplit(f"//{netloc}").hostname
    except ValueError:
        return None


def netloc_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def require_origin(url: str) -> str:
    """The address under which people open pages, tidied. Without a path: cookies and the check of origins know none.

    Raises: ValueError, for settings.
    """
    url = url.rstrip("/")
    parts = urlsplit(url)
    if url and (
        parts.scheme not in ("http", "https") or not parts.hostname or url != f"{parts.scheme}://{parts.netloc}"
    ):
        raise ValueError("must be an address without a path, such as https://chat.example.com")
    return url.lower()


def preferred_language(accepted: str) -> Literal["en", "zh"]:
    """`en` or `zh`, whichever the browser names first by its weight; `en` if neither."""
    best, best_weight = "en", 0.0
    for part in accepted.lower().split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        language = tag.strip().split("-")[0]
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if language in ("en", "zh") and weight > best_weight:
            best, best_weight = language, weight
    return "zh" if best == "zh" else "en"
