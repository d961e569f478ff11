"""Which words ask for one's own data, and that each sentence stands in both languages."""

import pytest

from bot.conversation.privacy_phrases import PRIVACY_PHRASES, asks_about_own_data


@pytest.mark.parametrize(
    "text",
    [
        "what do you hold about me?",
        "What data do you keep about me",
        "/faq privacy",
        "privacy",
        "What is kept about me",
        "隐私",
        "你保存了哪些我的数据？",
        "你知道我的什么",
    ],
)
def test_these_ask(text: str) -> None:
    assert asks_about_own_data(text)


@pytest.mark.parametrize(
    "text", ["what is our privacy policy?", "隐私政策在哪里？", "what do you know about leave?", ""]
)
def test_these_are_questions(text: str) -> None:
    assert not asks_about_own_data(text)


def test_every_sentence_stands_in_both_languages_with_the_same_gaps() -> None:
    for texts in PRIVACY_PHRASES.values():
        assert set(texts) == {"en", "zh"}
        assert {part.split("}")[0] for part in texts["en"].split("{")[1:]} == {
            part.split("}")[0] for part in texts["zh"].split("{")[1:]
        }
