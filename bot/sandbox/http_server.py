"""The routes of the sandbox. Owns which path goes to which part; does nothing itself."""

from typing import TYPE_CHECKING

from aiohttp import web

from bot.sandbox.page_api import PageApi
from bot.sandbox.page_files import PageFiles
from bot.sandbox.response_urls import ResponseUrls
from bot.sandbox.socket_mode import SocketMode
from bot.sandbox.web_api.server import WebApi

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

MAX_BODY_BYTES = 4 * 1024 * 1024


async def build_application(
    sandbox: "Sandbox", web_api: WebApi, socket_mode: SocketMode, response_urls: ResponseUrls
) -> web.Application:
    application = web.Application(client_max_size=MAX_BODY_BYTES)
    application.router.add_route("*", "/api/{method}", web_api.handle)
    application.router.add_get("/link/", socket_mode.link)
    application.router.add_post("/response/{team}/{key}", response_urls.handle)
    application.router.add_post("/upload/v1/{key}", sandbox.files.take)
    application.router.add_get("/files/{file}/{name}", sandbox.files.give)
    _add_page(application, PageApi(sandbox), await PageFiles.load())
    return application


def _add_page(application: web.Application, page: PageApi, files: PageFiles) -> None:
    router = application.router
    router.add_get("/", files.index)
    router.add_get("/favicon.ico", files.icon)
    router.add_get("/page/{name}", files.file)
    router.add_get("/_sandbox/live", page.live)
    router.add_get("/_sandbox/log", page.log)
    router.add_get("/_sandbox/messages", page.messages)
    router.add_post("/_sandbox/act", page.act)
    router.add_post("/_sandbox/faults", page.faults)
    application.on_shutdown.append(page.close)
