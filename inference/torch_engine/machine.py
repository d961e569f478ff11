"""What the engine's thread owns: the loaded model, its cache and scheduler, and the loop that serves replies."""

import contextlib
import queue
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import structlog
import torch

from inference.decoding import TokenChooser
from inference.engine import ChatMessage, EngineLoad, Origin, Sampling, StopReason, StopSignal
from inference.errors import EngineFailed
from inference.loading import with_sampling
from inference.torch_engine.kernels import HEAD_DIMS, Kernels
from inference.torch_engine.kv_cache import KVCache
from inference.torch_engine.load import LoadedDecoder
from inference.torch_engine.lookup import PromptLookup
from inference.torch_engine.prefixes import common_prefix
from inference.torch_engine.reply import Reply
from inference.torch_engine.scheduler import Scheduler
from inference.torch_engine.sequence import Sequence as TokenSequence
from inference.torch_engine.stepping import FEWEST_PROMPT_TOKENS, Stepper

if TYPE_CHECKING:
    from inference.torch_engine.engine import TorchOptions

log = structlog.get_logger(__name__)


class Machine:
    """Made and run in one thread; only what is marked so may be called from others."""

    def __init__(
        self,
        model: LoadedDecoder,
        options: "TorchOptions",
        kernels: Kernels | None,
        clock: Callable[[], float],
    ) -> None:
        self.model = model
        self._options = options
        self._clock = clock
        config = model.decoder.config
        self._cache = KVCache(config, options.cache_bytes, options.cache_type)
        self._scheduler = Scheduler(
            self._cache, most_running=options.max_concurrent, keeps_prefixes=options.keeps_prefixes
        )
        attending = kernels if config.head_dim in HEAD_DIMS else None
        if attending is not kernels:
            log.info("kernel_not_used", reason=f"heads of {config.head_dim} are not built in")
        self._stepper = Stepper(model.decoder, self._cache, self._scheduler, attending, clock)
        self._replies: dict[TokenSequence, Reply] = {}
        self._step_began_at = clock()

    # ── from any thread ──────────────────────────────────────────────────────

    @property
    def cache_capacity_tokens(self) -> int:
        return self._cache.capacity_tokens

    @property
    def load(self) -> EngineLoad:
        scheduler = self._scheduler
        return EngineLoad(
            running=len(scheduler.running),
            waiting=len(scheduler.waiting),
            cache_tokens=scheduler.used_tokens,
            cache_capacity_tokens=self._cache.capacity_tokens,
            preemptions=scheduler.preemptions,
        )

    def read_messages(self, messages: Sequence[ChatMessage]) -> tuple[list[int], int]:
        """The prompt's ids, and how many of them are public: the service's words to every model, and knowledge."""
        prompt_ids = self.model.tokenizer.prompt_ids(messages)
        public = tuple(_public_beginning(messages))
        if not public:
            return prompt_ids, 0
        alone = self._alone(public)
        return prompt_ids, common_prefix(prompt_ids, alone, min(len(prompt_ids), len(alone)))

    def make_reply(
        self,
        prompt_ids: Sequence[int],
        allowed_tokens: int,
        sampling: Sampling,
        stop: StopSignal,
        origin: Origin,
        public_tokens: int,
        taken_at: float,
    ) -> Reply:
        """For the event loop that will wait for it."""
        choice = with_sampling(self.model.choice, sampling)
        is_plain = choice.temperature == 0 and choice.repetition_penalty == 1 and not choice.presence_penalty
        sequence = TokenSequence(
            prompt_ids=list(prompt_ids),
            allowed_tokens=allowed_tokens,
            user=origin.user,
            scope=origin.scope,
            public_tokens=public_tokens,
            choose=None if is_plain else TokenChooser(choice, prompt_ids).choose,
            lookup=PromptLookup() if self._options.speculates else None,
        )
        return Reply(sequence, sampling, stop, taken_at, self.model)

    # ── in the thread ────────────────────────────────────────────────────────

    def serve(self, inbox: "queue.SimpleQueue[Reply | None]") -> None:
        """Until None comes. An exception in a step fails those who took part in it; the others go on."""
        while True:
            while not self._scheduler.has_work or not inbox.empty():
                reply = inbox.get()
                if reply is None:
                    return
                self._replies[reply.sequence] = reply
                self._scheduler.add(reply.sequence)
            self._end_interrupted()
            if self._scheduler.has_work:
                self._step()

    def try_out(self) -> None:
        """The first products of each shape are slow: weights come into memory, kernels are chosen. And how fast prompts
        are read is known before anybody waits for somebody else's."""
        for prompt_tokens in (1, 8, FEWEST_PROMPT_TOKENS):
            sequence = TokenSequence(prompt_ids=[0] * prompt_tokens, allowed_tokens=2)
            self._scheduler.add(sequence)
            while self._scheduler.has_work:
                self._stepper.step(lambda sequence, _token_id: sequence.new_tokens < 2, _raise)
        self._scheduler.forget_prefixes()

    def _step(self) -> None:
        self._step_began_at = self._clock()
        try:
            taking_part = self._stepper.step(self._on_token, self._on_failure)
            assert taking_part, "nobody can be computed: a prompt that fits no cache was let in"
        except Exception as error:  # the thread's border: it must outlive whatever breaks
            log.exception("step_failed", running=len(self._scheduler.running))
            self._fail_running(error)
            return
        for sequence in self._scheduler.running:
            reply = self._replies[sequence]
            reply.steps += 1
            reply.shared_steps += taking_part
            reply.begin(self._step_began_at)

    def _on_token(self, sequence: TokenSequence, token_id: int) -> bool:
        self._replies[sequence].begin(self._step_began_at)
        goes_on = self._replies[sequence].take(token_id, self._clock)
        if not goes_on:
            del self._replies[sequence]
        return goes_on

    def _on_failure(self, sequence: TokenSequence, error: Exception) -> None:
        self._replies.pop(sequence).handover.deliver(_failure(error))

    def _end_interrupted(self) -> None:
        for sequence, reply in list(self._replies.items()):
            if reply.is_interrupted:
                self._scheduler.leave(sequence)
                del self._replies[sequence]
                reply.finish(StopReason.STOPPED, self._clock())

    def _fail_running(self, error: Exception) -> None:
        """Where nobody ran, those who wait cannot be served either."""
        failed = list(self._scheduler.running) or list(self._scheduler.waiting)
        for sequence in self._scheduler.waiting[:] if not self._scheduler.running else ():
            self._scheduler.leave(sequence)
        self._scheduler.drop_all()
        for sequence in failed:
            self._replies.pop(sequence).handover.deliver(_failure(error))

    @lru_cache(maxsize=64)  # noqa: B019 - lives as long as the process
    def _alone(self, messages: tuple[ChatMessage, ...]) -> list[int]:
        return self.model.tokenizer.prompt_ids(messages)


def _public_beginning(messages: Sequence[ChatMessage]) -> Iterator[ChatMessage]:
    """The messages up to the first word that belongs to a conversation."""
    for message in messages:
        length = len(message.content) if message.role == "system" else message.public_characters
        if length:
            yield ChatMessage(message.role, message.content[:length])
        if length < len(message.content):
            return


def set_threads(threads: int) -> None:
    """torch keeps the number of threads for each thread that computes, so that one sets its own."""
    torch.set_num_threads(threads)
    with contextlib.suppress(RuntimeError):  # may be set once in a process, and only before it was used
        torch.set_num_interop_threads(1)


def _failure(cause: Exception) -> EngineFailed:
    failure = EngineFailed(f"generation broke ({type(cause).__name__})")
    failure.__cause__ = cause
    return failure


def _raise(_sequence: TokenSequence, error: Exception) -> None:
    raise error
