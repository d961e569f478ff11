"""The admin pages in a real browser: an auditor's morning, what a role does not open, and words that want to act."""

import asyncio
import csv
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.keys import Keys

from bot.clock import SystemClock
from bot.conversation.knowledge import citing
from storage.admin.records import Role
from storage.basis import Basis, BasisKind
from storage.database import Database
from storage.knowledge.records import EntryStatus
from tests.admin.office import PASSWORD, Office, an_office
from tests.browser.page import Page
from tests.clock import START
from tests.shelf import an_entry
from tests.storage.knowledge.samples import HR, a_text
from tests.storage.test_audit_search import Record
from tests.web.chat import SECONDS

pytestmark = pytest.mark.browser
REASON = "ticket 4711: a complaint about leave"
# After the corpora of OWASP and of Markdown renderers: each would open a dialog where it is taken for markup.
ACTING = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<style>@import 'javascript:alert(1)';</style>",
    "<link rel=stylesheet href=//evil.test/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//evil.test/>",
    "<object data=javascript:alert(1)></object>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:alert(1))",
    "![x](https://evil.test/pixel.png)",
    '![x](x "onerror=alert(1)")',
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    '<https://evil.test/"onmouseover=alert(1)>',
    "`<script>alert(1)</script>`",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "| a |\n| - |\n| <img src=x onerror=alert(1)> |",
    "{{constructor.constructor('alert(1)')()}}",
    "{% raw %}{{ visit.person.csrf_token }}{% endraw %}",
    "\u202e<script>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
)
# Counts what the policy has to stop: in normal use nothing wants to do what it forbids.
WATCH = (
    "window.stopped = []; addEventListener('securitypolicyviolation', (event) => stopped.push(event.violatedDirective))"
)


class Desk(Page):
    """The browser of somebody who looks after the answers."""

    def __init__(self, browser: webdriver.Chrome, office: Office) -> None:
        super().__init__(browser)
        self.driver = browser
        self.office = office
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})

    async def go(self, path: str) -> None:
        await self.open(self.office.url + path)

    async def sign_in(self, name: str, password: str = PASSWORD) -> None:
        await self.type("name", Keys.BACKSPACE * 30 + name)
        await self.type("password", password)
        await self.click("sign-in")

    def stopped(self) -> Any:
        return self.driver.execute_script("return window.stopped")

    def complaints(self) -> list[str]:
        """What the console has said since the last time."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with an_office(database, SystemClock()) as opened:
        yield opened


async def test_an_auditors_morning(
    office: Office, database: Database, browser: webdriver.Chrome, tmp_path: Path
) -> None:
    record = Record(database)
    await record.ask("How many days of leave do I have?", "You have **25** days.", basis=Basis(kind=BasisKind.PLAIN))
    await record.ask("今年的年假还剩几天？", "请在系统里查看。")
    await record.index.catch_up()
    await office.employ("audrey", Role.AUDITOR)
    desk = Desk(browser, office)
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})

    await desk.go("/admin/audit?text=年假")  # a link that somebody has sent
    await desk.sign_in("audrey", "a wrong password")
    await desk.find("wrong")
    assert all("401" in complaint for complaint in desk.complaints())
    await desk.sign_in("audrey")
    await desk.type("reason", REASON, Keys.ENTER)
    await desk.find("conversation", "今年的年假还剩几天？")
    await desk.type("text", Keys.BACKSPACE * 4 + "leave", Keys.ENTER)
    found = await desk.find("conversation", "How many days of leave do I have?")
    await asyncio.to_thread(found.find_element("tag name", "a").click)
    assert "<strong>25</strong>" in await desk.html_of("replied", "You have 25 days.")

    await desk.go("/admin/audit?text=leave")
    await desk.click("export")
    await desk.type("reason", REASON)
    await desk.click("take")
    rows = await _downloaded(desk, tmp_path)
    assert [row["question"] for row in rows[:-1]] == ["How many days of leave do I have?"]

    await desk.click("language")
    await desk.find("take", "下载文件")
    await desk.click("sign-out")
    await desk.find("name")
    assert desk.stopped() == []


async def test_a_viewer_is_led_to_figures_and_no_further(office: Office, browser: webdriver.Chrome) -> None:
    await office.employ("vera", Role.VIEWER)
    desk = Desk(browser, office)
    await desk.go("/admin/")
    await desk.sign_in("vera")
    await desk.find("questions", "0")
    links = [link.text for link in browser.find_elements("css selector", "nav.main a")]
    assert links == ["Overview"]
    await desk.go("/admin/audit")
    await desk.find("refusal", "Your roles do not open this page.")
    assert all("403" in complaint for complaint in desk.complaints())


async def test_words_that_want_to_act_are_words(office: Office, database: Database, browser: webdriver.Chrome) -> None:
    record, entries = Record(database), office.parts.desk.entries
    for number, acting in enumerate(ACTING):
        basis = citing.verified(an_entry(), START.date()) if number % 2 else Basis(kind=BasisKind.PLAIN)
        await record.ask(acting, acting, basis=basis, thread="1.0", channel=acting[:20], user=acting[:20])
        await record.ask(acting, acting, basis=basis, thread="one")
        text = a_text(question=acting.split("\n")[0][:100], variants=(), answer=acting, owner=acting[:20])
        await entries.save(f"e{number}", text, EntryStatus.PUBLISHED, HR, START)
    await record.index.catch_up()
    await office.employ("anna", *Role)
    desk = Desk(browser, office)
    await desk.go("/admin/audit")
    await desk.sign_in("anna")
    await desk.type("reason", f"{REASON} <img src=x onerror=alert(1)>", Keys.ENTER)
    await desk.find("conversation")
    whole = (await record.find(channel="C1")).conversations[-1].number
    await desk.go(f"/admin/audit/conversation?number={whole}")
    assert len(browser.find_elements("css selector", '[data-testid="turn"]')) == len(ACTING)
    pages = [
        "/admin/audit?text=<img src=x onerror=alert(1)>",
        "/admin/audit/looks",
        "/admin/entries",
        "/admin/overview",
    ]
    pages += ["/admin/gaps", "/admin/reviews", "/admin/data", "/admin/integrity", "/admin/jobs", "/admin/accounts"]
    pages += [f"/admin/entries/history?id=e{number}" for number in (0, 22, 33)]
    for path in pages:
        await desk.go(path)
        assert desk.stopped() == [], path
        with pytest.raises(NoAlertPresentException):
            _ = browser.switch_to.alert.text
    assert browser.find_elements("css selector", "main iframe, main object, main form[action^=java]") == []
    assert desk.complaints() == []


@pytest.mark.parametrize("width", [1280, 390])
async def test_no_page_is_wider_than_the_screen(
    office: Office, database: Database, browser: webdriver.Chrome, width: int
) -> None:
    """Whatever people write: one word of five hundred characters."""
    record, long = Record(database), "w" * 500
    reply_id = await record.ask(long, long, basis=Basis(kind=BasisKind.NONE), channel="C" * 60, user="U" * 60)
    await record.ask(f"why {reply_id}", "because")
    await record.index.catch_up()
    await office.parts.desk.entries.save("e" * 60, a_text(question=long, answer=long), EntryStatus.PUBLISHED, HR, START)
    await office.employ("anna", *Role)
    desk = Desk(browser, office)
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    await desk.go("/admin/audit")
    await desk.sign_in("anna")
    await desk.type("reason", REASON, Keys.ENTER)
    await desk.find("conversation")
    paths = [f"/admin/audit?person={'p' * 300}", "/admin/audit", f"/admin/audit/export?text={long[:400]}"]
    paths += [f"/admin/audit/conversation?number={number}" for number in (1,)]
    paths += [
        f"/admin/{name}"
        for name in "audit/looks overview entries gaps reviews data requests integrity jobs accounts replay".split()
    ]
    wide = {}
    for path in paths:
        await desk.go(path)
        if (found := browser.execute_script("return document.documentElement.scrollWidth")) > width:
            wide[path[:40]] = found
    assert wide == {}


async def _downloaded(desk: Desk, folder: Path) -> list[dict[str, str]]:
    """The table, once the browser has it whole."""
    files = await desk._wait(lambda _: list(folder.glob("conversations-*.csv")), SECONDS)
    return list(csv.DictReader(files[0].read_text("utf-8-sig").splitlines()))
