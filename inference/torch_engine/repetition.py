"""Small models can fall into a loop; whoever reads it has nothing from the second round on."""

from collections.abc import Sequence

LONGEST_PERIOD = 64
FEWEST_ROUNDS = 4
FEWEST_TOKENS = 72  # all rounds together: a list of equal short lines is no loop yet


def goes_in_circles(token_ids: Sequence[int]) -> bool:
    """Whether the end of a reply is the same few tokens over and over."""
    for period in range(1, LONGEST_PERIOD + 1):
        length = max(FEWEST_ROUNDS * period, FEWEST_TOKENS)
        if length > len(token_ids):
            continue
        end = token_ids[-length:]
        if end[period:] == end[:-period]:
            return True
    return False
