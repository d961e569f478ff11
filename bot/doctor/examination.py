"""All checks, in the order in which a start would meet them."""

import asyncio

from bot.clock import Clock
from bot.doctor.findings import Finding, ok
from bot.doctor.knowledge import check_knowledge
from bot.doctor.machine import check_disk, check_folder, check_port, check_processor, check_sandbox_port
from bot.doctor.record import check_database, check_engine, check_model, check_sqlite
from bot.doctor.slack import check_slack, check_tokens
from bot.settings import Settings, TracedSettings


async def examine(traced: TracedSettings, clock: Clock, *, connect: bool) -> list[Finding]:
    """Every check runs, whatever the others find."""
    settings = traced.settings
    findings = [
        _settings(traced),
        check_folder(settings),
        check_disk(settings),
        check_sqlite(),
        await asyncio.to_thread(check_database, settings),
        await asyncio.to_thread(check_model, settings),
        check_processor(),
        await asyncio.to_thread(check_engine, settings),
        await asyncio.to_thread(check_port, settings),
        *await check_knowledge(settings, clock),
    ]
    if _may_need_sandbox(settings):
        findings.append(check_sandbox_port(settings))
    findings.append(check_tokens(settings))
    findings += await check_slack(settings, clock, connect=connect)
    return findings


def _settings(traced: TracedSettings) -> Finding:
    sources = sorted(set(traced.origins.values()))
    return ok("settings", f"from {', '.join(sources)}" if sources else "all at their defaults")


def _may_need_sandbox(settings: Settings) -> bool:
    return not settings.slack.is_on and not settings.web.enabled
