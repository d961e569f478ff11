"""Which questions are nobody else's business."""

import pytest

from bot.conversation.topics import TOPICS, Topics

OURS = Topics(TOPICS)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("my manager is harassing me", "harassment"),
        ("I am being BULLIED at work", "harassment"),
        ("Who do I tell about discrimination?", "harassment"),
        ("i think i have burnout, what now", "health"),
        ("I’m pregnant, whom do I tell?", "health"),
        ("how do I ask for a raise?", "own pay"),
        ("why is my   salary lower", "own pay"),
        ("my sal\u200bary", "own pay"),
        ("ｍｙ　ｓａｌａｒｙ", "own pay"),
        ("我被同事骚扰了怎么办？", "harassment"),
        ("我怀孕了，产假怎么休？", "health"),
        ("怎么跟老板提加薪", "own pay"),
    ],
)
def test_by_their_words_in_both_languages(text: str, topic: str) -> None:
    assert OURS.find(text) == topic


@pytest.mark.parametrize(
    "text",
    [
        "how many days of sick leave do I have?",
        "when are salaries paid?",
        "does the health insurance cover glasses?",
        "is the canteen open? it embarrassed me to ask",
        "how do I praise a colleague?",
        "病假工资怎么算？",
        "工资什么时候发？",
        "怎么申请年假？",
        "question 12",
        "",
    ],
)
def test_everybodys_questions_are_not_among_them(text: str) -> None:
    assert OURS.find(text) is None


def test_words_are_the_companys_to_choose() -> None:
    topics = Topics({"union": ("works council", "union*", "工会"), "nothing": ()})
    assert topics.find("May I join a union?") == "union"
    assert topics.find("The Unions' day") == "union"
    assert topics.find("reunion dinner") is None
    assert topics.find("the works  council") == "union"
    assert topics.find("工会活动") == "union"
    assert Topics({}).find("my salary") is None
