"""An OpenID Connect provider on loopback: signs what a test wants signed, and remembers what it was asked."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from bot.clock import Clock


class ProviderDouble:
    """`claims`: over those of a good token. `forger`: signs in place of the key that is published."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.key = ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256", "use": "sig"}, private=True)
        self.forger: ECKey | None = None
        self.claims: dict[str, Any] = {}
        self.asked: list[dict[str, str]] = []
        self.begun: dict[str, str] = {}
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._configuration)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        self.server = TestServer(app)

    @property
    def issuer(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    def visit(self, url: str) -> str:
        """What a browser brings back from the provider: the query of the callback."""
        self.begun = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        return f"state={self.begun['state']}&code=a-code"

    async def _configuration(self, _request: web.Request) -> web.Response:
        endpoints = {"authorization_endpoint": f"{self.issuer}/authorize", "token_endpoint": f"{self.issuer}/token"}
        return web.json_response({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **endpoints})

    async def _keys(self, _request: web.Request) -> web.Response:
        return web.json_response(KeySet([self.key]).as_dict(private=False))

    async def _token(self, request: web.Request) -> web.Response:
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        now = int(self._clock.now().timestamp())
        good = {"iss": self.issuer, "aud": "inthread", "sub": "1", "iat": now, "exp": now + 300}
        person = {"email": "anna@acme.test", "email_verified": True, "nonce": self.begun["nonce"]}
        claims = {name: value for name, value in {**good, **person, **self.claims}.items() if value is not None}
        header = {"alg": "ES256", "kid": "one"}
        return web.json_response({"access_token": "x", "id_token": jwt.encode(header, claims, self.forger or self.key)})


@asynccontextmanager
async def a_provider(clock: Clock) -> AsyncGenerator[ProviderDouble, None]:
    provider = ProviderDouble(clock)
    await provider.server.start_server()
    try:
        yield provider
    finally:
        await provider.server.close()
