"""A long reply is cut where a reader would cut it, and nothing is lost, torn or brought to life."""

import random
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.safe_markdown import safe_markdown
from bot.delivery.splitting import split_text
from bot.platforms.slack.dialect import measured_length
from tests.delivery.oracle import ALLOWED, live_parts

PROSE = "One sentence here. Another one! And a third? Yes, so it is, 还有中文。再来一句，好。"
WORDS = st.lists(
    st.sampled_from(
        [
            "word",
            "a",
            "sentence. ",
            "\n",
            "\n\n",
            " ",
            "`some code`",
            "**b**",
            "- item\n",
            "年假",
            "。",
            "，",
            "👩‍👩‍👧",
            "é",
            "<&>",
        ]
    ),
    max_size=120,
).map("".join)
FENCED = st.lists(
    st.one_of(
        WORDS, st.sampled_from(["```python\nprint(1)\n\nprint(2)\n```\n", "```\n" + "line of code\n" * 12 + "```\n"])
    ),
    max_size=4,
).map("\n".join)


def without_blanks(text: str) -> str:
    return re.sub(r"\s", "", text)


def words_in(parts: list[str]) -> str:
    """All text but what splitting may add or drop: blanks, and the marks of code that it closes and opens again."""
    return re.sub(r"[\s`]", "", re.sub(r"(?m)^```.*$", "", "\n".join(parts)))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(FENCED, st.integers(60, 400))
def test_every_part_fits_as_the_platform_measures_it(text: str, limit: int) -> None:
    parts = split_text(safe_markdown(text), limit, measured_length)

    assert max(map(measured_length, parts)) <= limit


@settings(max_examples=200, deadline=None, derandomize=True)
@given(FENCED, st.integers(60, 400))
def test_the_parts_together_say_everything_in_order(text: str, limit: int) -> None:
    safe = safe_markdown(text)

    assert words_in(split_text(safe, limit, measured_length)) == words_in([safe])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(FENCED, st.integers(60, 400))
def test_code_is_closed_at_the_end_of_every_part(text: str, limit: int) -> None:
    for part in split_text(safe_markdown(text), limit, measured_length):
        assert len(re.findall(r"(?m)^```", part)) % 2 == 0
        outside = re.sub(r"(?ms)^```.*?^```", "", part)
        assert all(line.count("`") % 2 == 0 for line in outside.split("\n"))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(FENCED, st.integers(60, 200), st.randoms(use_true_random=False))
def test_parts_that_stand_keep_their_text_while_the_reply_grows(text: str, limit: int, rng: random.Random) -> None:
    settled: list[str] = []
    for end in sorted(rng.sample(range(len(text) + 1), min(8, len(text) + 1))):
        parts = split_text(safe_markdown(text[:end] + " and so on"), limit, measured_length)
        later = split_text(safe_markdown(text[:end] + " and so on and on"), limit, measured_length)
        settled = parts[:-1]
        assert later[: len(settled)] == settled


@pytest.mark.parametrize("cluster", ["👩‍👩‍👧‍👦", "🇳🇱", "🏳️‍🌈", "👍🏽", "e\u0301\u0323", "कि", "1️⃣", "각"])
@pytest.mark.parametrize("limit", range(60, 76))
def test_no_character_is_torn(cluster: str, limit: int) -> None:
    for before in ("", "x"):
        parts = split_text(before + cluster * 60, limit, measured_length)

        assert "".join(parts) == before + cluster * 60
        assert all(part.removeprefix(before).replace(cluster, "") == "" for part in parts)


def test_a_heap_of_marks_on_one_letter_still_ends() -> None:
    zalgo = "a" + "\u0301" * 500

    assert "".join(split_text(zalgo, 60, measured_length)) == zalgo


def test_short_text_is_one_part() -> None:
    assert split_text("short", 100, len) == ["short"]
    assert split_text("", 100, len) == [""]


def test_paragraphs_are_better_places_than_lines_and_lines_than_words() -> None:
    assert split_text("a b c\nd e f g\n\nh i j k l m n o p", 24, len)[0] == "a b c\nd e f g"
    assert split_text("a b c d\ne f g h i j k l m n o p q r", 24, len)[0].startswith("a b c d")
    assert split_text("One is. Two is. Three goes on", 24, len)[0] == "One is. Two is."
    assert split_text("一是。二是。三还没完呢继续写下去写下去写", 14, len)[0] == "一是。二是。"


def test_a_fence_longer_than_a_message_is_closed_and_opened_again() -> None:
    code = "\n".join(f"line {number}" for number in range(20))

    first, second, *_ = split_text(f"```python\n{code}\n```", 80, len)

    assert first.startswith("```python\nline 0")
    assert first.endswith("\n```")
    assert second.startswith("```python\nline ")


def test_a_fence_that_fits_into_the_next_message_is_not_cut() -> None:
    code = "```\nshort\ncode\n```"

    assert split_text(f"{'words ' * 12}\n{code}\nend", 80, len)[1].startswith(code)


def test_a_code_span_longer_than_a_message_is_closed_and_opened_again() -> None:
    parts = split_text(f"See `{'x' * 300}` there", 100, len)

    assert all(part.count("`") % 2 == 0 for part in parts)
    assert without_blanks("".join(parts)).replace("`", "") == f"See{'x' * 300}there"


@pytest.mark.parametrize("info", ["a" * 500, "python " * 100, "c++" * 50])
def test_a_fence_line_longer_than_a_message_comes_to_an_end(info: str) -> None:
    parts = split_text(safe_markdown(f"```{info}\ncode\n```"), 100, len)
    assert max(map(len, parts)) <= 100

    raw = split_text(f"```{'a' * 500}\n" + "code\n" * 50 + "```", 100, len)
    assert len(raw) < 60


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.com/" + "a" * 900 + " https://evil.com",
        "https://evil.com/" + "a/" * 400,
        "x " * 40 + "https://evil.com/?d=" + "secret" * 100,
        "`code` " * 20 + "[label](https://evil.com/" + "b" * 500 + ")",
        ("see www.evil.com/" + "z" * 90 + " ") * 9,
        f"[wiki](https://{ALLOWED}/" + "p" * 1_400 + ") evil.com",
        "`" + "evil.com " * 100 + "`",
        "a" * 95 + "`evil.com` " * 20,
        "```\n" + "https://evil.com\n" * 40 + "```\n[x](https://evil.com)",
    ],
)
@pytest.mark.parametrize("limit", [60, 97, 100, 128])
def test_cutting_brings_no_link_to_life(text: str, limit: int) -> None:
    for part in split_text(safe_markdown(text, [ALLOWED]), limit, measured_length):
        assert live_parts(part) == [], part


def test_an_address_of_a_listed_host_is_never_cut() -> None:
    address = f"https://{ALLOWED}/{'p' * 900}/evil.com"
    for before in range(3_000, 3_100, 7):
        parts = split_text(safe_markdown(f"{'x' * before}({address})", [ALLOWED]), 3_900, measured_length)

        assert any(address in part for part in parts)
        assert [live for part in parts for live in live_parts(part)] == []


def test_cutting_a_long_reply_looks_at_each_character_a_few_times_only() -> None:
    """It runs on the event loop at every edit."""
    measured = 0

    def length_of(text: str) -> int:
        nonlocal measured
        measured += len(text)
        return len(text)

    split_text(PROSE * 1_000, 3_900, length_of)  # 50,000 characters, 14 messages

    assert measured < 60 * 50_000


def test_normal_form_does_not_matter() -> None:
    composed = unicodedata.normalize("NFC", "é" * 100)
    decomposed = unicodedata.normalize("NFD", "é" * 100)

    assert "".join(split_text(composed, 60, len)) == composed
    assert "".join(split_text(decomposed, 60, len)) == decomposed
