"""When an answer is shown: direct, among suggestions, or not at all. Calibrated from the entries themselves.

Every phrasing is asked as if it were not known (it should find its entry) and as if its entry did not exist (it should
find none). How sure a score makes us of the best entry follows from these trials by logistic regression, for each
language, held near what other companies' questions taught (PRIOR).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.conversation.knowledge.findings import Route
from bot.conversation.knowledge.retrieval.reading import Floats

# All of these: docs/retrieval.md.
PRIOR = np.array([-4.0, 10.0])
HOLD = 3.0  # how many trials' weight the prior has, about
IMPOSTOR_WEIGHT = 0.3  # a trial of a question that no entry answers, beside one that an entry answers
SURE_ENOUGH = 0.7  # of the least sure direct answer; of all together far more are right
LEAST_LEAD = 0.4  # easy trials do not lower the bar: questions of other subjects are not among them
LEAST_MARGIN = 0.1  # between two entries: of two that are asked alike none is shown as the answer
LEAST_SCORE = 0.15  # below it nothing is suggested
# Where everyday sentences score higher than that, a score has to be above theirs, but no further: else a company that
# has an entry about the weather would have no answers at all.
MOST_LEAST_SUGGESTED, MOST_LEAST_DIRECT = 0.25, 0.4
LONGEST_STEP = 2.0
LEAST_SLOPE = 1.0  # a higher score never makes us less sure


@dataclass(frozen=True, slots=True)
class Trial:
    """`lead`: see `lead_of`. `is_right`: whether the best entry is the phrasing's own."""

    lead: float
    is_right: bool
    is_impostor: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """Of one language. `sureness`: intercept and slope of the log-odds. `everyday`: what everyday sentences score."""

    sureness: tuple[float, float] = (float(PRIOR[0]), float(PRIOR[1]))
    everyday: float = LEAST_SCORE

    def probabilities(self, scores: Floats) -> Floats:
        """(C,), of scores best first: how likely each entry is the one that answers. As ordered as the scores."""
        rivals = np.full(len(scores), scores.max(initial=0.0))
        rivals[:1] = scores[1] if len(scores) > 1 else 0.0
        return _chances(self.sureness[0] + self.sureness[1] * (2 * scores - rivals))

    def route(self, scores: Floats) -> Route:
        """What may be shown of entries with these scores, best first."""
        if not len(scores) or scores[0] < self._at_least(MOST_LEAST_SUGGESTED):
            return Route.NONE
        leads = lead_of(scores) >= LEAST_LEAD and (len(scores) == 1 or scores[0] - scores[1] >= LEAST_MARGIN)
        stands_out = leads and scores[0] >= self._at_least(MOST_LEAST_DIRECT)
        return Route.DIRECT if stands_out and self.probabilities(scores)[0] >= SURE_ENOUGH else Route.SUGGEST

    def _at_least(self, most: float) -> float:
        return max(LEAST_SCORE, min(self.everyday, most))


def _chances(odds: Floats) -> Floats:
    """From log-odds."""
    chances: Floats = 1 / (1 + np.exp(-odds.clip(-50, 50)))
    return chances


def lead_of(scores: Floats) -> float:
    """Of scores best first: the best one plus how far it leads. That says as much as any number of features did."""
    return float(2 * scores[0] - (scores[1] if len(scores) > 1 else 0.0))


def calibrate(trials: Sequence[Trial], everyday: float) -> Gate:
    leads = np.array([trial.lead for trial in trials])
    right = np.array([float(trial.is_right) for trial in trials])
    weights = np.array([IMPOSTOR_WEIGHT if trial.is_impostor else 1.0 for trial in trials])
    intercept, slope = _fit(leads, right, weights)
    return Gate((intercept, slope), everyday)


def _fit(leads: Floats, right: Floats, weights: Floats) -> tuple[float, float]:
    """Newton's method on the logistic loss with a quadratic hold at the prior: convex, a few steps, none too long."""
    given = np.stack([np.ones_like(leads), leads], axis=1)
    found = PRIOR.copy()
    for _ in range(100):
        chances = _chances(given @ found)
        slope = given.T @ (weights * (chances - right)) + HOLD * (found - PRIOR)
        curve = (given * (weights * chances * (1 - chances))[:, None]).T @ given + HOLD * np.eye(2)
        step = np.linalg.solve(curve, slope)
        found = found - step.clip(-LONGEST_STEP, LONGEST_STEP)
        if np.abs(step).max() < 1e-9:
            break
    return float(found[0]), max(float(found[1]), LEAST_SLOPE)
