"""What a reply looks like in Slack: within its limits, and with one live link, the company's own."""

import random

import pytest

from bot.platforms.base import Act, Button, Content, Phase, Source
from bot.platforms.slack.blocks import render
from bot.sandbox.blocks import validate_blocks
from bot.sandbox.clock import Ids
from tests.slack.test_dialect import LIVE, TOKENS, all_strings

REPLY_ID = "3f2c1f8e-7f43-5a0e-9d0a-1f6e2b7c9a10"
URL = "https://intranet.acme.test/hr?a=1&b=2"


def blocks_of(content: Content) -> list[dict[str, object]]:
    """As Slack would take them. Raises: SlackError."""
    blocks = render(content, REPLY_ID)["blocks"]
    validate_blocks(blocks, Ids(random.Random(0), lambda: 0.0))
    return list(blocks)


def with_source(**fields: object) -> Content:
    source = {"kind": "Verified answer", "title": "How many days?", "url": URL, "facts": ("hr@acme.test",), **fields}
    return Content("In Workday.", Phase.FINAL, is_stored=True, sources=(Source(**source),))  # type: ignore[arg-type]


def test_the_source_stands_below_the_answer_and_its_title_leads_there() -> None:
    answer, source = blocks_of(with_source(facts=("hr@acme.test", "12 Oct")))

    assert answer == {"type": "markdown", "text": "In Workday."}
    assert source["type"] == "context"
    assert all_strings(source) == [
        "context",
        "mrkdwn",
        "*Verified answer* · <https://intranet.acme.test/hr?a=1&amp;b=2|How many days?> · hr@acme.test · 12 Oct",
    ]


def test_without_an_address_the_title_is_no_link() -> None:
    assert "<" not in str(blocks_of(with_source(url=""))[1])


@pytest.mark.parametrize("token", TOKENS)
def test_nothing_that_an_entry_says_is_alive_but_its_own_link(token: str) -> None:
    content = with_source(title=f"a {token} b", facts=(token,), kind=token)
    button = Button(Act.CHOOSE, token, 1)
    payload = render(Content(token, Phase.FINAL, is_stored=True, sources=content.sources, buttons=(button,)), REPLY_ID)
    live = [found for text in all_strings(payload) for found in LIVE.findall(text)]
    labels = [text for text in all_strings(payload["blocks"][-1]) if LIVE.search(text)]  # plain_text: read as letters
    assert [found for found in live if not found.startswith("<https://intranet.acme.test")] == [
        found for text in labels for found in LIVE.findall(text)
    ]


def test_buttons_have_names_of_their_own_and_say_which_reply_they_belong_to() -> None:
    buttons = (Button(Act.CHOOSE, "One?", 1), Button(Act.CHOOSE, "Two?", 2), Button(Act.DECLINE, "None"))
    *_, actions = blocks_of(Content("Which?", Phase.FINAL, buttons=buttons))

    assert [(element["action_id"], element["value"]) for element in actions["elements"]] == [  # type: ignore[attr-defined]
        ("choose_1", f"{REPLY_ID}:1"),
        ("choose_2", f"{REPLY_ID}:2"),
        ("decline", REPLY_ID),
    ]


def test_what_is_longer_than_slack_takes_is_cut() -> None:
    long = "word " * 2_000
    content = with_source(title=long, facts=(long, long), url="https://acme.test/" + "x" * 900)
    buttons = (Button(Act.CHOOSE, long, 1), Button(Act.DECLINE, long))
    *_, actions = blocks_of(Content("x", Phase.FINAL, sources=content.sources, buttons=buttons))
    assert all(len(element["text"]["text"]) == 75 for element in actions["elements"])  # type: ignore[attr-defined]


def test_a_notification_tells_what_the_buttons_offer() -> None:
    buttons = (Button(Act.CHOOSE, "One & only?", 1), Button(Act.CHOOSE, "Two?", 2), Button(Act.DECLINE, "None"))
    assert render(Content("Which?", Phase.FINAL, buttons=buttons), REPLY_ID)["text"] == (
        "Which?\n1. One &amp; only?\n2. Two?"
    )
