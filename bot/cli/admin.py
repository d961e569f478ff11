"""Commands about who may open the admin pages: `inthread admin …`."""

import asyncio
import sys
from dataclasses import asdict

import click

from bot.cli.options import Commands, echo_json, json_option, with_settings
from bot.clock import SystemClock
from bot.settings import Settings
from storage.admin.records import Role

role_option = click.option(
    "--role",
    "roles",
    type=click.Choice([str(role) for role in Role]),
    multiple=True,
    required=True,
    help="What the account opens; several with --role more than once.",
)
from_input = click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")


@click.group(cls=Commands)
def admin() -> None:
    """Accounts of the admin pages: who may open what."""


@admin.command("add")
@click.argument("name")
@role_option
@from_input
@click.option("--no-password", is_flag=True, help="The company's sign-in or the proxy says who it is.")
@with_settings
def admin_add(settings: Settings, name: str, roles: tuple[str, ...], password_stdin: bool, no_password: bool) -> None:
    """Add somebody who may open the admin pages.

    The password is asked for twice. Only its Argon2id hash is kept. Safe while the service runs.
    """
    from bot.desks.accounts import add_account

    password = None if no_password else _password(password_stdin)
    account = asyncio.run(add_account(settings, name, [Role(role) for role in roles], password, SystemClock()))
    hint = "" if settings.admin.enabled else "; the pages are off: set `[admin] enabled = true`"
    click.echo(f"{account.name} may sign in as {', '.join(sorted(account.roles))}{hint}")


@admin.command("list")
@json_option
@with_settings
def admin_list(settings: Settings, as_json: bool) -> None:
    """Show the accounts and their roles."""
    from bot.desks.accounts import list_accounts

    accounts = asyncio.run(list_accounts(settings))
    if as_json:
        lines = [asdict(account) for account in accounts]
        echo_json([{**line, "roles": sorted(line["roles"]), "created_at": str(line["created_at"])} for line in lines])
        return
    if not accounts:
        click.echo("no accounts yet: `inthread admin add NAME --role admin` makes one")
    for account in accounts:
        via = "password" if account.has_password else "no password"
        click.echo(f"{account.name:30} {', '.join(sorted(account.roles)):40} {via}")


@admin.command("password")
@click.argument("name")
@from_input
@with_settings
def admin_password(settings: Settings, name: str, password_stdin: bool) -> None:
    """Set a new password; whoever was signed in with the old one is not any more."""
    from bot.desks.accounts import change_password

    asyncio.run(change_password(settings, name, _password(password_stdin), SystemClock()))
    click.echo(f"{name} has a new password")


@admin.command("roles")
@click.argument("name")
@role_option
@with_settings
def admin_roles(settings: Settings, name: str, roles: tuple[str, ...]) -> None:
    """Set the roles of an account; they hold from its next page on."""
    from bot.desks.accounts import change_roles

    asyncio.run(change_roles(settings, name, [Role(role) for role in roles], SystemClock()))
    click.echo(f"{name} is {', '.join(sorted(set(roles)))}")


@admin.command("remove")
@click.argument("name")
@with_settings
def admin_remove(settings: Settings, name: str) -> None:
    """Take an account away, with its sessions. What it did stays on record."""
    from bot.desks.accounts import remove_account

    asyncio.run(remove_account(settings, name, SystemClock()))
    click.echo(f"{name} may not sign in any more")


def _password(from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
