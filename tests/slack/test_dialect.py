"""Text between Slack's spelling and ours: what people wrote comes in, nothing that the model wrote becomes a token."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.safe_markdown import safe_markdown
from bot.platforms.base import Content, Phase
from bot.platforms.slack.blocks import render
from bot.platforms.slack.dialect import escape_markdown, escape_mrkdwn, measured_length, mention_of, plain_text

# What Slack reads as more than text. Source: docs.slack.dev "Formatting message text".
LIVE = re.compile(r"<(?:[@#!][^<>]*|[a-z]+:[^<>]*)>")

TOKENS = [
    "<!channel>",
    "<!here>",
    "<!everyone>",
    "<!subteam^S012ABC>",
    "<!subteam^S012ABC|@all-hands>",
    "<!date^1392734382^{date}|fallback>",
    "<@U0ALICE>",
    "<@U0ALICE|alice>",
    "<@W0ALICE>",
    "<#C0GENERAL>",
    "<#C0GENERAL|general>",
    "<https://evil.com|click>",
    "<mailto:x@evil.com|write>",
    "<tel:+123|call>",
    "&lt;!channel&gt;",
    "&amp;lt;!channel&amp;gt;",
    "&#60;!here&#62;",
    "&#x3c;!here&#x3e;",
    "\\<!channel\\>",
    "<\u200b!channel>",
    "<!chan\u00adnel>",
    "> <!channel>",
    ">>> <!here>",
    ">\n<!here>",
    "`<!channel>`",
    "```\n<!channel>\n```",
    "<<!channel>>",
    "< !channel >",
    "<!channel\n>",
    "&LT;!channel&GT;",
]


def all_strings(payload: object) -> list[str]:
    if isinstance(payload, str):
        return [payload]
    values = payload.values() if isinstance(payload, dict) else payload if isinstance(payload, list) else []
    return [text for value in values for text in all_strings(value)]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("phase", Phase)
def test_no_token_is_alive_in_anything_that_is_sent_however_far_the_stream_has_come(token: str, phase: Phase) -> None:
    text = f"Hello {token} there"
    for end in range(len(text) + 1):
        content = Content(safe_markdown(text[:end]), phase, note=token, stop_label="Stop")
        for sent in all_strings(render(content, "reply")):
            assert not LIVE.search(sent)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet="<>!@#&;|^ \nltgamp>channelU0", max_size=60))
def test_no_heap_of_characters_makes_a_token(text: str) -> None:
    assert "<" not in escape_mrkdwn(text)
    assert "<" not in escape_markdown(text)


@pytest.mark.parametrize("text", ["> quoted", ">quoted", ">> twice", "> > twice", "   > indented", ">", "a\n> b\n> c"])
def test_quotes_stay_quotes(text: str) -> None:
    assert escape_markdown(text) == text


def test_only_the_marks_of_a_quote_are_left() -> None:
    assert escape_markdown("> a > b") == "> a &gt; b"
    assert escape_markdown("a > b") == "a &gt; b"
    assert escape_markdown("    > code") == "    &gt; code"


def test_queries_of_links_stay_whole_in_markdown_and_are_escaped_in_mrkdwn() -> None:
    assert escape_markdown("https://wiki.example/?a=1&b=2") == "https://wiki.example/?a=1&b=2"
    assert escape_mrkdwn("R&D < <x>") == "R&amp;D &lt; &lt;x&gt;"


@pytest.mark.parametrize(
    ("event_text", "expected"),
    [
        ("plain", "plain"),
        ("3 &lt; 5 &amp;&amp; 7 &gt; 2", "3 < 5 && 7 > 2"),
        ("&amp;lt; stays an entity", "&lt; stays an entity"),
        ("<@U0ALICE> said", "@U0ALICE said"),
        ("<@U0ALICE|alice> said", "@alice said"),
        ("in <#C0GENERAL|general> or <#C0GENERAL>", "in #general or #C0GENERAL"),
        ("<!here> <!channel> <!everyone|everyone>", "@here @channel everyone"),
        ("<!subteam^S1|@hr> <!subteam^S1>", "@hr @subteam"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("<https://a.example/x?y=1&amp;z=2>", "https://a.example/x?y=1&z=2"),
        ("<https://a.example|the form>", "the form (https://a.example)"),
        ("<http://a.example|a.example>", "http://a.example"),
        ("<mailto:hr@a.example|hr@a.example>", "hr@a.example"),
        ("<mailto:hr@a.example>", "hr@a.example"),
        ("<>", ""),
        ("an open < bracket", "an open < bracket"),
    ],
)
def test_an_event_reads_as_the_person_wrote_it(event_text: str, expected: str) -> None:
    assert plain_text(event_text) == expected


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="ab <>&;!@#|ltgamp\n"))
def test_what_somebody_typed_survives_the_way_through_slack(typed: str) -> None:
    assert plain_text(escape_mrkdwn(typed)) == typed


def test_our_mention_is_found_with_its_blanks_and_nobody_elses() -> None:
    pattern = mention_of("U0INTHREAD")

    assert pattern.sub(" ", "<@U0INTHREAD> hi <@U0INTHREAD|inthread>, <@U0ALICE>") == " hi , <@U0ALICE>"
    assert not pattern.search("<@U0INTHREAD2> <@XU0INTHREAD> @U0INTHREAD")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="ab<>&\n年🏖️👩\u200d", max_size=80))
def test_the_measure_is_never_less_than_any_spelling_that_is_sent(text: str) -> None:
    sent = all_strings(render(Content(text, Phase.FINAL), "reply"))

    assert all(len(spelling.encode("utf-16-le")) // 2 <= max(1, measured_length(text)) for spelling in sent[:1])
    assert len(escape_markdown(text).encode("utf-16-le")) // 2 <= measured_length(text)
