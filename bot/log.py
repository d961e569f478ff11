"""Logs: one line an event, for a person at a terminal or for a machine. Never message text, never tokens.

Owns where lines go and in which form. Everybody else writes `log.info("event_name", key=value)`.
"""

import logging
import re
import sys
from typing import Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field
from structlog.typing import EventDict, Processor, WrappedLogger

# Their DEBUG prints every frame and every request body: message text.
CHATTY_LOGGERS = ("slack_sdk", "slack_bolt", "aiohttp", "apscheduler", "alembic", "asyncio", "transformers", "urllib3")

# Tokens and secret addresses of Slack, wherever in a line: an error of a library may quote the request that failed.
_SECRETS = re.compile(
    r"\b(?:xox[a-z](?:\.xox[a-z])?|xapp)-[\w-]+"
    r"|(https?://hooks\.slack[\w.-]*/\w+/|https?://[^\s\"'/]+/response/)[^\s\"'\\]+"
    r"|(wss?://[^\s\"'?]+\?)[^\s\"'\\]+"
)


class LogSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe lines to write."
    )
    format: Literal["auto", "console", "json"] = Field(
        default="auto", description="`console` for people, `json` for machines; `auto` looks whether it is a terminal."
    )


def configure_logging(settings: LogSettings) -> None:
    """Send our lines and the libraries' through one formatter to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    as_console = settings.format == "console" or (settings.format == "auto" and sys.stderr.isatty())
    renderer: list[Processor] = (
        # Not structlog's own choice: it prints local variables, and message text is among them.
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if as_console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer, redact],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def redact(_logger: WrappedLogger, _method: str, line: EventDict | str) -> str:
    """The line without what opens doors. The last processor: it sees tracebacks as they will stand there."""
    return _SECRETS.sub(lambda found: f"{found[1] or found[2] or ''}[redacted]", str(line))
