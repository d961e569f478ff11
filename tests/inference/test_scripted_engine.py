"""The scripted engine's text is a contract with load and fault tests; these tests hold it to the letter."""

import asyncio
from contextlib import aclosing

import pytest

from inference.engine import ChatMessage, Piece, Sampling, StopReason, StopSignal
from inference.errors import EngineBusy, EngineFailed
from inference.scripted import ScriptedEngine
from inference.settings import ScriptedSettings

NUMBERS = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"


class FakeTime:
    """A clock that moves only when somebody sleeps, and still lets the loop turn."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def engine_at(time: FakeTime, **settings: float) -> ScriptedEngine:
    return ScriptedEngine(ScriptedSettings(**settings), clock=time.clock, sleep=time.sleep)


def ask(*questions: str) -> list[ChatMessage]:
    """The prompt of a thread in which each question but the last was answered."""
    messages = [ChatMessage("system", "You help.")]
    for question in questions[:-1]:
        messages += [ChatMessage("user", question), ChatMessage("assistant", "So it is.")]
    return [*messages, ChatMessage("user", questions[-1])]


async def reply(engine: ScriptedEngine, messages: list[ChatMessage], sampling: Sampling = Sampling()) -> list[Piece]:  # noqa: B008
    async with aclosing(engine.stream(messages, sampling, StopSignal())) as pieces:
        return [piece async for piece in pieces]


def text_of(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("questions", "expected"),
    [
        (["hello"], f"Scripted reply to: hello. {NUMBERS}"),
        (["hello", "and now?"], f"Scripted reply to: and now?. {NUMBERS} (turn 2)"),
        (["a", "b", "c"], f"Scripted reply to: c. {NUMBERS} (turn 3)"),
        (["  how\n\n many\tdays\u3000off? "], f"Scripted reply to: how many days off?. {NUMBERS}"),
        (["x" * 250], f"Scripted reply to: {'x' * 200}. {NUMBERS}"),
        (["年假有几天?"], f"Scripted reply to: 年假有几天?. {NUMBERS}"),
        ([""], f"Scripted reply to: . {NUMBERS}"),
    ],
)
async def test_text_is_the_contract(questions: list[str], expected: str) -> None:
    pieces = await reply(engine_at(FakeTime()), ask(*questions))
    assert text_of(pieces) == expected
    assert pieces[-1].stop_reason is StopReason.END
    assert all(piece.stop_reason is None and piece.figures is None for piece in pieces[:-1])


async def test_one_word_a_piece_at_the_pace_that_was_set() -> None:
    pieces = await reply(engine_at(FakeTime(), words=2, words_per_second=4), ask("hi"))
    assert [piece.text for piece in pieces] == ["Scripted", " reply", " to:", " hi.", " 1", " 2", ""]
    figures = pieces[-1].figures
    assert figures is not None
    assert (figures.prompt_tokens, figures.new_tokens) == (2, 6)
    assert (figures.seconds_to_first_token, figures.seconds, figures.tokens_per_second) == (0.25, 1.5, 4.0)


async def test_as_fast_as_possible_still_lets_others_run() -> None:
    time = FakeTime()
    replies = [reply(engine_at(time, words_per_second=0), ask(str(number))) for number in range(3)]
    assert [text_of(pieces)[:20] for pieces in await asyncio.gather(*replies)] == [
        f"Scripted reply to: {number}" for number in range(3)
    ]
    assert time.now == 100.0


async def test_no_length_limit_shortens_the_contract() -> None:
    pieces = await reply(engine_at(FakeTime()), ask("hi"), Sampling(max_new_tokens=5))
    assert text_of(pieces).startswith("Scripted reply to: hi. 1 2 3")
    assert pieces[-1].stop_reason is StopReason.END


async def test_stop_takes_effect_within_one_word() -> None:
    stop, pieces = StopSignal(), []
    async with aclosing(engine_at(FakeTime()).stream(ask("hi"), Sampling(), stop)) as stream:
        async for piece in stream:
            pieces.append(piece)
            if piece.text == " to:":
                stop.set()
    assert text_of(pieces) == "Scripted reply to:"
    assert pieces[-1].stop_reason is StopReason.STOPPED


async def test_busy_beyond_the_limit_and_an_abandoned_reply_gives_its_place_back() -> None:
    engine = engine_at(FakeTime(), max_concurrent=1)
    async with aclosing(engine.stream(ask("one"), Sampling(), StopSignal())) as first:
        await anext(first)
        with pytest.raises(EngineBusy):
            await reply(engine, ask("two"))
    assert (await reply(engine, ask("three")))[-1].stop_reason is StopReason.END


async def test_close_fails_what_is_under_way_and_what_comes_later() -> None:
    engine = engine_at(FakeTime())
    async with aclosing(engine.stream(ask("hi"), Sampling(), StopSignal())) as stream:
        await anext(stream)
        await engine.close()
        with pytest.raises(EngineFailed):
            await anext(stream)
    with pytest.raises(EngineFailed):
        await reply(engine, ask("hi"))
