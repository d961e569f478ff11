"""Who is asking: a named local user in a signed cookie.

There are no passwords yet, so a name proves nothing. What opens a person's conversations is the random id in the
cookie; the name is only how the page greets. Owns the cookie and the key that signs it.
"""

import os
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import structlog
from aiohttp import web
from itsdangerous import BadData, URLSafeTimedSerializer

from bot.errors import StartFailed
from bot.platforms.web.errors import signed_out
from bot.platforms.web.settings import WebSettings
from storage.forgetting.own_data import Somebody

log = structlog.get_logger(__name__)

PLATFORM, TENANT = "web", "local"
KEY_BYTES = 32
_SALT = "inthread.web.session"
_USER_ID = re.compile(r"[A-Za-z0-9_-]{22}")
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class User:
    user_id: str
    name: str

    @property
    def somebody(self) -> Somebody:
        """As the rest of the service knows them: without the name."""
        return Somebody(PLATFORM, TENANT, self.user_id)


def load_key(path: Path) -> bytes:
    """The signing key; made once, readable by the service's account alone. Blocks.

    Raises: StartFailed, when it cannot be read or made, or is damaged.
    """
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_bytes()
        if path.stat().st_mode & 0o077:
            log.warning("web_key_was_readable", path=str(path), hint="others could read it: delete it to get a new one")
            path.chmod(0o600)
    except OSError as error:
        raise StartFailed(f"cannot read or write {path} ({error.strerror}): check the permissions") from error
    if len(key) != KEY_BYTES:
        raise StartFailed(f"{path} is damaged: delete it (everybody then has to sign in anew)")
    return key


def _make_key(path: Path) -> None:
    """Whole or not at all: a half-written key would lock everybody out."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def new_user(name: str) -> User:
    """Two people of one name are two users."""
    return User(secrets.token_urlsafe(16), name)


class Sessions:
    def __init__(self, key: bytes, settings: WebSettings) -> None:
        self._serializer = URLSafeTimedSerializer(
            key, salt=_SALT, signer_kwargs={"key_derivation": "hmac", "digest_method": sha256}
        )
        self._max_age_seconds = settings.session_days * SECONDS_PER_DAY
        self._is_https = settings.is_https

    def find(self, request: web.Request) -> User | None:
        """Who sent this, if the cookie is ours and not too old."""
        try:
            values = self._serializer.loads(
                request.cookies.get(self._cookie_name(request), ""), max_age=self._max_age_seconds
            )
        except (BadData, UnicodeError):  # the header may hold any bytes
            return None
        match values:
            case {"id": str(user_id), "name": str(name)} if _USER_ID.fullmatch(user_id):
                return User(user_id, name)
        return None

    def require(self, request: web.Request) -> User:
        """As `find`. Raises: Refused, 401."""
        user = self.find(request)
        if user is None:
            raise signed_out()
        return user

    def remember(self, request: web.Request, response: web.StreamResponse, user: User) -> None:
        response.set_cookie(
            self._cookie_name(request),
            str(self._serializer.dumps({"id": user.user_id, "name": user.name})),
            max_age=self._max_age_seconds,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._is_secure(request),
        )

    def forget(self, request: web.Request, response: web.StreamResponse) -> None:
        response.del_cookie(
            self._cookie_name(request), path="/", httponly=True, samesite="Strict", secure=self._is_secure(request)
        )

    def _is_secure(self, request: web.Request) -> bool:
        return self._is_https or request.secure

    def _cookie_name(self, request: web.Request) -> str:
        """With the prefix, browsers take it over https and from this very host alone."""
        return "__Host-inthread" if self._is_secure(request) else "inthread"
