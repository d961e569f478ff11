"""One reply between the thread that computes and whoever waits for it: from tokens to pieces of text."""

from collections.abc import Callable
from dataclasses import dataclass, field

from inference.engine import Figures, Piece, Sampling, StopReason, StopSignal
from inference.handover import Handover
from inference.text import StopStrings, TextStream
from inference.torch_engine.load import LoadedDecoder
from inference.torch_engine.repetition import goes_in_circles
from inference.torch_engine.sequence import Sequence

REPETITION_EVERY = 16  # tokens between two looks


@dataclass(eq=False)
class Reply:
    """`taken_at`: when it was asked for, on the engine's clock, in seconds."""

    sequence: Sequence
    sampling: Sampling
    stop: StopSignal
    taken_at: float
    model: LoadedDecoder
    handover: Handover = field(default_factory=Handover)
    began_at: float | None = None
    first_at: float | None = None
    steps: int = 0
    shared_steps: int = 0  # the sum of how many replies took part in each

    def __post_init__(self) -> None:
        self._text = TextStream(self.model.tokenizer.decode)
        self._stops = StopStrings(self.sampling.stop)

    @property
    def is_interrupted(self) -> bool:
        return self.stop.is_set() or self.handover.abandoned.is_set()

    def begin(self, now: float) -> None:
        """Its prompt is being read."""
        if self.began_at is None:
            self.began_at = now

    def take(self, token_id: int, clock: Callable[[], float]) -> bool:
        """The next token; False when the reply has ended with it."""
        if self.first_at is None:
            self.first_at = clock()
        tokenizer = self.model.tokenizer
        reason = None
        if token_id in self.model.eos_ids:
            reason = StopReason.END
        elif not tokenizer.is_special(token_id) and (shown := self._stops.add(self._text.add(token_id))):
            self.handover.deliver(Piece(shown))
        if reason is None:
            reason = self._reason_to_end()
        if reason is not None:
            self.finish(reason, clock())
        return reason is None

    def finish(self, reason: StopReason, now: float) -> None:
        rest = self._stops.add(self._text.finish())
        if self._stops.found and reason is not StopReason.STOPPED:
            reason = StopReason.STOP_STRING
        self.handover.deliver(Piece(rest + self._stops.finish(), reason, self._figures(now)))

    def _reason_to_end(self) -> StopReason | None:
        new_tokens = self.sequence.new_tokens
        if self._stops.found:
            return StopReason.STOP_STRING
        if new_tokens >= self.sequence.allowed_tokens:
            return StopReason.LENGTH
        if new_tokens % REPETITION_EVERY == 0 and goes_in_circles(self.sequence.token_ids[-new_tokens:]):
            return StopReason.REPETITION
        return None

    def _figures(self, now: float) -> Figures:
        """The token that ends a reply is counted: it had to be computed like any other."""
        sequence, lookup = self.sequence, self.sequence.lookup
        return Figures(
            prompt_tokens=len(sequence.prompt_ids),
            new_tokens=sequence.new_tokens,
            seconds_to_first_token=(now if self.first_at is None else self.first_at) - self.taken_at,
            seconds=now - self.taken_at,
            queue_seconds=(now if self.began_at is None else self.began_at) - self.taken_at,
            cached_tokens=sequence.cached_tokens,
            drafted_tokens=lookup.drafted if lookup is not None else 0,
            accepted_tokens=lookup.accepted if lookup is not None else 0,
            batch_size=self.shared_steps / self.steps if self.steps else 1.0,
        )
