"""Who may open the pages, and with which roles. Passwords are set at the machine: `inthread admin password`."""

from aiohttp import web

from bot.admin.errors import bad_request, not_found
from bot.admin.permissions import Permission
from bot.admin.visits import Route, Visit
from bot.clock import Clock
from storage.admin.accounts import AccountStore
from storage.admin.records import Account, Role


class AccountPages:
    def __init__(self, accounts: AccountStore, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/admin/accounts", self.show, Permission.ACCOUNTS),
            Route("POST", "/admin/accounts/roles", self.set_roles, Permission.ACCOUNTS),
            Route("POST", "/admin/accounts/sign-out", self.sign_out, Permission.ACCOUNTS),
            Route("POST", "/admin/accounts/remove", self.remove, Permission.ACCOUNTS),
        ]

    async def show(self, visit: Visit) -> web.StreamResponse:
        return visit.page("accounts.html", accounts=await self._accounts.list(), roles=list(Role))

    async def set_roles(self, visit: Visit) -> web.StreamResponse:
        account = await self._named(visit)
        roles = {role for role in Role if visit.form.get(f"role-{role}")}
        if account.name == visit.signed_in.name and Role.ADMIN not in roles:
            raise bad_request("Nobody takes their own admin role away: somebody else has to.")
        await self._accounts.set_roles(account.name, roles, visit.author, self._clock.now())
        return visit.go("/admin/accounts")

    async def sign_out(self, visit: Visit) -> web.StreamResponse:
        """Of every browser: one was lost, or left open somewhere."""
        account = await self._named(visit)
        await self._accounts.end_sessions(account.name, visit.author, self._clock.now())
        return visit.go("/admin/accounts")

    async def remove(self, visit: Visit) -> web.StreamResponse:
        account = await self._named(visit)
        if account.name == visit.signed_in.name:
            raise bad_request("Nobody removes themselves: somebody else has to.")
        await self._accounts.remove(account.name, visit.author, self._clock.now())
        return visit.go("/admin/accounts")

    async def _named(self, visit: Visit) -> Account:
        account = await self._accounts.find(visit.text("name", 200))
        if account is None:
            raise not_found()
        return account
