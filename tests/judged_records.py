"""Records that carry the judgments they rest on, made by hand for the exporters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.exporter_batches import PROVENANCE, user

GIVEN_AT = datetime(2026, 5, 1, 10, 0, 7, 52924, tzinfo=UTC)
FIVE = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")


def given_strength(number: int, strength: int | None, rationale: str = "") -> dict[str, Any]:
    return {
        "annotator": f"annotator-{number}",
        "strength": strength,
        "rationale": rationale,
        "created_at": GIVEN_AT,
        "seconds": 12.5,
    }


def compared(
    strengths: Sequence[int | tuple[int | None, str] | None], prompt: Any = "c#", **more: Any
) -> dict[str, Any]:
    """Return a comparison with one judgment for each strength, or strength and rationale."""
    pairs = [one if isinstance(one, tuple) else (one, "") for one in strengths]
    return {
        "prompt": [user(prompt)] if isinstance(prompt, str) else prompt,
        "first": "C# is a language.",
        "second": "C#: a note.",
        "first_model": "atlas",
        "second_model": "borealis",
        "outcome": "first",
        "strength": None,
        "judgments": [given_strength(number, *pair) for number, pair in enumerate(pairs, start=1)],
        **PROVENANCE,
        **more,
    }


def rated(
    ratings: Mapping[str, tuple[float, Sequence[int]]], prompt: Any = "c#", **more: Any
) -> dict[str, Any]:
    """Return a response with a settled value and the labels for each attribute."""
    return {
        "prompt": [user(prompt)] if isinstance(prompt, str) else prompt,
        "response_index": 0,
        "response": "C# is a language.",
        "model": None,
        "ratings": [
            {"attribute": name, "value": value, "labels": list(labels)}
            for name, (value, labels) in ratings.items()
        ],
        "criteria": [],
        "score": None,
        **PROVENANCE,
        **more,
    }


def evenly(value: float, labels: Sequence[int] = (2, 3)) -> dict[str, tuple[float, Sequence[int]]]:
    return dict.fromkeys(FIVE, (value, labels))


def given_steps(
    ratings: Sequence[int | None],
    verdict: str = "found_error",
    *,
    alternatives: Mapping[int, str] | None = None,
    annotator: str = "annotator-1",
    seconds: float | None = 278.27,
) -> dict[str, Any]:
    return {
        "annotator": annotator,
        "ratings": list(ratings),
        "verdict": verdict,
        "critiques": [],
        "alternatives": [
            {"step": step, "text": text} for step, text in (alternatives or {}).items()
        ],
        "created_at": GIVEN_AT,
        "seconds": seconds,
    }


def solved(
    steps: Sequence[str], judgments: Sequence[Mapping[str, Any]] = (), **more: Any
) -> dict[str, Any]:
    """Return a settled solution, by default one without an error."""
    return {
        "prompt": "What is 3 + 2?",
        "completions": list(steps),
        "ratings": [1] * len(steps),
        "first_error": None,
        "verdict": "solution",
        "steps": list(steps),
        "reference_answer": "5",
        "model": "atlas",
        "judgments": [dict(one) for one in judgments],
        **PROVENANCE,
        **more,
    }
