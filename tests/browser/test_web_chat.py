"""The browser chat in a real browser: a person signs in, asks, watches, comes back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.page import Page
from tests.web.chat import RunningService, prepared, running_service, web_settings

pytestmark = pytest.mark.browser
WHOLE = "1 2 3 4 5 6 7 8"
HOSTILE = [
    '<img src=x onerror="document.title=1">',
    "<script>document.title=1</script>",
    "[here](javascript:document.title=1)",
    "![x](https://evil.example/x.png)",
    "[x](data:text/html,<script>document.title=1</script>)",
    "<a href=https://evil.example>x</a>",
    "`<b>` &lt;b&gt; &#60;b&#62;",
    "**<svg onload=document.title=1>**",
    '<iframe srcdoc="<script>top.document.title=1</script>">',
    "https://evil.example/x",
]


@pytest.fixture
def data_dir(migrated_file: Path, tmp_path: Path) -> Path:
    return prepared(migrated_file, tmp_path / "data")


@pytest.fixture
async def service(data_dir: Path) -> AsyncIterator[RunningService]:
    async with running_service(web_settings(data_dir, words=8, pace=12, grace_seconds=0)) as running:
        yield running


class Chat(Page):
    """The chat as a person handles it."""

    def __init__(self, browser: webdriver.Chrome, url: str) -> None:
        super().__init__(browser)
        self.url = url

    async def sign_in(self, name: str) -> None:
        await self.open(self.url)
        await self.type("name", name, Keys.ENTER)
        await self.find("question")

    async def ask(self, text: str) -> None:
        await self.type("question", text, Keys.ENTER)

    async def script(self, text: str, *arguments: object) -> Any:
        return await asyncio.to_thread(self._browser.execute_script, text, *arguments)

    async def texts(self, testid: str) -> list[str]:
        selector = f'[data-testid="{testid}"]'
        found = await asyncio.to_thread(self._browser.find_elements, By.CSS_SELECTOR, selector)
        return [node.text for node in found]

    async def gone(self, testid: str) -> None:
        def is_gone(driver: webdriver.Chrome) -> bool:
            found = driver.find_elements(By.CSS_SELECTOR, f'[data-testid="{testid}"]')
            return not any(node.is_displayed() for node in found)

        await self._wait(is_gone, 10)

    async def press(self, *keys: str) -> None:
        await asyncio.to_thread(lambda: self._browser.switch_to.active_element.send_keys(*keys))


@pytest.fixture
async def chat(service: RunningService, browser: webdriver.Chrome) -> Chat:  # the browser goes first
    chat = Chat(browser, service.url)
    await chat.sign_in("Alice Example")
    return chat


async def test_an_answer_grows_and_is_there_after_a_reload(chat: Chat) -> None:
    await chat.find("who", "Alice Example")
    await chat.ask("how much leave?")
    await chat.find("stop")
    await chat.find("answer", "Scripted reply to: how")
    assert WHOLE not in (await chat.texts("answer"))[0]
    await chat.find("answer", WHOLE)
    await chat.find("note", "Check what matters")
    await chat.gone("stop")
    announced = await chat.script("return document.querySelector('[data-testid=announcer]').textContent")
    assert announced.startswith("Answer complete. Scripted reply")
    await chat.script("location.reload()")
    await chat.find("answer", WHOLE)
    assert await chat.texts("asked") == ["how much leave?"]


async def test_past_conversations_are_listed_and_opened(chat: Chat) -> None:
    for question in ("first question", "second question"):
        await chat.click("new")
        await chat.ask(question)
        await chat.find("answer", WHOLE)
    assert await chat.texts("thread") == ["second question", "first question"]
    await chat.click("thread", "first question")
    await chat.find("asked", "first question")
    assert await chat.texts("asked") == ["first question"]
    await chat.script("history.back()")
    await chat.find("asked", "second question")


async def test_escape_stops_and_the_reply_can_be_tried_again(chat: Chat) -> None:
    await chat.ask("count for me")
    await chat.find("answer", "Scripted reply")
    await chat.press(Keys.ESCAPE)
    await chat.find("note", "Stopped on request.")
    await chat.click("again")
    await chat.find("answer", f"{WHOLE} (turn 2)")
    assert len(await chat.texts("answer")) == 2


async def test_an_empty_composer_is_a_stop_button(chat: Chat) -> None:
    await chat.ask("count for me")
    await chat.find("answer", "Scripted reply")
    await chat.click("send")
    await chat.find("note", "Stopped on request.")


async def test_shift_and_enter_make_a_line(chat: Chat) -> None:
    await chat.type("question", "one", Keys.SHIFT + Keys.ENTER + Keys.NULL, "two", Keys.ENTER)
    await chat.find("answer", WHOLE)
    assert await chat.texts("asked") == ["one\ntwo"]


async def test_chinese_by_choice_and_it_stays(chat: Chat) -> None:
    await chat.click("language", "中文")
    await chat.find("new", "新对话")
    await chat.ask("怎么申请年假？")
    await chat.find("note", "重要内容请核实")
    await chat.find("again", "重试")
    await chat.script("location.reload()")
    await chat.find("again", "重试")
    assert await chat.script("return document.documentElement.lang") == "zh-CN"


async def test_hostile_text_is_text(chat: Chat, browser: webdriver.Chrome) -> None:
    for number, text in enumerate(HOSTILE, 1):
        await chat.ask(text)
        await asyncio.to_thread(_wait_for_answers, browser, number)
    tags = await chat.script(
        "return [...document.querySelectorAll('#turns *')].map((node) => node.tagName.toLowerCase())"
    )
    assert not {"img", "script", "a", "svg", "iframe"} & set(tags)
    assert await chat.texts("asked") == HOSTILE
    assert await chat.script("return document.title") != "1"


async def test_a_phone_has_a_drawer_and_nothing_sticks_out(chat: Chat, browser: webdriver.Chrome) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    await asyncio.to_thread(browser.execute_cdp_cmd, "Emulation.setDeviceMetricsOverride", phone)
    await chat.ask("averyveryverylongword" * 10)
    await chat.find("answer", WHOLE)
    assert await chat.script("return document.documentElement.scrollWidth") == 390
    assert await chat.script("return document.querySelector('#sidebar').inert")
    await chat.click("menu")
    await chat.find("thread", "averyveryvery")
    await chat.press(Keys.ESCAPE)
    await chat.find("menu")
    assert await chat.script("return document.activeElement.id") == "menu"


async def test_a_draft_survives_a_reload(chat: Chat) -> None:
    await chat.type("question", "half a thought")
    await chat.script("location.reload()")
    await chat.find("question")
    assert await chat.script("return document.querySelector('#question').value") == "half a thought"


async def test_signing_out_warns_first(chat: Chat) -> None:
    await chat.ask("something private")
    await chat.find("answer", WHOLE)
    await chat.click("sign-out")
    await chat.click("sign-out-really")
    await chat.find("name")
    await chat.type("name", "Bruno", Keys.ENTER)
    await chat.find("who", "Bruno")
    assert await chat.texts("thread") == []


async def test_a_restart_is_told_and_mends_itself(browser: webdriver.Chrome, data_dir: Path) -> None:
    settings = web_settings(data_dir, words=200, pace=20, grace_seconds=0)
    async with running_service(settings) as service:
        chat = Chat(browser, service.url)
        await chat.sign_in("Alice")
        await chat.ask("count")
        await chat.find("answer", "count. 1 2 3")
    await chat.find("lost", "Connection lost")
    await chat.type("question", "are you there?", Keys.ENTER)
    await chat.find("notice", "Your question is still in the box")
    quick = web_settings(data_dir, words=200, pace=1000)
    quick = quick.model_copy(update={"service": settings.service})
    async with running_service(quick):
        await chat.gone("lost")
        await chat.find("answer", "199 200")
        assert len(await chat.texts("answer")) == 1
        await chat.click("send")
        await chat.find("answer", "(turn 2)")
        await chat.open("about:blank")
        await asyncio.to_thread(browser.get_log, "browser")  # takes out the refused connections, which are meant here


def _wait_for_answers(browser: webdriver.Chrome, count: int) -> None:
    selector = '[data-phase="final"]'
    WebDriverWait(browser, 10).until(lambda driver: len(driver.find_elements(By.CSS_SELECTOR, selector)) >= count)


MARKDOWN = [
    ("plain\ntext", "<p>plain<br>text</p>"),
    ("**b** *i* _i_ ~~d~~ `c*d*`", "<p><strong>b</strong> <em>i</em> <em>i</em> <del>d</del> <code>c*d*</code></p>"),
    ("**b *bi* b**", "<p><strong>b <em>bi</em> b</strong></p>"),
    ("2 * 3 * 4, snake_case_name, **open", "<p>2 * 3 * 4, snake_case_name, **open</p>"),
    ("\\*not\\*", "<p>*not*</p>"),
    ("# One\n## Two", "<h3>One</h3><h4>Two</h4>"),
    ("- a\n- b\n  - c", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"),
    ("1. a\n\n2. b", "<ol><li>a</li><li>b</li></ol>"),
    ("3) a", '<ol start="3"><li>a</li></ol>'),
    ("> a\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"),
    ("```py\n<b>\n```", "<pre>py:&lt;b&gt;</pre>"),
    ("```\nopen", "<pre>:open</pre>"),
    ("---", "<hr>"),
    ("<b>&amp;", "<p>&lt;b&gt;&amp;amp;</p>"),
    (
        "| a | b |\n|---|---|\n| 1 | **2** |",
        '<div class="table" tabindex="0"><table><thead><tr><th>a</th><th>b</th></tr></thead>'
        "<tbody><tr><td>1</td><td><strong>2</strong></td></tr></tbody></table></div>",
    ),
    ("[x](https://a.example/b)", '<p><a href="https://a.example/b" {LINK}>x</a></p>'),
    ("see https://a.example/b.", '<p>see <a href="https://a.example/b" {LINK}>https://a.example/b</a>.</p>'),
    ("[https://b.example](https://a.example)", '<p><a href="https://a.example" {LINK}>https://b.example</a></p>'),
    ("[x](javascript:alert(1)) [y](//a.example)", "<p>[x](javascript:alert(1)) [y](//a.example)</p>"),
    ("[x](data:text/html,y) [z](vbscript:y)", "<p>[x](data:text/html,y) [z](vbscript:y)</p>"),
    ('[x](https://a.example/"onclick=y)', '<p><a href="https://a.example/&quot;onclick=y" {LINK}>x</a></p>'),
]
RENDER = """
const [text, done] = arguments;
import("/web/page/markdown.js").then(({ markdown }) => {
  const box = document.createElement("div");
  const pre = (code, language) => Object.assign(document.createElement("pre"), { textContent: `${language}:${code}` });
  box.append(...markdown(text, pre));
  done(box.innerHTML);
});
"""


async def test_markdown_becomes_nodes(chat: Chat, browser: webdriver.Chrome) -> None:
    for text, expected in MARKDOWN:
        html = await asyncio.to_thread(browser.execute_async_script, RENDER, text)
        assert html == expected.replace("{LINK}", 'target="_blank" rel="noopener noreferrer nofollow"'), text
