"""What a graded rubric is worth: the points of what is met out of the points there are to win.

HealthBench (Arora et al. 2025, "HealthBench: Evaluating Large Language Models Towards Improved
Human Health", arXiv:2505.08775, section 4) scores a response by the sum of the points of the
criteria that are met over the sum of all positive points. Two things differ here: a criterion that
does not apply is left out of both sums, which HealthBench does not know; and each score is clipped
to 0 and 1, where HealthBench clips only their mean.
"""

from __future__ import annotations

from collections.abc import Sequence

MET, UNMET, NOT_APPLICABLE = "met", "unmet", "not_applicable"
OUTCOMES = (MET, UNMET, NOT_APPLICABLE)


def points_won(outcomes: Sequence[str], points: Sequence[float]) -> tuple[float, float]:
    """Return the points won, penalties taken off, and those that could have been."""
    graded = list(zip(outcomes, points, strict=True))
    to_win = sum(worth for outcome, worth in graded if worth > 0 and outcome != NOT_APPLICABLE)
    return sum(worth for outcome, worth in graded if outcome == MET), to_win


def score(outcomes: Sequence[str], points: Sequence[float]) -> float | None:
    """Return the score from 0 to 1; None where no criterion with positive points applies."""
    won, to_win = points_won(outcomes, points)
    return min(max(won / to_win, 0.0), 1.0) if to_win > 0 else None


def points_word(points: float) -> str:
    """Return points as people write them: +5, −2.5, 0; one of them is one point."""
    sign = "+" if points > 0 else "−" if points < 0 else ""
    return f"{sign}{abs(points):g} {'point' if abs(points) == 1 else 'points'}"
