"""One reply, from messages to pieces of text with figures. Runs where the model runs; knows no threads."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from inference.decoding import TokenChooser, decode_tokens
from inference.engine import ChatMessage, Figures, Piece, Sampling, StopReason
from inference.errors import ContextOverflow
from inference.loading import LoadedModel, with_sampling
from inference.text import StopStrings, TextStream


@dataclass
class Meter:
    """Counts and times one reply. `taken` is when the request came in, on the same clock, in seconds."""

    clock: Callable[[], float]
    taken: float
    new_tokens: int = 0
    first_at: float | None = field(default=None)

    def count_token(self) -> None:
        self.new_tokens += 1
        if self.first_at is None:
            self.first_at = self.clock()

    def figures(self, prompt_tokens: int) -> Figures:
        """The token that ends a reply is counted: it had to be computed like any other."""
        now = self.clock()
        first_at = now if self.first_at is None else self.first_at
        return Figures(prompt_tokens, self.new_tokens, first_at - self.taken, now - self.taken)


def reply_pieces(
    model: LoadedModel,
    context_tokens: int,
    messages: Sequence[ChatMessage],
    sampling: Sampling,
    interrupted: Callable[[], bool],
    meter: Meter,
) -> Iterator[Piece]:
    """The pieces of the reply, the last one with reason and figures. Ends within one token of `interrupted`.

    Raises: ContextOverflow, before anything is computed; whatever the model raises.
    """
    prompt_ids = model.tokenizer.prompt_ids(messages)
    if len(prompt_ids) >= context_tokens:
        raise ContextOverflow(len(prompt_ids), context_tokens - 1)
    allowed = min(sampling.max_new_tokens, context_tokens - len(prompt_ids))
    chooser = TokenChooser(with_sampling(model.choice, sampling), prompt_ids)
    text, stops = TextStream(model.tokenizer.decode), StopStrings(sampling.stop)
    reason = StopReason.STOPPED
    for token_id in decode_tokens(model.network, prompt_ids, chooser, interrupted):
        meter.count_token()
        if token_id in model.eos_ids:
            reason = StopReason.END
            break
        if not model.tokenizer.is_special(token_id) and (shown := stops.add(text.add(token_id))):
            yield Piece(shown)
        if stops.found:
            reason = StopReason.STOP_STRING
            break
        if meter.new_tokens >= allowed:
            reason = StopReason.LENGTH
            break
    rest = stops.add(text.finish())
    if stops.found:
        reason = StopReason.STOP_STRING
    yield Piece(rest + stops.finish(), reason, meter.figures(len(prompt_ids)))
