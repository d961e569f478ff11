"""Commands for whoever looks after the service: `doctor`, `status`, `settings`, `version`."""

import asyncio
import sys
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from bot.cli.options import echo_json, echo_lines, json_option, settings_option, with_failures, with_settings
from bot.clock import SystemClock
from bot.doctor.findings import Finding, State, failed_with
from bot.errors import SettingsWrong
from bot.settings import Settings, trace_settings
from bot.settings_listing import SettingLine, list_settings
from bot.status_client import fetch_status
from bot.versions import installed_versions

COLOURS = {State.OK: "green", State.NOTE: "cyan", State.WARNING: "yellow", State.FAILED: "red"}


@click.command()
@click.option("--connect", is_flag=True, help="Also try the app token. Slack allows that about once a minute.")
@json_option
@settings_option
def doctor(settings_path: Path | None, as_json: bool, connect: bool) -> None:
    """Find what keeps inthread from working, and what mends it.

    Settings, folders, disk, SQLite, the database, the model's files, processor, ports, tokens, and whether Slack is
    reached and grants the scopes. Changes nothing. Exit code 1 when something has failed.
    """
    from bot.doctor.examination import examine

    try:
        traced = trace_settings(settings_path)
        findings = asyncio.run(examine(traced, SystemClock(), connect=connect))
    except SettingsWrong as error:  # nothing else can be looked at
        findings = [failed_with("settings", error)]
    has_failed = any(finding.state is State.FAILED for finding in findings)
    if as_json:
        echo_json({"ok": not has_failed, "findings": [asdict(finding) for finding in findings]})
    else:
        _print_findings(findings)
    sys.exit(1 if has_failed else 0)


def _print_findings(findings: list[Finding]) -> None:
    widest = max(len(finding.check) for finding in findings)
    for finding in findings:
        state = click.style(f"{finding.state:8}", fg=COLOURS[finding.state])
        click.echo(f"{state} {finding.check:{widest}}  {finding.says}")
        if finding.mend:
            click.echo(f"{'':8} {'':{widest}}  → {finding.mend}")
    number = sum(finding.state is State.FAILED for finding in findings)
    if number:
        click.echo(f"inthread: {number} of {len(findings)} checks failed: what mends them stands after →", err=True)


@click.command()
@json_option
@settings_option
@with_failures
def settings(settings_path: Path | None, as_json: bool) -> None:
    """Show the settings in force, and where each comes from.

    A value is the default, or from the settings file, or from the environment variable that is named beside it.
    Secrets are masked.
    """
    lines = list_settings(trace_settings(settings_path))
    if as_json:
        echo_json([asdict(line) for line in lines])
        return
    for table, group in groupby(lines, key=lambda line: line.table):
        click.secho(f"[{table}]", bold=True)
        for line in group:
            click.echo(_setting(line))


def _setting(line: SettingLine) -> str:
    value = {None: "unset", True: "true", False: "false"}.get(line.value) if _is_word(line.value) else line.value
    if isinstance(value, str) and not _is_word(line.value):
        value = f'"{_shortened(value)}"' if value != "********" else value
    return f"{line.key} = {value}".ljust(44) + "  " + click.style(f"# {line.origin}", dim=True)


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:59]}…"


@click.command()
@json_option
@with_settings
def status(settings: Settings, as_json: bool) -> None:
    """Show how the running service is: ready, busy, failing.

    Exit code 1 when none runs.
    """
    report = fetch_status(settings.service.host, settings.service.port)
    if as_json:
        echo_json(report)
        return
    from bot.status_report import describe

    echo_lines(describe(report))


@click.command()
@json_option
def version(as_json: bool) -> None:
    """Show the versions of inthread and what it stands on."""
    versions = installed_versions()
    if as_json:
        echo_json(versions)
        return
    for name, number in versions.items():
        click.echo(f"{name:14}{number}")
