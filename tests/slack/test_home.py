"""The home tab and the prompts: what they say, to whom, and how seldom."""

import json
from datetime import UTC, datetime

import pytest

from bot.conversation.phrases import phrase
from bot.platforms.slack.events import Identity
from bot.platforms.slack.home import MOST_QUESTION_CHARACTERS, QUESTIONS, REFRESH_ACTION, home_view, permalink
from bot.sandbox import Fault
from storage.records import AskedQuestion
from tests.scenarios.house import ALICE, BRUNO, CHENWEI, GENERAL, HELP_HR, House, scripted

US = Identity(user_id="U0", bot_id="B0", team_id="T1", url="https://example.slack.com/")
HOSTILE = "<!channel> <@U0ALICE> *bold* <https://evil.example|click> &amp; `code`"


def asked(text: str, **address: str) -> AskedQuestion:
    return AskedQuestion("C1", text, {"channel": "C1", **address}, datetime(2026, 3, 2, tzinfo=UTC))


def home(house: House, user: str) -> str:
    """Everything that the home says, as JSON; empty while there is none."""
    view = house.sandbox.views.home_of(user)
    return json.dumps(view.blocks, ensure_ascii=False) if view else ""


def published(house: House) -> int:
    return sum(call.method == "views.publish" for call in house.sandbox.calls)


# ── pure ─────────────────────────────────────────────────────────────────────


def test_hostile_questions_stand_in_plain_text_alone() -> None:
    view = home_view([asked(HOSTILE, ts="1.0")], "en", US, "A1", "Kept for a while.")

    holders = [block for block in view["blocks"] if "evil.example" in json.dumps(block)]
    assert [block["text"]["type"] for block in holders] == ["plain_text"]


def test_five_questions_without_end_fit_slacks_limits() -> None:
    view = home_view([asked("長" * 50_000, ts="1.0")] * QUESTIONS, "zh", US, "A1", "Kept for a while.")

    assert len(view["blocks"]) <= 100
    for block in view["blocks"]:
        if block["type"] == "section":
            assert len(block["text"]["text"]) <= 3_000
    assert "長" * MOST_QUESTION_CHARACTERS not in json.dumps(view, ensure_ascii=False)


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ({"channel": "C1", "ts": "1700.000100"}, "https://example.slack.com/archives/C1/p1700000100"),
        (
            {"channel": "C1", "ts": "1701.000100", "thread_ts": "1700.000100"},
            "https://example.slack.com/archives/C1/p1701000100?thread_ts=1700.000100&cid=C1",
        ),
        (
            {"channel": "C1", "ts": "1700.000100", "thread_ts": "1700.000100"},
            "https://example.slack.com/archives/C1/p1700000100",
        ),
        ({"channel": "C1", "response_url": "https://hooks.example/secret"}, None),
    ],
)
def test_questions_are_linked_where_they_stand(address: dict[str, str], link: str | None) -> None:
    assert permalink(address, US) == link


# ── in the house ─────────────────────────────────────────────────────────────


async def test_the_home_says_what_it_does_and_what_is_kept(house: House) -> None:
    await house.start()
    house.sandbox.employees.open_home(ALICE)
    await house.until(lambda: home(house, ALICE))

    for key in ("home_title", "home_none"):
        assert json.dumps(phrase(key, "en"))[1:-1] in home(house, ALICE)
    assert "for 180 days, on a machine of your company" in home(house, ALICE)


async def test_the_home_shows_the_persons_own_questions_from_everywhere_newest_first(house: House) -> None:
    await house.start(scripted={"words": 1})
    for number in range(QUESTIONS + 1):
        ts = await house.ask(ALICE, (GENERAL, HELP_HR)[number % 2], f"alice{number}x")
        await house.answered((GENERAL, HELP_HR)[number % 2], ts)
    ts = await house.ask(BRUNO, GENERAL, "brunos secret")
    await house.answered(GENERAL, ts)
    assert await house.sandbox.employees.command(ALICE, GENERAL, "/faq", "by command")
    await house.until(lambda: len(house.sandbox.ephemerals(GENERAL, ALICE)) == 2)

    house.sandbox.employees.open_home(ALICE)
    await house.until(lambda: home(house, ALICE))

    shown = home(house, ALICE)
    questions = ["by command", *(f"alice{number}x" for number in range(QUESTIONS, 1, -1))]
    assert [shown.index(question) for question in questions] == sorted(shown.index(question) for question in questions)
    assert "alice1x" not in shown
    assert "brunos secret" not in shown
    assert f"<#{GENERAL}>" in shown
    assert "response/" not in shown


async def test_the_home_speaks_the_persons_language(house: House) -> None:
    await house.start()
    house.sandbox.employees.open_home(CHENWEI)
    await house.until(lambda: home(house, CHENWEI))

    assert phrase("home_none", "zh") in home(house, CHENWEI)


async def test_without_a_locale_the_last_question_tells_the_language(house: House) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "怎么申请年假？")
    await house.answered(GENERAL, ts)
    house.sandbox.faults.add(Fault("server_error", "users.info", times=1))
    house.sandbox.employees.open_home(ALICE)
    await house.until(lambda: home(house, ALICE))

    assert phrase("home_last", "zh") in home(house, ALICE)


async def test_going_back_and_forth_publishes_once(house: House) -> None:
    await house.start()
    for _ in range(10):
        house.sandbox.employees.open_home(ALICE)
    await house.until(lambda: len([ack for ack in house.sandbox.acks if ack.acked_at]) >= 10)
    await house.stop()

    assert published(house) == 1


async def test_the_button_shows_new_questions(house: House) -> None:
    await house.start()
    house.sandbox.employees.open_home(ALICE)
    await house.until(lambda: home(house, ALICE))
    ts = await house.ask(ALICE, GENERAL, "asked since")
    await house.answered(GENERAL, ts)
    await house.clock.sleep(3)
    view = house.sandbox.views.home_of(ALICE)
    assert view

    assert await house.sandbox.employees.click_in_view(ALICE, view.id, REFRESH_ACTION)

    await house.until(lambda: "asked since" in home(house, ALICE))


@pytest.mark.parametrize("kind", ["server_error", "rate_limited", "reset_before_commit"])
async def test_a_home_that_cannot_be_shown_disturbs_nobody(house: House, kind: str) -> None:
    await house.start()
    house.sandbox.faults.add(Fault(kind, "views.publish", times=1, retry_after=1))  # type: ignore[arg-type]
    house.sandbox.employees.open_home(ALICE)
    ts = await house.ask(ALICE, GENERAL, "and now?")

    assert await house.answered(GENERAL, ts) == [scripted("and now?")]
    await house.stop()
    assert published(house) <= 1


@pytest.mark.parametrize(("user", "language"), [(ALICE, "en"), (CHENWEI, "zh")])
async def test_the_messages_tab_offers_questions_and_no_home(house: House, user: str, language: str) -> None:
    await house.start()
    house.sandbox.employees.open_home(user, "messages")
    direct = house.sandbox.dm_with(user)
    await house.until(lambda: direct in house.sandbox.statuses.prompts)

    messages = [prompt["message"] for prompt in house.sandbox.statuses.prompts[direct]]
    assert phrase("prompt_leave", language) in messages  # type: ignore[arg-type]
    assert published(house) == 0
    (call,) = [call for call in house.sandbox.calls if call.method.endswith("setSuggestedPrompts")]
    assert "thread_ts" not in call.args


async def test_the_company_chooses_the_prompts(house: House) -> None:
    await house.start(slack={"suggested_prompts": ("Where is the kettle?",)})
    house.sandbox.employees.open_home(ALICE, "messages")
    direct = house.sandbox.dm_with(ALICE)
    await house.until(lambda: direct in house.sandbox.statuses.prompts)

    assert [prompt["message"] for prompt in house.sandbox.statuses.prompts[direct]] == ["Where is the kettle?"]
