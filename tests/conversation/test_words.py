"""The service's own sentences, and characters that nobody sees."""

import string
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.characters import strip_invisible
from bot.conversation.phrases import PHRASES, language_of, phrase


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", PHRASES)
def test_every_sentence_is_there_in_every_language_with_the_same_places(key: str) -> None:
    sentences = PHRASES[key]

    assert set(sentences) == {"en", "zh"}
    assert all(sentences.values())
    assert placeholders(sentences["en"]) == placeholders(sentences["zh"])


def test_a_value_that_is_missing_is_our_mistake() -> None:
    assert phrase("waiting", "en", position=3) == "Busy right now: you are number 3 in line."
    with pytest.raises(KeyError):
        phrase("waiting", "en")
    with pytest.raises(KeyError):
        phrase("no such sentence", "en")


@pytest.mark.parametrize(
    ("text", "setting", "language"),
    [
        ("How many days?", "auto", "en"),
        ("年假有几天？", "auto", "zh"),
        ("How do I 请假?", "auto", "zh"),
        ("", "auto", "en"),
        ("Wie viele Tage? Ça va?", "auto", "en"),
        ("年假有几天？", "en", "en"),
        ("How many days?", "zh", "zh"),
    ],
)
def test_the_language_is_that_of_the_question_unless_it_is_set(text: str, setting: str, language: str) -> None:
    assert language_of(text, setting) == language


@pytest.mark.parametrize(
    "hidden",
    [
        "\u200b",
        "\u2060",
        "\ufeff",
        "\u00ad",
        "\u202e",
        "\u2066",
        "\U000e0041",
        "\x00",
        "\x1b",
        "\x7f",
        "\u3164",
        "\ud800",
    ],
)
def test_what_nobody_sees_is_taken_out(hidden: str) -> None:
    assert strip_invisible(f"be{hidden}fore") == "before"


@pytest.mark.parametrize(
    "text", ["👩‍👩‍👧 ❤️ 🇳🇱 👍🏽", "é e\u0301 कि", "年假，您好！", "tab\tand\nline", "“quotes” – …", "한국어"]
)
def test_what_a_person_sees_stays(text: str) -> None:
    assert strip_invisible(text) == text


def test_every_end_of_a_line_is_one_character() -> None:
    assert strip_invisible("a\r\nb\rc\nd") == "a\nb\nc\nd"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text())
def test_nothing_of_the_hidden_kinds_is_left(text: str) -> None:
    stripped = strip_invisible(text)

    kinds = {unicodedata.category(character) for character in stripped if character not in "\t\n\u200d"}
    assert "Cc" not in kinds
    assert "Cs" not in kinds
    assert strip_invisible(stripped) == stripped
