"""Which events are a person asking, and what they ask."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.messages import ThreadKey
from bot.platforms.slack.events import Identity, Post, parse_post, to_message

US = Identity(user_id="U0BOT", bot_id="B0BOT", team_id="T1")
TS = "1700000000.000100"


def body(**changes: Any) -> dict[str, Any]:
    """An envelope's payload with a message in a channel; a value of None leaves the key out."""
    event = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "ts": TS, "text": "hello"}
    event |= changes
    return {"team_id": "T1", "event": {key: value for key, value in event.items() if value is not None}}


def mention(**changes: Any) -> dict[str, Any]:
    return body(**{"type": "app_mention", "text": "<@U0BOT> how many days?"} | changes)


def parsed(payload: dict[str, Any]) -> Post:
    post = parse_post(payload, US)
    assert post is not None
    return post


def test_a_mention_asks_us() -> None:
    post = parsed(mention())

    assert post.asks_us
    assert to_message(post, US, "thread").text == "how many days?"


def test_both_events_of_one_post_have_one_key() -> None:
    twins = [mention(), mention(type="message")]

    assert len({to_message(parsed(twin), US, "thread").message_key for twin in twins}) == 1
    assert all(parsed(twin).asks_us for twin in twins)


@pytest.mark.parametrize("other", [{"ts": "1700000000.000200"}, {"channel": "C2"}])
def test_other_posts_have_other_keys(other: dict[str, str]) -> None:
    first, second = (to_message(parsed(mention(**changes)), US, "thread") for changes in ({}, other))

    assert first.message_key != second.message_key


def test_workspaces_and_enterprises_are_told_apart() -> None:
    keys = set()
    for team, enterprise in (("T1", None), ("T2", None), ("T1", "E1"), ("T1", "E2")):
        payload = mention() | {"team_id": team, "enterprise_id": enterprise}
        message = to_message(parsed(payload), US, "thread")
        keys.add((message.message_key, message.thread))

    assert len(keys) == 4


def test_the_answer_goes_under_the_post_or_into_its_thread() -> None:
    alone = to_message(parsed(mention()), US, "thread")
    inside = to_message(parsed(mention(thread_ts="1699999999.000001")), US, "thread")

    assert alone.address["thread_ts"] == TS
    assert inside.address["thread_ts"] == "1699999999.000001"
    assert inside.thread == ThreadKey("slack", "T1", "C1", "1699999999.000001")


def test_a_direct_message_asks_without_a_mention() -> None:
    assert parsed(body(channel="D1", channel_type="im")).asks_us
    assert parsed(body(channel="D1", channel_type=None)).asks_us


def test_direct_messages_are_threads_or_one_conversation() -> None:
    post = parsed(body(channel="D1", channel_type="im"))

    assert to_message(post, US, "thread").thread.thread == TS
    conversation = to_message(post, US, "conversation")
    assert conversation.thread.thread == "conversation"
    assert "thread_ts" not in conversation.address


def test_a_thread_in_a_direct_message_stays_a_thread_in_both_modes() -> None:
    post = parsed(body(channel="D1", channel_type="im", thread_ts="1.000001"))

    for mode in ("thread", "conversation"):
        assert to_message(post, US, mode).address["thread_ts"] == "1.000001"


def test_a_message_without_a_mention_only_may_follow_up() -> None:
    post = parsed(body(thread_ts="1.000001"))

    assert not post.asks_us
    assert post.speaks_to is None


@pytest.mark.parametrize("text", ["<@U2> you know this", "  <@U2|bob>: please look"])
def test_who_is_spoken_to_first_is_seen(text: str) -> None:
    assert parsed(body(text=text)).speaks_to == "U2"


def test_a_mention_in_the_middle_speaks_to_nobody_in_particular() -> None:
    assert parsed(body(text="ask <@U2> about it")).speaks_to is None


@pytest.mark.parametrize("subtype", [None, "", "thread_broadcast", "file_share", "me_message"])
def test_writing_in_any_manner_is_writing(subtype: str | None) -> None:
    assert parse_post(mention(subtype=subtype), US) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"subtype": "message_changed", "hidden": True},
        {"subtype": "message_deleted", "hidden": True},
        {"subtype": "channel_join"},
        {"subtype": "channel_leave"},
        {"subtype": "channel_topic"},
        {"subtype": "bot_message", "bot_id": "B2"},
        {"subtype": "reminder_add"},
        {"subtype": "something_new"},
        {"bot_id": "B2"},
        {"bot_profile": {"id": "B2"}},
        {"user": "U0BOT"},
        {"user": "USLACKBOT"},
        {"user": None},
        {"user": ""},
        {"hidden": True},
        {"edited": {"user": "U1", "ts": TS}},
        {"type": "reaction_added"},
        {"type": None},
        {"ts": None},
        {"ts": ""},
        {"channel": None},
    ],
    ids=str,
)
def test_what_no_person_wrote_just_now_is_passed_over(changes: dict[str, Any]) -> None:
    assert parse_post(mention(**changes), US) is None


@pytest.mark.parametrize("payload", [{}, {"event": None}, {"event": []}, {"event": "message"}, {"event": {}}])
def test_a_payload_without_an_event_is_passed_over(payload: dict[str, Any]) -> None:
    assert parse_post(payload, US) is None


def test_a_post_without_text_is_an_empty_question() -> None:
    assert to_message(parsed(mention(text=None)), US, "thread").text == ""
    assert to_message(parsed(mention(text="<@U0BOT>")), US, "thread").text == ""


def test_what_nobody_sees_is_not_asked() -> None:
    hidden = "<@U0BOT> how\u200b many\U000e0041\U000e0042 \u202edays\u0007?"

    assert to_message(parsed(mention(text=hidden)), US, "thread").text == "how many days?"


def test_the_time_of_the_post_is_known() -> None:
    assert to_message(parsed(mention()), US, "thread").sent_at.timestamp() == pytest.approx(1_700_000_000.0001)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
LIKELY = {
    "type": st.sampled_from(["message", "app_mention"]),
    "subtype": st.sampled_from(["", "file_share", "message_changed"]),
    "channel": st.sampled_from(["C1", "D1", "G1", ""]),
    "channel_type": st.sampled_from(["im", "channel", "mpim"]),
    "user": st.sampled_from(["U1", "U0BOT", ""]),
    "ts": st.sampled_from([TS, "", "x", "nan", "inf", "1e400", "-1", "99999999999999999", "1e30"]),
    "thread_ts": st.sampled_from([TS, ""]),
    "text": st.sampled_from(["<@U0BOT> hi", "<@U2> hi", "hi"]),
    "team": st.just("T1"),
    "user_team": st.just("T1"),
    "bot_id": st.just(""),
    "hidden": st.just(False),
}
EVENTS = st.fixed_dictionaries({}, optional={key: likely | JSON for key, likely in LIKELY.items()})
BODIES = st.fixed_dictionaries({"event": EVENTS}, optional={"team_id": st.just("T1") | JSON, "enterprise_id": JSON})


@settings(max_examples=600, deadline=None, derandomize=True)
@given(BODIES, st.sampled_from(["thread", "conversation"]))
def test_whatever_comes_is_a_post_or_nothing(payload: dict[str, Any], dm_mode: str) -> None:
    post = parse_post(payload, US)

    if post is not None:
        message = to_message(post, US, dm_mode)
        assert all(isinstance(value, str) for value in message.address.values())
        assert isinstance(message.thread.thread, str)
        assert message.sent_at.tzinfo is not None
