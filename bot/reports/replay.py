"""A replay as `inthread faq replay` shows it."""

from collections.abc import Iterator
from typing import Any

from bot.conversation.characters import strip_invisible
from bot.conversation.learning.moves import Shown, count_moves
from bot.conversation.learning.rehearsal import Replay

MOST_EXAMPLES = 3


def replay_lines(replay: Replay) -> Iterator[str]:
    """From what to what answers move, the most frequent first, with examples; how many do."""
    for (before, after), moves in count_moves(replay.moves):
        yield f"{len(moves):5,} ×  {before} → {after}"
        texts = list(dict.fromkeys(move.text for move in moves))
        yield from (f"          {_shown(text)}" for text in texts[:MOST_EXAMPLES])
        if len(texts) > MOST_EXAMPLES:
            yield f"          and {len(texts) - MOST_EXAMPLES:,} more (--json has all)"
    moved, questions, changed = len(replay.moves), len(replay.questions), len(replay.changed)
    yield (
        f"{moved:,} of the last {questions:,} questions {'is' if moved == 1 else 'are'} answered otherwise "
        f"when {changed:,} {'entry changes' if changed == 1 else 'entries change'}; no entry was changed"
    )


def replay_as_json(replay: Replay) -> dict[str, Any]:
    return {
        "questions": len(replay.questions),
        "changed": list(replay.changed),
        "moved": len(replay.moves),
        "counts": [
            {"from": before, "to": after, "count": len(moves)} for (before, after), moves in count_moves(replay.moves)
        ],
        "moves": [
            {
                "text": strip_invisible(move.text),
                "from": _as_json(move.before),
                "to": _as_json(move.after),
                "reworded": move.is_reworded,
            }
            for move in replay.moves
        ],
    }


def _as_json(shown: Shown) -> dict[str, Any]:
    return {"outcome": str(shown.route), "entries": list(shown.entry_ids)}


def _shown(text: str) -> str:
    line = " ".join(strip_invisible(text).split())
    return line if len(line) <= 160 else line[:159] + "…"
