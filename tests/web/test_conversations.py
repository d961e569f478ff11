"""What a person does in the browser chat: ask, watch, come back, stop, try again."""

import asyncio
import re
from pathlib import Path

import pytest
from yarl import URL

from tests.web.chat import Person, RunningService, a_person, listening, running_service, web_settings

WHOLE = "Scripted reply to: how much leave?. 1 2 3 4 5"


async def test_an_answer_grows_and_is_whole(data_dir: Path) -> None:
    async with (
        running_service(web_settings(data_dir, pace=20)) as service,
        a_person(service, "Alice") as alice,
        listening(alice),
    ):
        asked = await alice.ask("how much leave?")
        final = await alice.until(lambda frame: frame["phase"] == "final")
        assert final["text"] == WHOLE
        assert (final["thread"], final["reply"]) == (asked["thread"], asked["reply"])
        growing = [frame["text"] for frame in alice.frames if frame["phase"] == "growing"]
        assert growing
        assert all(WHOLE.startswith(text) for text in growing)
        numbers = [frame["number"] for frame in alice.frames[1:]]
        assert numbers == sorted(set(numbers))


async def test_a_reload_shows_what_was_said(alice: Person) -> None:
    asked = await alice.ask("how much leave?")
    [turn] = await alice.answered(asked["thread"])
    assert turn["question"] == "how much leave?"
    assert turn["reply"]["text"] == WHOLE
    assert "Check what matters" in turn["reply"]["note"]


async def test_a_reload_in_the_middle_shows_the_text_so_far(slow_service: RunningService) -> None:
    async with a_person(slow_service, "Alice") as alice, listening(alice):
        asked = await alice.ask("count")
        await alice.until(lambda frame: "count" in frame.get("text", ""))
        [turn] = await alice.turns(asked["thread"])
        assert turn["reply"]["phase"] == "growing"
        assert turn["reply"]["text"].startswith("Scripted reply to: count")
        assert turn["reply"]["can_stop"]


async def test_stop_keeps_what_stands(slow_service: RunningService) -> None:
    async with a_person(slow_service, "Alice") as alice, listening(alice):
        asked = await alice.ask("count")
        await alice.until(lambda frame: "count" in frame.get("text", ""))
        assert await alice.post(f"/web/replies/{asked['reply']}/stop", {}) == (200, {"stopped": True})
        final = await alice.until(lambda frame: frame["phase"] == "final")
        assert final["text"].startswith("Scripted reply to: count")
        assert "Stopped on request." in final["note"]
        [turn] = await alice.turns(asked["thread"])
        assert (turn["reply"]["text"], turn["reply"]["note"]) == (final["text"], final["note"])


async def test_try_again_makes_one_new_reply_to_the_same_question(alice: Person) -> None:
    asked = await alice.ask("how much leave?")
    await alice.answered(asked["thread"])
    nonce = "n" * 16
    again = [await alice.post(f"/web/replies/{asked['reply']}/again", {"nonce": nonce}) for _ in range(2)]
    assert again[0] == again[1]
    assert again[0][0] == 202
    turns = await alice.answered(asked["thread"], replies=2)
    assert [turn["question"] for turn in turns] == ["how much leave?"] * 2
    assert [turn["is_again"] for turn in turns] == [False, True]


async def test_an_open_reply_is_not_tried_again(slow_service: RunningService) -> None:
    async with a_person(slow_service, "Alice") as alice:
        asked = await alice.ask("count")
        status, body = await alice.post(f"/web/replies/{asked['reply']}/again", {"nonce": "n" * 16})
        assert (status, body["error"]) == (409, "still_open")


async def test_a_question_that_is_sent_twice_is_asked_once(alice: Person) -> None:
    answers = await asyncio.gather(*(alice.ask("how much leave?", nonce="a-double-click-0") for _ in range(5)))
    assert all(answer == answers[0] for answer in answers)
    assert len(await alice.answered(answers[0]["thread"])) == 1
    _, listed = await alice.get("/web/threads")
    assert len(listed["threads"]) == 1


async def test_a_repeated_question_names_the_thread_that_has_it(alice: Person) -> None:
    first = await alice.ask("one", nonce="the-first-nonce-1")
    second = await alice.ask("two", nonce="the-second-nonce")
    assert await alice.ask("one", thread=second["thread"], nonce="the-first-nonce-1") == first


async def test_a_follow_up_knows_what_was_said(alice: Person) -> None:
    asked = await alice.ask("first")
    await alice.answered(asked["thread"])
    await alice.ask("second", thread=asked["thread"])
    turns = await alice.answered(asked["thread"], replies=2)
    assert turns[1]["reply"]["text"].endswith("(turn 2)")


async def test_threads_are_listed_newest_first_and_by_pages(alice: Person) -> None:
    threads = [(await alice.ask(f"question {number}"))["thread"] for number in range(43)]
    await alice.answered(threads[-1])
    _, first = await alice.get("/web/threads")
    assert len(first["threads"]) == 40
    assert first["more"]
    _, second = await alice.get(f"/web/threads?before={first['threads'][-1]['thread']}")
    assert not second["more"]
    listed = [thread["thread"] for thread in [*first["threads"], *second["threads"]]]
    assert sorted(listed) == sorted(threads)
    times = [thread["last_at"] for thread in [*first["threads"], *second["threads"]]]
    assert times == sorted(times, reverse=True)


async def test_a_long_thread_is_read_by_pages(alice: Person) -> None:
    thread = (await alice.ask("question 1"))["thread"]
    for number in range(2, 53):
        await alice.answered(thread, replies=min(number - 1, 50))
        await alice.ask(f"question {number}", thread=thread)
    _, newest = await alice.get(f"/web/threads/{thread}")
    assert (newest["turns"][0]["question"], newest["earlier"]) == ("question 3", True)
    _, earlier = await alice.get(f"/web/threads/{thread}?before={newest['turns'][0]['exchange']}")
    assert [turn["question"] for turn in earlier["turns"]] == ["question 1", "question 2"]
    assert not earlier["earlier"]


async def test_a_refusal_comes_as_a_reply(slow_service: RunningService) -> None:
    async with a_person(slow_service, "Alice") as alice:
        asked = [await alice.ask(f"question {number}") for number in range(5)]
        [turn] = await alice.answered(asked[-1]["thread"])
        assert "still at your earlier questions" in turn["reply"]["text"]


@pytest.mark.parametrize("text", ["", " \u200b ", "\x00"])
async def test_nothing_asked_is_answered_too(alice: Person, text: str) -> None:
    [turn] = await alice.answered((await alice.ask(text))["thread"])
    assert turn["reply"]["text"].startswith("I am here.")


@pytest.mark.parametrize(
    "text",
    [
        "[pay](https://evil.example/x)",
        "![](https://evil.example/x.png)",
        "https://evil.example/x and evil.example",
        "<https://evil.example>",
        "[a]: https://evil.example",
        "```\nhttps://in.code\n```\nhttps://evil.example",
    ],
)
async def test_what_is_read_back_is_as_safe_as_what_was_streamed(alice: Person, text: str) -> None:
    async with listening(alice):
        asked = await alice.ask(text)
        final = await alice.final(asked["reply"])
    [turn] = await alice.turns(asked["thread"])
    assert turn["reply"]["text"] == final["text"]
    prose = re.sub(r"`[^`]*`", "", final["text"])
    assert "//evil.example" not in prose


async def test_a_restart_keeps_threads_and_the_person(data_dir: Path) -> None:
    settings = web_settings(data_dir)
    async with running_service(settings) as service, a_person(service, "Alice") as alice:
        asked = await alice.ask("how much leave?")
        await alice.answered(asked["thread"])
        cookies = alice.session.cookie_jar.filter_cookies(URL(service.url))
    async with running_service(settings) as service, a_person(service) as again:
        again.session.cookie_jar.update_cookies(cookies)
        _, known = await again.get("/web/me")
        assert (known["user"], known["name"]) == (alice.user, "Alice")
        [turn] = await again.turns(asked["thread"])
        assert turn["reply"]["text"] == WHOLE
        assert [thread["title"] for thread in (await again.get("/web/threads"))[1]["threads"]] == ["how much leave?"]


async def test_a_restart_in_the_middle_ends_in_one_whole_reply(data_dir: Path) -> None:
    slow = web_settings(data_dir, words=400, pace=100, grace_seconds=0)
    async with running_service(slow) as service, a_person(service, "Alice") as alice, listening(alice):
        asked = await alice.ask("count")
        before = await alice.until(lambda frame: frame["phase"] == "growing")
        service.stop.set()
        goodbye = await alice.until(lambda frame: frame["phase"] == "final")
        assert "Restarting" in goodbye["note"]
        cookies = alice.session.cookie_jar.filter_cookies(URL(service.url))
    quick = web_settings(data_dir, words=400)
    async with running_service(quick) as service, a_person(service) as again:
        again.session.cookie_jar.update_cookies(cookies)
        [turn] = await again.answered(asked["thread"])
        assert turn["reply"]["text"].endswith(" 400")
        assert turn["reply"]["number"] > goodbye["number"] > before["number"]


async def test_draining_lets_answers_finish_and_takes_no_questions(data_dir: Path) -> None:
    settings = web_settings(data_dir, words=100, pace=100)
    async with running_service(settings) as service, a_person(service, "Alice") as alice, listening(alice):
        await alice.ask("count")
        await alice.until(lambda frame: frame["phase"] == "growing")
        service.stop.set()
        await asyncio.sleep(0.1)
        status, body = await alice.post("/web/questions", {"text": "late", "nonce": "n" * 16})
        assert (status, body["error"]) == (503, "not_now")
        assert (await alice.until(lambda frame: frame["phase"] == "final"))["text"].endswith(" 100")
