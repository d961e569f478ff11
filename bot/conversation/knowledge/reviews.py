"""Entries whose review is due, or was."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from bot.clock import Calendar
from bot.conversation.knowledge.findings import Findings, Route
from bot.conversation.settings import AnswerSettings
from storage.knowledge.records import Entry


def is_overdue(entry: Entry, today: date) -> bool:
    """From the day after on."""
    return entry.text.review_by is not None and entry.text.review_by < today


def is_due(entry: Entry, today: date, days_ahead: int) -> bool:
    """Overdue, or so soon."""
    return entry.text.review_by is not None and entry.text.review_by <= today + timedelta(days=days_ahead)


def shown_by(settings: AnswerSettings, calendar: Calendar) -> Callable[[Findings], Findings]:
    """What people are answered with of findings."""

    def as_shown(findings: Findings) -> Findings:
        return without_overdue(findings, calendar.today()) if settings.withhold_overdue else findings

    return as_shown


def without_overdue(findings: Findings, today: date) -> Findings:
    """As if nobody stood by the overdue ones. What one of them answers, its neighbours do not: nothing does then."""
    if findings.route is Route.DIRECT and is_overdue(findings.entries[0].entry, today):
        return Findings(route=Route.NONE, passages=findings.passages)
    entries = tuple(found for found in findings.entries if not is_overdue(found.entry, today))
    return replace(findings, route=findings.route if entries else Route.NONE, entries=entries)
