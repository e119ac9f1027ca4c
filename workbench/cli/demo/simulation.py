"""How simulated experts of differing quality judge the demo's items."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from workbench.cli.demo.content import DemoItem, SimulatedExpert

STRONGEST = 3
_WRITTEN_SHARE = 0.7


def judge_comparison(
    expert: SimulatedExpert, item: DemoItem, presentation: Sequence[int], chance: random.Random
) -> dict[str, Any]:
    """Return a strength in canonical order, as this expert would see it, and a rationale."""
    truth = item.truth["true_strength"]
    sees = chance.random() < _skill(expert, item)
    if truth == "neither":
        if sees:
            return {"strength": "neither", "rationale": _reason(item, expert.neither_style, chance)}
        truth = 0
    if not sees:
        truth = chance.choice([-truth, 0, chance.choice([-1, 1])])
    shown_first = -1 if presentation[0] == 0 else 1
    felt = truth + shown_first * expert.position_bias + chance.gauss(0, expert.noise)
    strength = max(-STRONGEST, min(STRONGEST, round(felt)))
    style = expert.tie_style if strength == 0 else expert.style
    agrees = _sign(strength) == _sign(truth) and sees
    rationale = _reason(item, style, chance) if agrees else chance.choice(style)
    return {"strength": strength, "rationale": rationale}


def grade_solution(
    expert: SimulatedExpert, item: DemoItem, chance: random.Random, *, stop_at_first_error: bool
) -> dict[str, Any]:
    """Return ratings, a verdict and critiques of the bad steps."""
    truth = item.truth
    skill = _skill(expert, item)
    if truth["verdict"] == "bad_problem" and chance.random() < skill:
        return {"ratings": [], "verdict": "bad_problem", "critiques": {}}
    ratings: list[int | str] = []
    critiques: dict[str, str] = {}
    for step, grade in enumerate(truth["ratings"]):
        rating = _grade_step(grade, skill, chance)
        ratings.append(rating)
        if rating == -1:
            written = truth.get("critiques", {}).get(str(step))
            critiques[str(step)] = written or chance.choice(expert.critique_style)
            if stop_at_first_error:
                break
    verdict = "found_error" if -1 in ratings else "solution"
    return {"ratings": ratings, "verdict": verdict, "critiques": critiques}


def _grade_step(grade: int, skill: float, chance: random.Random) -> int | str:
    """A true error is overlooked more often than a right step is faulted."""
    seen = chance.random()
    if grade == -1:
        return -1 if seen < skill else chance.choice([1, 1, 0])
    if seen < 1 - (1 - skill) / 4:
        return grade
    mistaken: Sequence[int | str] = (0, 0, 1, "unsure", -1)
    return chance.choice(mistaken)


def seconds_on(expert: SimulatedExpert, chance: random.Random) -> float:
    """Return a time on task: log-normal about the expert's median."""
    return round(expert.seconds_median * chance.lognormvariate(0, 0.45), 1)


def _skill(expert: SimulatedExpert, item: DemoItem) -> float:
    """Outside their own domains people see less."""
    at_home = item.domain in expert.domains
    return expert.accuracy if at_home else 0.5 + (expert.accuracy - 0.5) * 0.8


def _reason(item: DemoItem, style: Sequence[str], chance: random.Random) -> str:
    written: Sequence[str] = item.truth.get("rationales", ())
    return chance.choice(written if written and chance.random() < _WRITTEN_SHARE else style)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
