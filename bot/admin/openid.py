"""OpenID Connect: the company's provider says who somebody is. Authorization code with PKCE, state and nonce.

Source: OpenID Connect Core 1.0, section 3.1; RFC 7636. What the name opens, accounts of ours say.
"""

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from yarl import URL

from bot.admin.settings import AdminSettings
from bot.browsers import is_loopback
from bot.clock import Clock

CALLBACK = "/admin/sign-in/callback"
FLOW_SECONDS = 600.0
MOST_FLOWS = 1_000
KNOWN_SECONDS = 3_600.0  # so long what the provider says about itself is believed
ASKED_AGAIN_SECONDS = 60.0  # for keys that are not known yet
TIMEOUT_SECONDS = 10.0
MOST_BYTES = 1 << 20
LEEWAY_SECONDS = 60
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]  # never `none`, never one with a shared secret


class ProviderFailed(Exception):
    """The provider did not answer, or with something that proves nothing. The message is for the log."""


@dataclass(frozen=True, slots=True)
class _Flow:
    nonce: str
    verifier: str
    path: str
    began_at: float


@dataclass(frozen=True, slots=True)
class _Provider:
    authorization_endpoint: str
    token_endpoint: str
    keys: KeySet
    learnt_at: float


class OpenId:
    """Flows that were begun are kept in memory: a restart in the middle means to begin again."""

    def __init__(self, settings: AdminSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._flows: dict[str, _Flow] = {}
        self._provider: _Provider | None = None
        self._learning = asyncio.Lock()

    @property
    def is_on(self) -> bool:
        return bool(self._settings.oidc_issuer)

    async def begin(self, path: str) -> tuple[str, str]:
        """The state that the browser has to keep, and where it goes. `path`: where it comes back to at last.

        Raises: ProviderFailed.
        """
        provider = await self._known()
        now = self._clock.monotonic()
        self._flows = {state: flow for state, flow in self._flows.items() if now - flow.began_at < FLOW_SECONDS}
        if len(self._flows) >= MOST_FLOWS:
            raise ProviderFailed("too many people are signing in at once")
        state, flow = secrets.token_urlsafe(24), _Flow(secrets.token_urlsafe(24), secrets.token_urlsafe(48), path, now)
        self._flows[state] = flow
        query = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid email profile",
            "state": state,
            "nonce": flow.nonce,
            "code_challenge": create_s256_code_challenge(flow.verifier),
            "code_challenge_method": "S256",
        }
        return state, str(URL(provider.authorization_endpoint).update_query(query))

    async def finish(self, state: str, code: str) -> tuple[str, str]:
        """(name, path): who it is, and where they wanted to go. Raises: ProviderFailed."""
        flow = self._flows.pop(state, None)
        if flow is None or self._clock.monotonic() - flow.began_at >= FLOW_SECONDS:
            raise ProviderFailed("nobody has begun to sign in like that, or too long ago")
        provider = await self._known()
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "client_id": self._settings.oidc_client_id,
            "code_verifier": flow.verifier,
        }
        if secret := self._settings.oidc_client_secret.get_secret_value():
            fields["client_secret"] = secret
        answer = await _ask("POST", provider.token_endpoint, fields)
        claims = await self._claims(str(answer.get("id_token") or ""), str(answer.get("access_token") or ""), flow)
        return self._name(claims), flow.path

    async def _claims(self, id_token: str, access_token: str, flow: _Flow) -> Mapping[str, Any]:
        """Of a token that is signed by the provider, meant for us, and of this very flow."""
        provider = await self._known()
        try:
            token = jwt.decode(id_token, provider.keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            provider = await self._known(asked_again=True)  # it has a new key, perhaps
            try:
                token = jwt.decode(id_token, provider.keys, algorithms=ALGORITHMS)
            except (JoseError, ValueError) as error:
                raise ProviderFailed(f"the ID token is not signed as it should be: {type(error).__name__}") from error
        settings = self._settings
        options = {
            "iss": {"essential": True, "value": settings.oidc_issuer},
            "aud": {"essential": True, "value": settings.oidc_client_id},
        }
        params = {"nonce": flow.nonce, "client_id": settings.oidc_client_id, "access_token": access_token}
        claims = CodeIDToken(token.claims, token.header, options, params)
        try:
            claims.validate(int(self._clock.now().timestamp()), LEEWAY_SECONDS)
        except (AuthlibBaseError, JoseError, ValueError) as error:
            raise ProviderFailed(f"the ID token is not for us: {error}") from error
        return dict(token.claims)

    def _name(self, claims: Mapping[str, Any]) -> str:
        claim = self._settings.oidc_name_claim
        name = claims.get(claim)
        if not isinstance(name, str) or not name:
            raise ProviderFailed(f"the ID token has no {claim}")
        if claim == "email" and claims.get("email_verified") is not True:
            raise ProviderFailed("the provider has not verified the e-mail address")
        return name

    async def _known(self, *, asked_again: bool = False) -> _Provider:
        """What the provider says about itself. Raises: ProviderFailed."""
        async with self._learning:
            known, now = self._provider, self._clock.monotonic()
            age = KNOWN_SECONDS if known is None else now - known.learnt_at
            if known is not None and age < (ASKED_AGAIN_SECONDS if asked_again else KNOWN_SECONDS):
                return known
            self._provider = await self._learn(now)
            return self._provider

    async def _learn(self, now: float) -> _Provider:
        issuer = self._settings.oidc_issuer
        said = await _ask("GET", f"{issuer}/.well-known/openid-configuration")
        if str(said.get("issuer", "")).rstrip("/") != issuer:
            raise ProviderFailed("the provider calls itself by another name than oidc_issuer")
        try:
            keys = KeySet.import_key_set(await _ask("GET", str(said["jwks_uri"])))  # type: ignore[arg-type]
            return _Provider(str(said["authorization_endpoint"]), str(said["token_endpoint"]), keys, now)
        except (KeyError, JoseError, ValueError) as error:
            raise ProviderFailed(f"what the provider says about itself is not whole: {error}") from error

    @property
    def _redirect_uri(self) -> str:
        return self._settings.public_url + CALLBACK


async def _ask(method: str, url: str, fields: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON object that it answers. Raises: ProviderFailed."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ProviderFailed(f"{url} is not https")
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(method, url, data=fields, allow_redirects=False) as response,
        ):
            body = await response.content.read(MOST_BYTES)
            if response.status != 200:
                raise ProviderFailed(f"{url} answers {response.status}")
        answer = json.loads(body)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise ProviderFailed(f"{url} does not answer as it should: {type(error).__name__}") from error
    if not isinstance(answer, dict):
        raise ProviderFailed(f"{url} answers no object")
    return answer
