"""Posts to addresses that Slack hands out: whoever has one can send something there.

They are never logged, and no error carries one.
"""

from collections.abc import Mapping
from typing import Any

import aiohttp

from bot.platforms.errors import Ambiguous, PlatformError, PlatformUnavailable


async def post(
    session: aiohttp.ClientSession, url: str, *, invalid: PlatformError, **options: Any
) -> tuple[int, Mapping[str, str]]:
    """Status and headers of what came back. `options`: of aiohttp.

    Raises: `invalid`, when that is no address; PlatformUnavailable, Ambiguous.
    """
    try:
        async with session.post(url, allow_redirects=False, **options) as response:
            return response.status, response.headers
    except aiohttp.InvalidURL:
        raise invalid from None
    except aiohttp.ClientConnectorError:
        raise PlatformUnavailable("no_connection") from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Ambiguous(type(error).__name__) from None
