"""One reply on its way: its tokens, and how many of them the cache holds."""

from collections.abc import Callable
from collections.abc import Sequence as Ids
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inference.torch_engine.kv_cache import Run
from inference.torch_engine.lookup import PromptLookup

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(eq=False)
class Sequence:
    """`token_ids` are prompt and reply; the first `computed` of them are in the cache, in `run`.

    `user` is whom turns are shared out by. `scope` says who may build on these tokens: the first `public_tokens` of
    them anybody, the others only sequences of the same scope. `choose` makes the next token of logits (V,); without it,
    the likeliest is taken.
    """

    prompt_ids: Ids[int]
    allowed_tokens: int  # new ones, at most
    user: str = ""
    scope: str = ""
    public_tokens: int = 0
    choose: Callable[["Tensor"], int] | None = None
    lookup: PromptLookup | None = None

    token_ids: list[int] = field(init=False)
    computed: int = 0
    run: Run | None = None
    draft: list[int] = field(default_factory=list)
    cached_tokens: int = 0  # of the prompt, taken from the cache instead of being computed

    def __post_init__(self) -> None:
        self.token_ids = list(self.prompt_ids)

    @property
    def pending(self) -> int:
        """Tokens that the cache does not hold yet; 1 while it decodes."""
        return len(self.token_ids) - self.computed

    @property
    def new_tokens(self) -> int:
        return len(self.token_ids) - len(self.prompt_ids)

    @property
    def most_tokens(self) -> int:
        return len(self.prompt_ids) + self.allowed_tokens
