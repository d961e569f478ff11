"""Models are exchanged while people read: no reply is dropped, mixed or left without its end."""

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from inference.canary import PROMPTS, CanaryFailed, CanarySet, find_text_fault, try_out
from inference.engine import (
    ChatMessage,
    Sampling,
    StopReason,
    StopSignal,
)
from inference.errors import EngineFailed, ModelUnusable
from inference.models import locate_model
from inference.switching import SwitchableEngine
from inference.torch_engine.engine import TorchEngine, TorchOptions
from tests.clock import settle
from tests.inference.speaker import Speaker, free

ASK = [ChatMessage("user", "hello")]


async def read(engine: SwitchableEngine) -> str:
    async with aclosing(engine.stream(ASK, Sampling(), StopSignal())) as pieces:
        return "".join([piece.text async for piece in pieces])


async def test_replies_under_way_end_on_the_old_model_and_new_ones_begin_on_the_new() -> None:
    old, new = Speaker("old"), free("newer")
    engine = SwitchableEngine(old)
    begun = [asyncio.create_task(read(engine)) for _ in range(3)]
    await settle()
    switching = asyncio.create_task(engine.switch(new))
    await settle()

    assert await read(engine) == "newer again"
    assert not old.is_closed
    old.go.set()
    assert await asyncio.gather(*begun) == ["old again"] * 3
    await switching
    assert (old.is_closed, new.is_closed) == (True, False)


async def test_a_switch_at_any_moment_drops_nobody() -> None:
    engines = [free(f"model {number}") for number in range(20)]
    engine = SwitchableEngine(engines[0])

    async def ask_often() -> list[str]:
        replies = []
        for _ in range(60):
            replies.append(await read(engine))
            await asyncio.sleep(0)
        return replies

    readers = [asyncio.create_task(ask_often()) for _ in range(8)]
    for new in engines[1:]:
        for _ in range(3):
            await asyncio.sleep(0)
        await engine.switch(new)
    replies = [reply for texts in await asyncio.gather(*readers) for reply in texts]

    assert len(replies) == 8 * 60
    assert set(replies) <= {f"{speaker.name} again" for speaker in engines}
    assert [speaker.is_closed for speaker in engines] == [True] * 19 + [False]


async def test_what_is_asked_of_the_engine_follows_the_current_one() -> None:
    old, new = free("old"), free("newer")
    engine = SwitchableEngine(old)
    before = (engine.limits, engine.model.id, engine.count_tokens(ASK))
    await engine.switch(new)

    assert before == (old.limits, "old", 3)
    assert (engine.limits, engine.model.id, engine.count_tokens(ASK)) == (new.limits, "newer", 5)
    assert engine.load == new.load


async def test_the_record_names_the_model_that_wrote_the_reply() -> None:
    old, new = Speaker("old"), free("newer")
    engine = SwitchableEngine(old)

    async def read_and_record() -> tuple[str, str]:
        return await read(engine), engine.model.id

    begun = asyncio.create_task(read_and_record())
    await settle()
    switching = asyncio.create_task(engine.switch(new))
    await settle()
    old.go.set()

    assert await begun == ("old again", "old")
    assert await asyncio.create_task(read_and_record()) == ("newer again", "newer")
    assert engine.model.id == "newer"
    await switching


async def test_counting_on_an_engine_that_was_just_closed_asks_the_new_one() -> None:
    old, new = free("old"), free("newer")
    engine = SwitchableEngine(old)

    class LateCounter(Speaker):
        def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
            engine._current = type(engine._current)(new)  # the switch happens now
            raise EngineFailed("closed")

    engine._current = type(engine._current)(LateCounter("late"))
    assert engine.count_tokens(ASK) == 5
    new.is_closed = True
    with pytest.raises(EngineFailed):
        engine.count_tokens(ASK)


async def test_an_abandoned_reply_holds_up_no_switch() -> None:
    old = Speaker("old")
    engine = SwitchableEngine(old)
    pieces = engine.stream(ASK, Sampling(), StopSignal())
    await anext(pieces)
    switching = asyncio.create_task(engine.switch(free("newer")))
    await settle()
    assert not switching.done()
    await pieces.aclose()
    await switching

    assert old.is_closed


async def test_alone_the_old_model_is_gone_before_the_new_one_is_opened() -> None:
    old, new = Speaker("old"), free("newer")
    engine = SwitchableEngine(old)
    begun = asyncio.create_task(read(engine))
    await settle()

    async def open_new() -> Speaker:
        assert old.is_closed
        return new

    switching = asyncio.create_task(engine.switch_alone(open_new, open_new))
    await settle()
    assert not old.is_closed
    old.go.set()
    await switching

    assert await begun == "old again"
    assert await read(engine) == "newer again"


async def test_alone_a_model_that_fails_brings_the_old_one_back() -> None:
    again = free("old once more")
    engine = SwitchableEngine(free("old"))

    async def fail() -> Speaker:
        raise ModelUnusable("no good")

    async def reopen() -> Speaker:
        return again

    with pytest.raises(ModelUnusable, match="no good"):
        await engine.switch_alone(fail, reopen)
    assert await read(engine) == "old once more again"


async def test_closing_in_the_middle_of_a_switch_closes_both() -> None:
    old, new = Speaker("old"), free("newer")
    engine = SwitchableEngine(old)
    begun = asyncio.create_task(read(engine))
    await settle()
    switching = asyncio.create_task(engine.switch(new))
    await settle()
    await engine.close()
    old.go.set()

    with pytest.raises(EngineFailed):
        await begun
    assert (old.is_closed, new.is_closed) == (True, True)
    await switching


async def test_real_models_are_exchanged_under_a_reply(tiny_folder: Path, tiny_qwen: Path, tmp_path: Path) -> None:
    folders = [Path(shutil.copytree(folder, tmp_path / folder.name)) for folder in (tiny_folder, tiny_qwen)]
    options = TorchOptions(precision="float32", threads=1, max_concurrent=2, cache_bytes=1 << 24)
    old, new = (TorchEngine(locate_model(str(folder), folder), options) for folder in folders)
    engine = SwitchableEngine(old)
    await engine.warm_up()
    pieces = engine.stream(ASK, Sampling(max_new_tokens=200, temperature=0), StopSignal())
    text = (await anext(pieces)).text
    await new.warm_up()
    switching = asyncio.create_task(engine.switch(new))
    async with aclosing(engine.stream(ASK, Sampling(max_new_tokens=20), StopSignal())) as others:
        reasons = [piece.stop_reason async for piece in others]
    last = [piece async for piece in pieces][-1]
    await switching

    assert last.stop_reason is not None
    assert last.figures is not None
    assert reasons[-1] is not None
    assert text is not None
    with pytest.raises(EngineFailed):
        old.count_tokens(ASK)
    await engine.close()


# ── the canary set ───────────────────────────────────────────────────────────


async def test_a_model_that_answers_passes() -> None:
    assert await try_out(free("sound", "A sensible reply."), CanarySet(), Sampling()) == len(PROMPTS)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no words"),
        (" \n…!", "no words"),
        ("Hello.<|im_end|>", "control token"),
        ("[INST] Hello", "control token"),
        ("H\ufffd\ufffdllo", "cannot be read"),
        ("!!!!!! hello " * 30, "in circles"),
        ("年假" * 100, "in circles"),
    ],
)
async def test_a_model_that_is_broken_does_not(text: str, fault: str) -> None:
    with pytest.raises(CanaryFailed, match=fault):
        await try_out(free("broken", text), CanarySet(("Hello?",)), Sampling())


async def test_a_model_that_is_too_slow_does_not() -> None:
    with pytest.raises(CanaryFailed, match=r"within 0\.01 s"):
        await try_out(Speaker("slow"), CanarySet(("Hello?",), seconds=0.01), Sampling())


async def test_a_model_that_raises_does_not() -> None:
    broken = free("broken")
    await broken.close()
    with pytest.raises(CanaryFailed, match="no reply: closed"):
        await try_out(broken, CanarySet(("Hello?",)), Sampling())


def test_the_engines_own_verdict_counts() -> None:
    assert find_text_fault("So it is.", StopReason.REPETITION) == "the reply goes in circles"
    assert find_text_fault("So it is, 当然。", StopReason.LENGTH) is None
