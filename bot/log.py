"""Logs: one line an event, for a person at a terminal or for a machine. Never message text, never tokens.

Owns where lines go and in which form. Everybody else writes `log.info("event_name", key=value)`.
"""

import logging
import sys
from typing import Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field
from structlog.typing import Processor

# Their DEBUG prints every frame and every request body: message text.
CHATTY_LOGGERS = ("slack_sdk", "slack_bolt", "aiohttp", "apscheduler", "alembic", "asyncio", "transformers", "urllib3")


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
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if as_console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
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
