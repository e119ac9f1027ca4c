"""Rankings to try the template with, and how they are refused and settled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.ballots import ballot
from workbench.contracts.records import Given
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import ConsensusMethod, Settlement
from workbench.errors import JudgmentInvalid

TEMPLATE = get_template("ranking")
TEXTS = ["alpha", "beta", "gamma", "delta"]
DEFAULTS = TEMPLATE.options_model()
STRICT = TEMPLATE.options_model(allow_ties=False)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def item(texts: list[str]) -> Any:
    responses = [{"text": text, "model": f"model-{text}"} for text in texts]
    return TEMPLATE.item_model.model_validate({"prompt": "Which?", "responses": responses})


ITEM = item(TEXTS)


def judgment(*ranks: Any, unacceptable: Any = (), rationale: str = "") -> Any:
    """`unacceptable` holds the indices of those that are."""
    flags = [index in unacceptable for index in range(len(ranks))]
    return TEMPLATE.judgment_model.model_validate(
        {"ranks": list(ranks), "unacceptable": flags, "rationale": rationale}
    )


def refusal(make: Any) -> tuple[Any, str, str]:
    with pytest.raises(ValidationError) as refused:
        make()
    (error,) = refused.value.errors()
    return error["loc"], error["msg"], error["ctx"]["expected"]


def faults(check: Any) -> list[tuple[str, str]]:
    with pytest.raises(JudgmentInvalid) as refused:
        check()
    return [(row.field, row.problem) for row in refused.value.rows]


def place(name: str, choice: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "x", "type": "choices", "value": {"choices": [choice]}}


def settle(method: str, *judgments: Any) -> Settlement:
    n_responses = len(judgments[0].ranks)
    ranked = item(TEXTS[:n_responses])
    return TEMPLATE.settle(ranked, ballot(TEMPLATE, ConsensusMethod(method), judgments))


def given_by(*judgments: Any) -> list[Given]:
    return [
        Given(annotator=f"a{number}", value=one, created_at=NOON, seconds=None)
        for number, one in enumerate(judgments)
    ]


@st.composite
def rankings(draw: st.DrawFn) -> Any:
    ranks = draw(st.lists(st.integers(1, 4), min_size=4, max_size=4))
    limit = draw(st.integers(1, 5))
    flags = [index for index, rank in enumerate(ranks) if rank >= limit]
    return judgment(*ranks, unacceptable=flags, rationale=draw(st.sampled_from(["", "Why."])))
