"""Every figure in a text with what it counts, however it is written."""

import pytest

from bot.conversation.knowledge.grounding.addresses import find_addresses
from bot.conversation.knowledge.grounding.figures import find_figures
from bot.conversation.knowledge.grounding.plain import plain
from bot.conversation.knowledge.grounding.sentences import split_sentences
from bot.conversation.knowledge.grounding.statements import state


def figures(text: str) -> set[tuple[str, str]]:
    return {(figure.value, figure.unit) for figure in find_figures(plain(text))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20 days a year (1.67 days a month)", {("20", "day"), ("1.67", "day")}),
        ("up to 5 unused vacation days", {("5", "day")}),
        ("at least 10 working days, 3 business days", {("10", "working day"), ("3", "working day")}),
        ("a 5-day trip, 10–15 days", {("5", "day"), ("10", ""), ("15", "day")}),
        ("$1,000.50, €20, 30 euros, 20%", {("1000.5", "usd"), ("20", "eur"), ("30", "eur"), ("20", "percent")}),
        ("by 31 March, March 1st, May 5", {("31", "of mar"), ("1", "of mar"), ("5", "of may")}),
        ("from 9:30 am to 5 pm", {("9:30", "am"), ("5", "pm")}),
        ("1,000 and 1000 and 1000.0", {("1000", "")}),
        ("on 2026-03-31", {("2026", ""), ("3", ""), ("31", "")}),
        ("call 555-0199", {("555", ""), ("199", "")}),
        ("W2, Q3, B12", {("2", ""), ("3", ""), ("12", "")}),
        ("no figures here, one of these, the first step, a second look", set()),
    ],
)
def test_in_english(text: str, expected: set[tuple[str, str]]) -> None:
    assert figures(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("每年20天，提前10个工作日", {("20", "day"), ("10", "working day")}),
        ("二十五天，三个月，两周，半天", {("25", "day"), ("3", "month"), ("2", "week"), ("0.5", "day")}),
        ("百分之二十，20%", {("20", "percent")}),
        ("3月31日前，二〇二六年", {("3", "calendar month"), ("31", "of month"), ("2026", "year")}),
        ("1.5万元，三千元", {("15000", "cny"), ("3000", "cny")}),
        ("一天，第三天，十分钟", {("1", "day"), ("3", "day"), ("10", "minute")}),
        ("廿五天", {("25", "day")}),
        ("一般情况，统一安排，十分重要，一些同事，万一", set()),
    ],
)
def test_in_chinese(text: str, expected: set[tuple[str, str]]) -> None:
    assert figures(text) == expected


DISGUISES = """25 days|２５ days|2**5** days|2_5_ days|`25` days|&#50;5 days|&amp;#50;5 days|2\u200b5 days|2\\5 days
twenty-five days|twenty five days|Twenty  five days|twenty\tfive days|٢٥ days|2\ufe0f\u20e35 days"""


@pytest.mark.parametrize("text", [text for line in DISGUISES.split("\n") for text in line.split("|")])
def test_in_disguise(text: str) -> None:
    assert figures(text) == {("25", "day")}


@pytest.mark.parametrize("text", ["a dozen days", "twelve days", "12 days", "a  dozen  days"])
def test_in_words(text: str) -> None:
    assert figures(text) == {("12", "day")}


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("20 days", True),
        ("20", True),
        ("3%", True),
        ("5 days", False),
        ("20%", False),
        ("21 days", False),
        ("21", False),
    ],
)
def test_a_figure_is_there_when_it_counts_the_same(text: str, is_there: bool) -> None:
    passage = state("20 days a year, 5 weeks of notice, 3%")
    assert passage.lacks_figure_of(state(text)) is not is_there


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://acme.test/x?a=1&b=2.", {"https://acme.test/x?a=1&b=2"}),
        ("write to leave@acme.test, please", {"leave@acme.test"}),
        ("写信给leave@acme.test即可", {"leave@acme.test"}),
        ("acme.test or www.acme.test/hr", {"acme.test", "www.acme.test/hr"}),
        ("ACME．test and acme。test", {"acme.test"}),
        ("ac\u200bme.test", {"acme.test"}),
        ("ask @dana in #people-ops or <@U0DANA>", {"@dana", "#people-ops", "<@u0dana>"}),
        ("javascript:alert(1) mailto:x@y.test", {"mailto:x@y.test"}),
        ("пример.рф", {"пример.рф"}),
        ("Open Workday. Then choose Time Off, e.g. today.", set()),
        ("1.67 days, 9:30, and/or", set()),
    ],
)
def test_whatever_leads_somewhere_is_an_address(text: str, expected: set[str]) -> None:
    assert find_addresses(plain(text)) == expected


@pytest.mark.parametrize(
    ("text", "sentences", "rest"),
    [
        ("One two. Three", ["One two."], " Three"),
        ("It is 1.67 days at acme.test now! And?", ["It is 1.67 days at acme.test now!"], " And?"),
        ("第一句。第二句！第三", ["第一句。", "第二句！"], "第三"),
        ("1. Open it.\n2. Close it.\n", ["1. Open it.", "\n", "2. Close it.", "\n"], ""),
        ("Ask, e.g. Dana, approx. 5 days. Yes.", ["Ask, e.g. Dana, approx. 5 days."], " Yes."),
        ("A line\nAnother", ["A line\n"], "Another"),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, sentences: list[str], rest: str) -> None:
    assert split_sentences(text) == (sentences, rest)
    assert "".join([*sentences, rest]) == text
