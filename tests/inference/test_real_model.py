"""The small model that the project uses, as a user gets it."""

from contextlib import aclosing
from pathlib import Path

import pytest

from inference.engine import ChatMessage, Sampling, StopReason, StopSignal
from inference.factory import open_engine
from inference.settings import InferenceSettings
from tests.real_model import models_dir

__all__ = ["models_dir"]  # a fixture


@pytest.mark.model
async def test_smollm2_knows_a_capital_and_ends_its_reply(models_dir: Path) -> None:
    engine = open_engine(InferenceSettings(), models_dir)
    await engine.warm_up()
    question = [ChatMessage("user", "What is the capital of France?")]
    sampling = Sampling(max_new_tokens=40, temperature=0)
    async with aclosing(engine.stream(question, sampling, StopSignal())) as stream:
        pieces = [piece async for piece in stream]
    await engine.close()
    assert "Paris" in "".join(piece.text for piece in pieces)
    assert len(pieces) > 3
    assert pieces[-1].stop_reason is StopReason.END
    assert engine.limits.context_tokens == 8192
