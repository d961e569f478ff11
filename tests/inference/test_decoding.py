"""The choice of a token is that of transformers' own processors."""

import pytest

from inference.decoding import Choice, TokenChooser, likely_tokens, penalise_repetition


@pytest.mark.parametrize(
    ("temperature", "top_p", "top_k"), [(1.0, 1.0, 0), (0.2, 0.9, 0), (0.7, 0.8, 20), (1.5, 0.05, 0), (1.0, 0.5, 1)]
)
def test_likely_tokens_equal_those_of_transformers(temperature: float, top_p: float, top_k: int) -> None:
    import torch
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    scores = torch.randn(500, generator=torch.Generator().manual_seed(3)) * 3
    expected = TemperatureLogitsWarper(temperature)(None, scores[None])
    if top_k:
        expected = TopKLogitsWarper(top_k)(None, expected)
    expected = TopPLogitsWarper(top_p)(None, expected).softmax(-1)[0]
    ids, probabilities = likely_tokens(scores, Choice(temperature, top_p, top_k))
    torch.testing.assert_close(torch.zeros(500).scatter(0, ids, probabilities), expected)


def test_penalty_equals_that_of_transformers() -> None:
    import torch
    from transformers import RepetitionPenaltyLogitsProcessor

    scores, seen = torch.randn(50, generator=torch.Generator().manual_seed(3)), torch.tensor([4, 7, 7, 30])
    expected = RepetitionPenaltyLogitsProcessor(1.2)(seen[None], scores[None])[0]
    torch.testing.assert_close(penalise_repetition(scores, seen, 1.2), expected)


def test_logits_that_are_not_numbers_are_refused() -> None:
    import torch

    with pytest.raises(FloatingPointError):
        TokenChooser(Choice(), [1]).choose(torch.tensor([1.0, float("nan")]))
