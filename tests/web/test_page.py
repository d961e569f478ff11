"""The page as it is served: shell, files, headers, languages, who may open it."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.browsers import is_loopback, preferred_language
from bot.errors import StartFailed
from bot.platforms.web import page_files
from bot.platforms.web.settings import WebSettings
from bot.service import open_service
from bot.settings import ServiceSettings, Settings
from tests.clock import ManualClock
from tests.web.chat import RunningService, running_service, web_settings

PAGE = Path(page_files.__file__).parent / "page"


async def test_every_answer_fences_the_page_in(service: RunningService) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/web/page/app.js", "/web/page/none.js", "/web/me", "/web/threads", "/web/none"):
            async with session.get(service.url + path) as response:
                policy = response.headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'none'")
                assert "unsafe" not in policy
                assert "frame-ancestors 'none'" in policy
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Referrer-Policy"] == "no-referrer"


async def test_every_file_of_the_page_is_served_and_asked_about_anew(service: RunningService) -> None:
    async with aiohttp.ClientSession() as session:
        for path in PAGE.iterdir():
            url = service.url + ("/" if path.name == "index.html" else f"/web/page/{path.name}")
            async with session.get(url) as response:
                assert response.status == 200
                assert response.headers["Cache-Control"] == "no-cache"
                etag = response.headers["ETag"]
            async with session.get(url, headers={"If-None-Match": etag}) as response:
                assert response.status == 304


async def test_the_settings_stand_in_the_page_as_text(data_dir: Path) -> None:
    hostile = '"><script>alert(1)</script>'
    settings = web_settings(data_dir, title=hostile, company="A & B", examples=(hostile,))
    async with running_service(settings) as service:
        text = await shell(service)
    tags = Tags()
    tags.feed(text)
    assert [attributes for tag, attributes in tags.found if tag == "script"] == [
        {"type": "module", "src": "/web/page/app.js"}
    ]
    assert "A &amp; B" in text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("de,zh-TW;q=0.5,en;q=0.3", "zh"),
        ("fr", "en"),
        ("zh;q=x,en;q=0.1", "en"),
        (",;;q=", "en"),
    ],
)
def test_the_page_speaks_the_language_that_the_browser_prefers(accepted: str, language: str) -> None:
    assert preferred_language(accepted) == language


async def test_the_shell_says_which_language_it_is_in(service: RunningService) -> None:
    assert '<html lang="zh-CN"' in await shell(service, {"Accept-Language": "zh-CN"})
    assert '<html lang="en"' in await shell(service)


async def shell(service: RunningService, headers: Mapping[str, str] | None = None) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.get(service.url + "/", headers=headers) as response,
    ):
        assert response.headers["Vary"] == "Accept-Language"
        return await response.text()


def test_the_page_never_parses_markup_and_fetches_nothing_from_elsewhere() -> None:
    for path in PAGE.iterdir():
        text = path.read_text("utf-8")
        for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "srcdoc"):
            assert forbidden not in text, f"{forbidden} in {path.name}"
        for line in text.splitlines():
            assert "//cdn" not in line
            assert 'src="http' not in line
            assert "url(" not in line


def test_both_languages_have_the_same_words() -> None:
    english, chinese = (PAGE / "words.js").read_text("utf-8").split("  en: {")[1].split("  zh: {")
    assert re.findall(r"^    (\w+):", english, re.MULTILINE) == re.findall(r"^    (\w+):", chinese, re.MULTILINE)


async def test_an_address_that_others_reach_is_warned_about(data_dir: Path) -> None:
    local = web_settings(data_dir)
    wide = local.model_copy(
        update={"service": ServiceSettings(host="0.0.0.0", port=local.service.port, data_dir=data_dir)}
    )
    with capture_logs() as logs:
        async with running_service(wide):
            pass
    assert [line["log_level"] for line in logs if line["event"] == "web_chat_open_to_the_network"] == ["warning"]
    with capture_logs() as logs:
        async with running_service(local):
            pass
    assert [line for line in logs if line["event"] == "web_chat_open_to_the_network"] == []


def test_loopback_is_known_by_its_addresses() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.com", "")))


async def test_no_platform_is_told_with_what_to_do(tmp_path: Path) -> None:
    settings = Settings(service=ServiceSettings(data_dir=tmp_path))
    with pytest.raises(StartFailed, match=r"\[web\] enabled"):
        async with open_service(settings, ManualClock()):
            pass


@pytest.mark.parametrize("url", ["chat.example.com", "ftp://x", "https://x/path", "https://", "https://x?y"])
def test_a_public_url_is_an_origin(url: str) -> None:
    with pytest.raises(ValueError, match="without a path"):
        WebSettings(public_url=url)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
