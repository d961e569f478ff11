"""One question at the terminal, straight to the model."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from bot.conversation.prompt import QuestionTooLong, build_prompt, prompt_budget
from bot.errors import ServiceError
from bot.settings import Settings
from inference.engine import StopSignal
from inference.factory import open_engine, preload

Write = Callable[[str], None]


async def stream_answer(settings: Settings, question: str, write: Write, say: Write) -> None:
    """Write the answer piece by piece; `say` gets a line about progress before and figures after it.

    Raises: InferenceError, ServiceError.
    """
    engine = open_engine(settings.inference, settings.models_dir)
    sampling = settings.inference.sampling()
    try:
        preload(settings.inference)
        await engine.warm_up()
        try:
            messages = await asyncio.to_thread(
                build_prompt,
                settings.answers.system_prompt,
                [],
                question,
                engine.count_tokens,
                prompt_budget(settings.inference.prompt_tokens, sampling.max_new_tokens, engine.limits),
            )
        except QuestionTooLong as error:
            raise ServiceError(f"{error}: ask with less text, or raise [inference] prompt_tokens") from error
        async with aclosing(engine.stream(messages, sampling, StopSignal())) as pieces:
            async for piece in pieces:
                write(piece.text)
                if figures := piece.figures:
                    write("\n")
                    say(
                        f"[{engine.model.id}: {figures.new_tokens} tokens, first after "
                        f"{figures.seconds_to_first_token:.2f} s, {figures.tokens_per_second:.1f} tokens/s]"
                    )
    finally:
        await engine.close()
