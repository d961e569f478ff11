"""Words of the full-text index."""

import pytest

from storage.knowledge.words import fold, text_hash, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("How do I park?", ["how", "do", "i", "park"]),
        ("年假", ["年", "假", "年假"]),
        ("VPN连不上", ["vpn", "连", "不", "上", "连不", "不上"]),
        ("ＶＰＮ　１２", ["vpn", "12"]),  # full width
        ("I'd 3.5 e-mail", ["i", "d", "3", "5", "e", "mail"]),
        ("有给休暇は", ["有", "给", "休", "暇", "は", "有给", "给休", "休暇", "暇は"]),
        ("", []),
        ("?!…", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_nobody_means_width_case_and_spaces() -> None:
    assert fold(" Where\n do ＢＩＫＥＳ go ") == "where do bikes go"
    assert text_hash("a") != text_hash("A")
    assert text_hash("\ud800") != text_hash("\ud801")  # not even half a character is an error
