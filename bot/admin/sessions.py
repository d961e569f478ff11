"""The cookie of whoever is signed in, and how long it opens anything."""

import secrets
from datetime import timedelta

from aiohttp import web

from bot.admin.settings import AdminSettings
from bot.clock import Clock
from storage.admin.records import SignIn
from storage.admin.sessions import SessionStore

TOUCHED_AFTER = timedelta(seconds=30)  # a page is many requests, and each write waits for the disk


class Sessions:
    def __init__(self, store: SessionStore, settings: AdminSettings, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._is_https = settings.is_https
        self._idle = timedelta(minutes=settings.idle_minutes)
        self._longest = timedelta(hours=settings.session_hours)

    async def find(self, request: web.Request) -> SignIn | None:
        """Who sent this; the idle time begins anew, unless a page that waits came again by itself."""
        token = request.cookies.get(self._name(request))
        found = await self._store.find(token) if token else None
        if found is None:
            return None
        now = self._clock.now()
        if now - found.seen_at > self._idle or now - found.created_at > self._longest:
            await self._store.close(found.digest)
            return None
        if now - found.seen_at > TOUCHED_AFTER and "by_itself" not in request.query:
            await self._store.touch(found.digest, now)
        return found

    async def begin(
        self, request: web.Request, response: web.StreamResponse, name: str, via: str, csrf_token: str = ""
    ) -> None:
        """With a new token, whatever the browser had before: nobody can lay one out for somebody else.

        `csrf_token`: of the page that this answers with, where it holds forms already.
        """
        now = self._clock.now()
        if before := await self.find(request):
            await self._store.close(before.digest)
        await self._store.remove_ended(now - self._idle, now - self._longest)
        token = secrets.token_urlsafe(32)
        await self._store.open(token, name, via, csrf_token or secrets.token_urlsafe(32), now)
        self.set_cookie(request, response, "", token)

    async def end(self, request: web.Request, response: web.StreamResponse, session: SignIn) -> None:
        await self._store.close(session.digest)
        self.drop_cookie(request, response, "")

    # ── cookies, of sessions and of what leads to one ────────────────────────

    def cookie(self, request: web.Request, purpose: str) -> str:
        return request.cookies.get(self._name(request, purpose), "")

    def set_cookie(self, request: web.Request, response: web.StreamResponse, purpose: str, value: str) -> None:
        """Gone with the browser. Lax, so that a link in a chat opens the page it leads to."""
        is_secure = self._is_secure(request)
        name = self._name(request, purpose)
        response.set_cookie(name, value, path="/", httponly=True, samesite="Lax", secure=is_secure)

    def drop_cookie(self, request: web.Request, response: web.StreamResponse, purpose: str) -> None:
        is_secure = self._is_secure(request)
        response.del_cookie(self._name(request, purpose), path="/", httponly=True, samesite="Lax", secure=is_secure)

    def _is_secure(self, request: web.Request) -> bool:
        return self._is_https or request.secure

    def _name(self, request: web.Request, purpose: str = "") -> str:
        """With the prefix, browsers take it over https and from this very host alone."""
        name = f"inthread-admin-{purpose}" if purpose else "inthread-admin"
        return f"__Host-{name}" if self._is_secure(request) else name
