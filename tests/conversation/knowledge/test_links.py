"""Links in entries: each address is asked for once, and whoever shows a dead one is named."""

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.conversation.knowledge.links import find_dead_links, links_of
from bot.desks.links import open_fetcher
from tests.conversation.knowledge.samples import an_entry


def test_links_are_those_that_people_can_click() -> None:
    answer = (
        "See [here](https://a.test/1 'title'), <https://a.test/2>, https://a.test/3?x=1. "
        "![image](http://a.test/4) and [ref].\n\n- again https://a.test/3?x=1\n\n[ref]: https://a.test/5\n\n"
        "`https://a.test/code` passport.acme.test mail@a.test [mail](mailto:b@a.test) [there](/local)"
    )

    assert links_of(an_entry("a", answer=answer, source_url="https://a.test/0")) == [
        f"https://a.test/{path}" if path != "4" else "http://a.test/4" for path in ("0", "1", "2", "3?x=1", "4", "5")
    ]
    assert links_of(an_entry("a", answer="none", source_url="")) == []


async def test_a_dead_address_is_asked_for_once_and_named_with_all_who_show_it() -> None:
    asked: list[str] = []

    async def fetch(address: str) -> str | None:
        asked.append(address)
        return "answers with 404" if "gone" in address else None

    entries = [
        an_entry("a", answer="https://a.test/gone", source_url="https://a.test/well"),
        an_entry("b", answer="https://a.test/gone", source_url=""),
    ]

    (remark,) = await find_dead_links(entries, fetch)

    assert (remark.entry_ids, remark.says) == (("a", "b"), "https://a.test/gone answers with 404")
    assert sorted(asked) == ["https://a.test/gone", "https://a.test/well"]


async def test_a_server_is_asked_as_it_likes_to_be() -> None:
    methods: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        methods.append(request.method)
        match request.path:
            case "/no-head":
                return web.Response(status=405 if request.method == "HEAD" else 200)
            case "/moved":
                return web.Response(status=302, headers={"Location": "/well"})
        return web.Response(status={"/well": 200, "/sign-in": 401, "/busy": 429, "/broken": 500}.get(request.path, 404))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server, open_fetcher() as fetch:
        said = {path: await fetch(str(server.make_url(f"/{path}"))) for path in ("well", "moved", "sign-in", "busy")}
        assert set(said.values()) == {None}
        assert await fetch(str(server.make_url("/no-head"))) is None
        assert await fetch(str(server.make_url("/gone"))) == "answers with 404"
        assert await fetch(str(server.make_url("/broken"))) == "answers with 500"
        address = str(server.make_url("/well"))

    assert methods[:2] == ["HEAD", "HEAD"]
    async with open_fetcher() as fetch:
        assert "cannot be reached" in str(await fetch(address))
        assert "cannot be reached" in str(await fetch("https://"))


async def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    given_up = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await given_up.wait()
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/", hang)
    async with TestServer(app) as server:
        async with open_fetcher(timeout_seconds=0.05) as fetch:
            assert await fetch(str(server.make_url("/"))) == "does not answer within 0.05 s"
        given_up.set()
