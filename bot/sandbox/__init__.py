"""A local Slack workspace: the Web API, Socket Mode, and a page where a person types as an employee.

Owns a double of Slack that keeps Slack's promises and no others: unique ascending timestamps, limits, one-use
tickets, redelivery.
Refuses to know the bot: it speaks to it over HTTP and a websocket only, as Slack does.
"""

from bot.sandbox.errors import SlackError
from bot.sandbox.faults import Fault, FaultPlan
from bot.sandbox.records import Ack, Call, Version, Violation
from bot.sandbox.sandbox import Sandbox, serve
from bot.sandbox.settings import SandboxSettings

__all__ = [
    "Ack",
    "Call",
    "Fault",
    "FaultPlan",
    "Sandbox",
    "SandboxSettings",
    "SlackError",
    "Version",
    "Violation",
    "serve",
]
