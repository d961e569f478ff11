"""Whom a reverse proxy names in a header, if it is the proxy: a listed peer, or whoever opened our unix socket."""

import ipaddress
import secrets
import socket

from aiohttp import web

from bot.admin.sessions import Sessions
from bot.admin.settings import AdminSettings
from storage.admin.accounts import AccountStore
from storage.admin.records import SignIn

LONGEST_NAME = 200


class TrustedProxy:
    def __init__(self, settings: AdminSettings, accounts: AccountStore, sessions: Sessions) -> None:
        self._header = settings.proxy_header
        self._unix = "unix" in settings.proxy_peers
        self._networks = [ipaddress.ip_network(peer) for peer in settings.proxy_peers if peer != "unix"]
        self._accounts = accounts
        self._sessions = sessions

    @property
    def is_on(self) -> bool:
        return bool(self._header)

    async def find(self, request: web.Request) -> SignIn | None:
        """Who it is, with the roles of their account. None: not the proxy, nobody named, or nobody we know."""
        names = request.headers.getall(self._header, [])
        if len(names) != 1 or not names[0] or len(names[0]) > LONGEST_NAME or not self.is_peer(request):
            return None
        account = await self._accounts.find(names[0])
        if account is None:
            return None
        found = await self._sessions.find(request)
        if found is not None and found.name == account.name and found.via == "proxy":
            return found
        return SignIn(
            b"", account.name, account.roles, "proxy", secrets.token_urlsafe(32), account.created_at, account.created_at
        )

    async def remember(self, request: web.Request, response: web.StreamResponse, person: SignIn) -> None:
        """A session, so that the next form can show that it is of a page of ours."""
        if not person.digest:
            await self._sessions.begin(request, response, person.name, "proxy", person.csrf_token)

    def is_peer(self, request: web.Request) -> bool:
        sock = request.transport.get_extra_info("socket") if request.transport else None
        if sock is not None and sock.family == socket.AF_UNIX:
            return self._unix
        try:
            address = ipaddress.ip_address((request.remote or "").partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self._networks)

    def address_of(self, request: web.Request) -> str:
        """Where somebody is, to count their guesses: the proxy knows, and nobody else is believed about it."""
        if self._networks and self.is_peer(request):
            said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
            if said:
                return said[:64]
        return request.remote or ""
