"""What goes and what is kept: `inthread audit erase | hold | holds | retention`."""

import asyncio
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from bot.cli.options import echo_json, fail, json_option, with_settings
from bot.clock import SystemClock
from bot.conversation.characters import strip_invisible
from bot.settings import Settings

if TYPE_CHECKING:
    from storage.forgetting.holds import Hold

PLATFORMS = click.Choice(["slack", "web"], case_sensitive=False)  # a hold on one that is none would hold nothing
platform_option = click.option("--platform", required=True, type=PLATFORMS)
reason_option = click.option("--reason", required=True, metavar="TEXT", help="Why. It stands in the audit log.")


@click.command("erase")
@platform_option
@click.option("--user", required=True, metavar="ID", help="As the platform calls them, such as U0123ABCD.")
@click.option("--reason", default="", metavar="TEXT", help="Why. It stands in the audit log; needed with --yes.")
@click.option("--yes", "is_meant", is_flag=True, help="Do it. Without it, only say what would go.")
@with_settings
def audit_erase(settings: Settings, platform: str, user: str, reason: str, is_meant: bool) -> None:
    """Erase a person, for good: their questions and replies, the texts of the audit log, and the keys to these.

    The chain of the log stays whole, and an entry says who did it, why and when. Copies elsewhere (backups, exports,
    the platform itself) are not reached. While the service runs, people wait for some seconds.
    """
    from bot.desks.audit import open_forgetting_desk
    from storage.forgetting.erasing import Erased
    from storage.forgetting.traces import Person

    if is_meant and not reason.strip():
        raise click.UsageError("--yes needs --reason: the entry in the audit log says why")

    async def act() -> Erased:
        person = Person(platform, user)
        async with open_forgetting_desk(settings) as desk:
            if not is_meant:
                return await desk.erasures.preview(person, SystemClock().now())
            return await desk.erasures.erase(person, reason, desk.author, SystemClock().now())

    erased = asyncio.run(act())
    if erased.is_nothing:
        fail(f"nothing is kept about {strip_invisible(user)[:80]} of {strip_invisible(platform)[:20]}: check both")
    verb = "erased" if is_meant else "would be erased"
    click.echo(f"{verb}: {erased.questions:,} questions, {erased.texts:,} texts of the audit log, {erased.keys:,} keys")
    for entry_id in erased.published:
        click.echo(f"stays: the entry {entry_id} was made of their words: `inthread faq show {entry_id}`")
    click.echo("add --reason and --yes to do it" if erased.seq is None else f"entry {erased.seq} says so")


@click.command("hold")
@platform_option
@click.option("--user", metavar="ID", help="A person, as the platform calls them.")
@click.option("--channel", metavar="ID", help="A channel.")
@click.option("--thread", metavar="ID", help="A thread, as `inthread thread list` has it.")
@reason_option
@click.option("--lift", is_flag=True, help="End the hold instead.")
@with_settings
def audit_hold(
    settings: Settings,
    platform: str,
    user: str | None,
    channel: str | None,
    thread: str | None,
    reason: str,
    lift: bool,
) -> None:
    """Keep everything of a person, a channel or a thread, whatever its age and whoever asks to erase it."""
    from bot.desks.audit import open_forgetting_desk
    from storage.forgetting.holds import Held, Scope

    named = {Scope.PERSON: user, Scope.CHANNEL: channel, Scope.THREAD: thread}
    given = [(scope, name) for scope, name in named.items() if name]
    if len(given) != 1:
        raise click.UsageError("name one of --user, --channel, --thread")
    if not reason.strip():
        raise click.UsageError("--reason is empty: the entry in the audit log says why")
    scope, name = given[0]
    held = Held(scope, platform, name)

    async def act() -> bool:
        async with open_forgetting_desk(settings) as desk:
            change = desk.holds.lift if lift else desk.holds.place
            return await change(held, reason, desk.author, SystemClock().now())

    if not asyncio.run(act()):
        fail(f"{held} is {'not' if lift else 'already'} under a hold: see `inthread audit holds`")
    click.echo(f"{'free again' if lift else 'held'}: {held}")


@click.command("holds")
@json_option
@with_settings
def audit_holds(settings: Settings, as_json: bool) -> None:
    """What is kept whatever its age, and why."""
    from bot.desks.audit import open_forgetting_desk

    async def load() -> "list[Hold]":
        async with open_forgetting_desk(settings) as desk:
            return await desk.holds.list()

    holds = asyncio.run(load())
    if as_json:
        echo_json([_as_json(hold) for hold in holds])
        return
    for hold in holds:
        click.echo(f"{hold.placed_at:%Y-%m-%d}  {hold.held}  by {hold.author}: {strip_invisible(hold.reason)}")
    if not holds:
        click.echo("nothing is under a hold")


@click.command("retention")
@click.option(
    "--in", "days", type=click.IntRange(min=0, max=3_650), default=0, metavar="DAYS", show_default=True,
    help="What would go if it were so many days later.",
)  # fmt: skip
@click.option("--run", "is_meant", is_flag=True, help="Let it go now, as the job does.")
@json_option
@with_settings
def audit_retention(settings: Settings, days: int, is_meant: bool, as_json: bool) -> None:
    """What is old enough to go ([audit] body_days, header_days, history_days, channel_days), and what holds keep."""
    from bot.desks.audit import open_forgetting_desk
    from storage.forgetting.retention import Gone

    if is_meant and days:
        raise click.UsageError("--run is about now: leave --in out")

    async def act() -> Gone:
        async with open_forgetting_desk(settings) as desk:
            now = SystemClock().now()
            return await (desk.retention.run(now) if is_meant else desk.retention.preview(now + timedelta(days=days)))

    gone = asyncio.run(act())
    if as_json:
        echo_json(asdict(gone))
        return
    verb = "went" if is_meant else "would go"
    click.echo(f"{verb}: {gone.texts:,} texts of the audit log, {gone.exchanges:,} exchanges of the thread history")
    click.echo(f"{verb}: the log's oldest {gone.headers:,} entries as a whole")
    click.echo(f"stay because of holds: {gone.held:,} texts")


def _as_json(hold: "Hold") -> dict[str, str]:
    return {
        "scope": hold.held.scope.value,
        "platform": hold.held.platform,
        "name": hold.held.name,
        "reason": hold.reason,
        "author": hold.author,
        "placed_at": hold.placed_at.isoformat(),
    }
