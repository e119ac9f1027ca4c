"""What a campaign chooses: the attributes, their scale, and what makes one response preferred."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from workbench.contracts.fields import CodeList, refusal, split_codes
from workbench.contracts.task_template import Options

FIRST, MEAN = "first", "mean"

_MOST_POINTS = 10
_LONGEST_DESCRIPTION = 160
_DESCRIPTIONS = {
    "helpfulness": "does it give this reader what they need?",
    "correctness": "is everything in it true, and nothing essential missing?",
    "coherence": "is it clear, consistent and in good order?",
    "complexity": "how much knowledge does it take to write it? Plain to expert, neither is better",
    "verbosity": "how long is it for what was asked? Terse to long-winded, neither is better",
}


def _joined(attributes: Any) -> Any:
    if isinstance(attributes, list | tuple) and all(isinstance(one, str) for one in attributes):
        return ", ".join(attributes)
    return attributes


def _some(attributes: str) -> str:
    names = split_codes(attributes)
    expected = "names of attributes, separated by commas"
    if not names:
        raise refusal(problem="is empty", expected=expected)
    taken = next((name for name in names if name in {FIRST, MEAN}), None)
    if taken is not None:
        raise refusal(problem=f"has an attribute {taken}", expected=f"another name than {taken}")
    return attributes


class RatingOptions(Options):
    attributes: Annotated[CodeList, BeforeValidator(_joined), AfterValidator(_some)] = Field(
        default=", ".join(_DESCRIPTIONS),
        description="What each response is rated on, in this order: names of a-z, 0-9 and _, "
        "separated by commas.",
    )
    descriptions: str = Field(
        default="",
        description="What the attributes mean, in one line each, as the experts see it: "
        "name: text; name: text. The default attributes have theirs.",
    )
    low: int = Field(default=0, ge=-9, le=9, description="The lowest rating.")
    high: int = Field(
        default=4, ge=-8, le=10, description="The highest rating: at most ten points in all."
    )
    prefer_by: str = Field(
        default=FIRST,
        description="What makes one response preferred to another: the first attribute (first), "
        "the mean of all (mean), an attribute's name, or weights such as "
        "helpfulness=1, verbosity=-0.4.",
    )
    min_difference: float = Field(
        default=0.5,
        ge=0,
        le=1_000,
        allow_inf_nan=False,
        description="By how many points of that one must be better to be preferred.",
    )
    require_rationale: bool = Field(
        default=False, description="Refuse a judgment without a rationale."
    )

    @field_validator("descriptions")
    @classmethod
    def _known_descriptions(cls, descriptions: str, info: ValidationInfo) -> str:
        known = split_codes(info.data.get("attributes", ""))
        return "; ".join(f"{name}: {text}" for name, text in _described(descriptions, known))

    @field_validator("high")
    @classmethod
    def _above_low(cls, high: int, info: ValidationInfo) -> int:
        low: int = info.data.get("low", high - 1)
        if not low < high < low + _MOST_POINTS:
            expected = f"{low + 1} to {low + _MOST_POINTS - 1}, so that each point has a key"
            raise refusal(problem=f"is {high} where the lowest is {low}", expected=expected)
        return high

    @field_validator("prefer_by")
    @classmethod
    def _known_rule(cls, rule: str, info: ValidationInfo) -> str:
        known = split_codes(info.data.get("attributes", ""))
        if known:
            _weights(rule, known)
        return rule.strip()

    @cached_property
    def names(self) -> tuple[str, ...]:
        return split_codes(self.attributes)

    @cached_property
    def points(self) -> tuple[int, ...]:
        return tuple(range(self.low, self.high + 1))

    @cached_property
    def described(self) -> Mapping[str, str]:
        given = dict(_described(self.descriptions, self.names))
        return {name: given.get(name, _DESCRIPTIONS.get(name, "")) for name in self.names}

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """What the score of a response weighs: it is the sum of its ratings times these."""
        return _weights(self.prefer_by, self.names)


def _described(descriptions: str, known: tuple[str, ...]) -> list[tuple[str, str]]:
    found = []
    for entry in descriptions.split(";"):
        if not entry.strip():
            continue
        name, _, text = (part.strip() for part in entry.partition(":"))
        if name not in known:
            expected = f"name: text; with the names {', '.join(known)}"
            raise refusal(problem=f"describe {name!r}, which is no attribute", expected=expected)
        # The editor puts the task's data in place of these.
        is_plain = text.isprintable() and not any(sign in text for sign in ("$", "{{"))
        if not is_plain or not 0 < len(text) <= _LONGEST_DESCRIPTION:
            expected = f"one line of 1 to {_LONGEST_DESCRIPTION} characters without $ and {{{{"
            raise refusal(problem=f"do not say what {name} is", expected=expected)
        found.append((name, text))
    return found


def _weights(rule: str, known: tuple[str, ...]) -> dict[str, float]:
    rule = rule.strip()
    if rule == FIRST:
        return {known[0]: 1.0}
    if rule == MEAN:
        return dict.fromkeys(known, 1 / len(known))
    if rule in known:
        return {rule: 1.0}
    weights = {}
    for entry in rule.split(","):
        name, _, written = (part.strip() for part in entry.partition("="))
        weight = _finite(written)
        if name not in known or name in weights or not weight:
            expected = f"{FIRST}, {MEAN}, one of {', '.join(known)}, or weights of them: name=1, …"
            raise refusal(problem=f"is {rule!r}", expected=expected)
        weights[name] = weight
    return weights


def _finite(written: str) -> float | None:
    try:
        number = float(written)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
