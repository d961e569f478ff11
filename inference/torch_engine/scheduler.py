"""Who is computed in a step, and where their keys and values lie.

`plan` is the architecture: all that decode take part in every step; what is left of the step reads prompts, a part at
a time, so that nobody's text waits for somebody's long prompt.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from inference.torch_engine.kv_cache import CacheFull, KVCache, Run, blocks_for
from inference.torch_engine.prefixes import Prefix, RetainedPrefixes, best_prefix
from inference.torch_engine.sequence import Sequence

HEADROOM_TOKENS = 96  # reserved behind a prompt, so that most replies never have to move
DRAFTING_SEQUENCES = 4  # with more of them decoding, a step's rows are not free any more


@dataclass(frozen=True, slots=True)
class Part:
    """`tokens` of a sequence, drafted ones included, are computed in this step."""

    sequence: Sequence
    tokens: int

    @property
    def reads_prompt(self) -> bool:
        return self.sequence.pending > 1

    @property
    def ends_prompt(self) -> bool:
        """Whether the next token can be chosen after it."""
        return self.sequence.computed + self.tokens >= len(self.sequence.token_ids)


class Scheduler:
    """Owned by the thread that computes."""

    def __init__(self, cache: KVCache, *, most_running: int, keeps_prefixes: bool = True) -> None:
        self._cache = cache
        self._most_running = most_running
        self._keeps_prefixes = keeps_prefixes
        self.waiting: list[Sequence] = []
        self.running: list[Sequence] = []
        self._retained = RetainedPrefixes()
        self.preemptions = 0

    @property
    def has_work(self) -> bool:
        return bool(self.waiting or self.running)

    @property
    def used_tokens(self) -> int:
        """Tokens for which the cache is taken by running sequences."""
        return sum(run.capacity_tokens for sequence in self.running if (run := sequence.run))

    def add(self, sequence: Sequence) -> None:
        self.waiting.append(sequence)

    def plan(self, prompt_tokens: int) -> list[Part]:
        """What the next step computes; of prompts at most `prompt_tokens`. Nothing: nobody is here."""
        decoding = [sequence for sequence in self.running if sequence.pending == 1]
        parts = [part for sequence in decoding if (part := self._decode(sequence, len(decoding)))]
        room = prompt_tokens
        for sequence in self._reading():
            if room <= 0:
                break
            tokens = min(sequence.pending, room)
            parts.append(Part(sequence, tokens))
            room -= tokens
        # Somebody may have lost the place to a later one in this very plan.
        return [part for part in parts if part.sequence.run is not None]

    def leave(self, sequence: Sequence) -> None:
        """The sequence has ended, however: its run is kept for those who build on it, as long as there is room."""
        if sequence in self.waiting:
            self.waiting.remove(sequence)
            return
        self.running.remove(sequence)
        run, sequence.run = sequence.run, None
        assert run is not None
        known = sequence.token_ids[: sequence.computed]
        if not known or not self._keeps_prefixes:
            self._cache.allocator.free(run)
            return
        self._cache.allocator.shrink(run, blocks_for(len(known)))
        for gone in self._retained.add(Prefix(run, known, sequence.scope, sequence.public_tokens)):
            self._cache.allocator.free(gone.run)

    def drop_all(self) -> None:
        """Everything in the cache is in doubt: forget it, and who was running."""
        for sequence in self.running:
            assert sequence.run is not None
            self._cache.allocator.free(sequence.run)
            sequence.run = None
        self.running.clear()
        self.forget_prefixes()

    def forget_prefixes(self) -> None:
        while (oldest := self._retained.pop_oldest()) is not None:
            self._cache.allocator.free(oldest.run)

    # ── who ──────────────────────────────────────────────────────────────────

    def _decode(self, sequence: Sequence, decoding: int) -> Part | None:
        room = sequence.most_tokens - len(sequence.token_ids) - 1
        lookup = sequence.lookup if decoding <= DRAFTING_SEQUENCES else None
        sequence.draft = lookup.draft(sequence.token_ids, room) if lookup is not None and room > 0 else []
        tokens = 1 + len(sequence.draft)
        if sequence.run is None or not self._make_room(sequence, len(sequence.token_ids) + len(sequence.draft)):
            return None
        return Part(sequence, tokens)

    def _reading(self) -> Iterator[Sequence]:
        """Those whose prompt is being read, in the order in which they came in; then new ones, as they fit."""
        yield from [sequence for sequence in self.running if sequence.pending > 1]
        while len(self.running) < self._most_running and (sequence := self._next_waiting()):
            if not self._admit(sequence):
                return
            self.waiting.remove(sequence)
            self.running.append(sequence)
            yield sequence

    def _next_waiting(self) -> Sequence | None:
        """The first of those whose user has the fewest running: nobody takes the machine for himself."""
        running = Counter(sequence.user for sequence in self.running)
        return min(self.waiting, key=lambda sequence: running[sequence.user], default=None)

    # ── where ────────────────────────────────────────────────────────────────

    def _admit(self, sequence: Sequence) -> bool:
        """Give it a run, with what is known of its tokens already in it. False: there is no room yet."""
        tokens = min(len(sequence.token_ids) + HEADROOM_TOKENS, sequence.most_tokens)
        running = [self._prefix_of(other) for other in self.running if other.run is not None]
        found = best_prefix([*self._retained, *running], sequence.token_ids, sequence.scope, sequence.public_tokens)
        known = 0
        if found is not None:
            prefix, known = found
            if prefix not in running and prefix.scope == sequence.scope and 2 * known >= len(prefix.token_ids):
                return self._inherit(sequence, prefix, known, tokens)
        run = self._allocate(blocks_for(tokens), keep=found[0] if found else None)
        if run is None:
            return False
        if found is not None:
            self._cache.copy(found[0].run.first_token, run.first_token, known)
            if found[0] not in running:
                self._retained.touch(found[0])
        self._begin(sequence, run, known)
        return True

    def _inherit(self, sequence: Sequence, prefix: Prefix, known: int, tokens: int) -> bool:
        """The next turn of a conversation goes on in the run of the one before."""
        self._retained.take(prefix)
        self._begin(sequence, prefix.run, known)
        if self._make_room(sequence, tokens, may_preempt=False):
            return True
        # It cannot grow: it stays known, and the sequence waits.
        sequence.run, sequence.computed, sequence.cached_tokens = None, 0, 0
        self._retained.add(prefix)
        return False

    @staticmethod
    def _begin(sequence: Sequence, run: Run, known: int) -> None:
        sequence.run, sequence.computed = run, known
        sequence.cached_tokens = max(sequence.cached_tokens, min(known, len(sequence.prompt_ids)))

    def _make_room(self, sequence: Sequence, tokens: int, *, may_preempt: bool = True) -> bool:
        """Let the sequence's run hold so many tokens: longer where it lies, or elsewhere. False: it lost its place."""
        run = sequence.run
        assert run is not None
        blocks = blocks_for(tokens)
        if blocks <= run.blocks or self._cache.allocator.grow(run, blocks):
            return True
        moved = self._allocate(blocks, keep=None)
        while moved is None and may_preempt:
            victim = self.running[-1]  # who came last has the least to lose
            self._preempt(victim)
            if victim is sequence:
                return False
            moved = self._allocate(blocks, keep=None)
        if moved is None:
            return False
        self._cache.copy(run.first_token, moved.first_token, sequence.computed)
        self._cache.allocator.free(run)
        sequence.run = moved
        return True

    def _allocate(self, blocks: int, keep: Prefix | None) -> Run | None:
        """A run of this size, if need be in place of what was used longest ago. `keep` stays."""
        allocator = self._cache.allocator
        while True:
            try:
                return allocator.allocate(blocks)
            except CacheFull:
                oldest = next((prefix for prefix in self._retained if prefix is not keep), None)
                if oldest is None:
                    return None
                self._retained.take(oldest)
                allocator.free(oldest.run)

    def _preempt(self, victim: Sequence) -> None:
        """Its tokens stay, their keys and values go: it reads them again when there is room."""
        assert victim.run is not None
        self._cache.allocator.free(victim.run)
        victim.run, victim.computed, victim.draft = None, 0, []
        self.preemptions += 1
        self.running.remove(victim)
        self.waiting.insert(0, victim)

    @staticmethod
    def _prefix_of(sequence: Sequence) -> Prefix:
        assert sequence.run is not None
        return Prefix(sequence.run, sequence.token_ids[: sequence.computed], sequence.scope, sequence.public_tokens)
