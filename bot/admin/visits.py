"""One request by one person, as the pages' functions get it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web
from markupsafe import Markup
from multidict import MultiDict, MultiDictProxy

from bot.admin.errors import bad_request
from bot.admin.permissions import Permission, permissions_of
from bot.admin.rendering import Renderer
from bot.admin.words import Words
from bot.conversation.characters import strip_invisible
from storage.admin.records import SignIn
from storage.knowledge.records import Author

PLATFORM = "admin"
LONGEST_FIELD = 20_000
LONGEST_PATH = 2_000  # of a page that somebody is led back to


def is_number(text: str, digits: int) -> bool:
    """As browsers send one, of so many digits at most: `isdigit` alone would take ² for one."""
    return text.isascii() and text.isdigit() and len(text) <= digits


@dataclass(frozen=True, slots=True)
class Visit:
    """`person` is None on the pages that everybody may open. `nonce` is of this answer alone."""

    request: web.Request
    person: SignIn | None
    words: Words
    nonce: str
    renderer: Renderer
    form: MultiDictProxy[Any] = field(default_factory=lambda: MultiDictProxy(MultiDict()))

    @property
    def signed_in(self) -> SignIn:
        assert self.person is not None, "the guard lets nobody else through"
        return self.person

    @property
    def author(self) -> Author:
        """For revisions and the audit log."""
        return Author(PLATFORM, "", self.signed_in.name)

    def may(self, permission: str) -> bool:
        return self.person is not None and Permission(permission) in permissions_of(self.person.roles)

    def text(self, name: str, most: int = LONGEST_FIELD) -> str:
        """A field of the form, without what nobody sees; empty where it is missing. Raises: Refused."""
        value = self.form.get(name, "")
        if not isinstance(value, str) or len(value) > most:
            raise bad_request("The field {name} is too long.", name=name)
        return strip_invisible(value.replace("\r\n", "\n")).strip()

    def query(self, name: str, most: int = 500) -> str:
        """A value of the address, tidied; empty where it is missing. Raises: Refused."""
        value = self.request.query.get(name, "")
        if len(value) > most:
            raise bad_request("The field {name} is too long.", name=name)
        return " ".join(strip_invisible(value).split())

    def page(self, template: str, status: HTTPStatus = HTTPStatus.OK, /, **values: Any) -> web.Response:
        known = {"visit": self, "t": self.words, "nonce": self.nonce, "path": self.request.path, "csrf": self.csrf}
        text = self.renderer.render(template, {**known, **values})
        return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")

    def csrf(self) -> Markup:
        """What every form of a signed-in person carries."""
        return Markup('<input type="hidden" name="csrf" value="{}">').format(self.signed_in.csrf_token)

    def go(self, path: str) -> web.Response:
        """After something was done: the page that shows it, asked for anew."""
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})


Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """A page. `permission` None: everybody who is signed in; `is_open`: whoever asks."""

    method: str
    path: str
    handler: Handler
    permission: Permission | None = None
    is_open: bool = False
