"""Rubric grading: what a rubric must be, what a grading is worth, and what is settled."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from task_templates.rubric_grading.scoring import score
from tests.ballots import ballot
from workbench.contracts.label_config import parse_label_config
from workbench.contracts.records import CriterionGrade, Prompt, RatedResponse, Response
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import ConsensusMethod
from workbench.errors import JudgmentInvalid

TEMPLATE: Any = get_template("rubric_grading")
RUBRIC = [
    {"criterion": "Names the capital", "points": 5},
    {"criterion": "Gives a reason", "points": 3},
    {"criterion": "Invents a date", "points": -4},
]
DEFAULTS = TEMPLATE.options_model()
MET, UNMET, APART = "met", "unmet", "not_applicable"


def item(**changed: Any) -> Any:
    given_one = {"prompt": "Capital?", "response": {"text": "Canberra."}, "rubric": RUBRIC}
    return TEMPLATE.item_model.model_validate({**given_one, **changed})


ITEM = item()


def judgment(*outcomes: str, points: Any = (5, 3, -4), **rest: Any) -> Any:
    return TEMPLATE.judgment_model.model_validate({"outcomes": outcomes, "points": points, **rest})


def faults(given_one: Any, options: Any = DEFAULTS) -> list[tuple[str, str]]:
    with pytest.raises(JudgmentInvalid) as refused:
        TEMPLATE.check(given_one, ITEM, options)
    return [(row.field, row.problem) for row in refused.value.rows]


def settle(method: str, *judgments: Any) -> Any:
    return TEMPLATE.settle(ITEM, ballot(TEMPLATE, ConsensusMethod(method), judgments))


def values(field: str, given_one: Any) -> dict[str, Any]:
    (measure,) = (measure for measure in TEMPLATE.measures if measure.field == field)
    return dict(measure.values(given_one))


# Items and what is shown


@pytest.mark.parametrize(
    ("rubric", "problem", "expected"),
    [
        ([], "has no criteria", "at least one"),
        (
            [*RUBRIC, {"criterion": " Names  the capital\n", "points": 1}],
            "holds the same criterion twice, as number 1 and 4",
            "each criterion once",
        ),
        (
            [{**one, "id": "same"} for one in RUBRIC],
            'gives the id "same" to number 1 and 2',
            "an id of its own",
        ),
        ([RUBRIC[2]], "has only penalties", "points above 0"),
    ],
)
def test_a_rubric_that_cannot_be_graded_is_refused_with_what_to_do(
    rubric: Any, problem: str, expected: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        item(rubric=rubric)
    (error,) = refused.value.errors()
    assert error["loc"] == ("rubric",)
    assert error["msg"] == problem
    assert expected in error["ctx"]["expected"]


@pytest.mark.parametrize(
    "criterion",
    [
        {"criterion": " ", "points": 1},
        {"criterion": "x"},
        {"criterion": "x", "points": "5"},
        {"criterion": "x", "points": True},
        {"criterion": "x", "points": float("nan")},
        {"criterion": "x", "points": float("inf")},
        {"criterion": "x", "points": 1e9},
        {"criterion": "x", "points": 1, "id": ""},
        {"criterion": "x", "points": 1, "weight": 2},
        "x",
    ],
)
def test_a_broken_criterion_is_refused(criterion: Any) -> None:
    with pytest.raises(ValidationError):
        item(rubric=[*RUBRIC, criterion])


def test_experts_are_told_what_a_criterion_is_worth_unless_the_campaign_hides_it() -> None:
    half = item(
        rubric=[*RUBRIC, {"criterion": "x", "points": 0.5}, {"criterion": "y", "points": 1}]
    )
    titles = [one["title"] for one in TEMPLATE.show(half, (), DEFAULTS)["criteria"]]
    assert titles == [
        "Criterion 1 of 5 · +5 points",
        "Criterion 2 of 5 · +3 points",
        "Criterion 3 of 5 · −4 points",
        "Criterion 4 of 5 · +0.5 points",
        "Criterion 5 of 5 · +1 point",
    ]
    hidden = TEMPLATE.show(half, (), TEMPLATE.options_model(show_points=False))
    assert hidden["criteria"][2]["title"] == "Criterion 3 of 5"
    assert "point" not in str(hidden)


def test_the_editor_asks_for_what_the_campaign_wants() -> None:
    def config(**options: Any) -> Any:
        return TEMPLATE.label_config(TEMPLATE.options_model(**options))

    def stored(xml: str) -> list[str]:
        control = parse_label_config(xml).get_control("criterion_{{idx}}")
        return [choice.stored for choice in control.choices]

    assert stored(config()) == [MET, UNMET, APART]
    assert stored(config(allow_not_applicable=False)) == [MET, UNMET]
    assert 'whenChoiceValue="Met,Unmet"' in config()
    assert 'whenChoiceValue="Unmet"' in config(evidence="unmet")
    strict = parse_label_config(config(require_evidence=True))
    assert strict.get_control("evidence_{{idx}}").is_required


def test_a_response_of_20_000_characters_is_shown_whole() -> None:
    words = " ".join(f"word{number}" for number in range(2_500))[:20_000]
    shown = TEMPLATE.show(item(response={"text": words}), (), DEFAULTS)["response"]
    assert words in shown


# Judgments


def test_a_judgment_covers_its_rubric() -> None:
    TEMPLATE.check(judgment(MET, UNMET, APART), ITEM, DEFAULTS)
    assert faults(judgment(MET, UNMET)) == [("outcomes", "are 2 for 3 criteria")]
    assert faults(judgment(MET, MET, UNMET, points=(5, 3, 4))) == [("points", "are [5.0,3.0,4.0]")]


def test_a_campaign_may_do_without_not_applicable() -> None:
    options = TEMPLATE.options_model(allow_not_applicable=False)
    TEMPLATE.check(judgment(MET, UNMET, MET), ITEM, options)
    assert faults(judgment(MET, APART, MET), options) == [
        ("outcomes[1]", "is not_applicable, which this campaign does not have")
    ]


@pytest.mark.parametrize(
    ("asked_for", "missing"), [("both", ["0", "1"]), ("met", ["0"]), ("unmet", ["1"])]
)
def test_a_campaign_may_require_evidence(asked_for: str, missing: list[str]) -> None:
    options = TEMPLATE.options_model(require_evidence=True, evidence=asked_for)
    written = dict.fromkeys(missing, "here")
    TEMPLATE.check(judgment(MET, UNMET, APART, evidence=written), ITEM, options)
    blank = judgment(MET, UNMET, APART, evidence=dict.fromkeys(missing, "  "))
    assert faults(blank, options) == [(f"evidence.{index}", "is missing") for index in missing]


@pytest.mark.parametrize("index", ["3", "-1", "00", "one", ""])
def test_evidence_belongs_to_a_criterion(index: str) -> None:
    assert faults(judgment(MET, UNMET, UNMET, evidence={index: "x"})) == [
        (f"evidence.{index}", "is not on a criterion")
    ]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
outcomes = st.sampled_from([MET, UNMET, APART])


@given(
    st.tuples(outcomes, outcomes, outcomes),
    st.dictionaries(st.sampled_from(["0", "1", "2"]), texts),
    texts,
)
def test_decoding_inverts_encoding(
    chosen: tuple[str, ...], evidence: dict[str, str], comment: str
) -> None:
    given_one = judgment(*chosen, evidence=evidence, comment=comment)
    encoded = TEMPLATE.encode(given_one, ITEM, (), DEFAULTS)
    assert TEMPLATE.decode(encoded, ITEM, (), DEFAULTS) == given_one


# The score


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ((MET, MET, UNMET), 1.0),
        ((MET, UNMET, UNMET), 5 / 8),
        ((MET, MET, MET), 4 / 8),
        ((UNMET, MET, MET), 0.0),
        ((UNMET, UNMET, MET), 0.0),
        ((MET, APART, UNMET), 1.0),
        ((MET, APART, MET), 1 / 5),
        ((MET, UNMET, APART), 5 / 8),
        ((APART, APART, MET), None),
        ((APART, APART, APART), None),
    ],
)
def test_the_score_is_the_share_of_the_points_that_could_be_won(
    chosen: tuple[str, ...], expected: float | None
) -> None:
    assert score(chosen, (5, 3, -4)) == expected
    percent = {} if expected is None else {"": round(100 * expected)}
    assert values("score", judgment(*chosen)) == percent


def test_the_score_of_a_published_example_is_met() -> None:
    """Points 7, 5, 10 and −6, of which all but the second are met: (7 + 10 − 6) / 22."""
    assert score((MET, UNMET, MET, MET), (7, 5, 10, -6)) == 11 / 22


@given(
    st.lists(st.tuples(outcomes, st.floats(-100, 100)), min_size=1, max_size=8), st.floats(0.1, 10)
)
def test_a_score_is_a_share_whatever_the_unit_of_points(
    graded: list[tuple[str, float]], unit: float
) -> None:
    chosen, points = zip(*graded, strict=True)
    share = score(chosen, points)
    scaled = score(chosen, [unit * worth for worth in points])
    if share is None:
        assert all(worth <= 0 or outcome == APART for outcome, worth in graded)
    else:
        assert 0 <= share <= 1
        assert scaled == pytest.approx(share, abs=1e-9)


# Consensus and records


@pytest.mark.parametrize("method", ["majority", "dawid_skene"])
def test_the_score_of_a_vote_is_that_of_the_outcomes_voted(method: str) -> None:
    settled = settle(
        method, judgment(MET, MET, UNMET), judgment(MET, UNMET, UNMET), judgment(MET, MET, APART)
    )
    assert settled.value == {
        "outcomes": [MET, MET, UNMET],
        "shares_met": [1.0, pytest.approx(2 / 3), 0.0],
        "points": [5, 3, -4],
        "score": 1.0,
    }
    assert settled.confidence == pytest.approx(2 / 3)


def test_one_tied_criterion_leaves_a_vote_tied_and_a_mean_not() -> None:
    split = (judgment(MET, MET, UNMET), judgment(MET, UNMET, UNMET))
    assert (settle("majority", *split).value, settle("majority", *split).reason) == (None, "tied")
    mean = settle("mean", *split)
    assert mean.value["outcomes"] == [MET, None, UNMET]
    assert mean.value["score"] == pytest.approx((1 + 5 / 8) / 2)
    rated = TEMPLATE.records(ITEM, mean, ())[-1]
    assert [one.outcome for one in rated.criteria] == [MET, "tied", UNMET]


def test_a_mean_leaves_out_whoever_found_that_nothing_applies() -> None:
    settled = settle("mean", judgment(APART, APART, UNMET), judgment(MET, UNMET, UNMET))
    assert settled.value["score"] == 5 / 8


def test_a_settled_item_yields_its_rated_response() -> None:
    settled = settle("majority", *[judgment(MET, UNMET, APART)] * 2)
    messages = [{"role": "user", "content": "Capital?"}]
    assert TEMPLATE.records(ITEM, settled, ()) == (
        Prompt(prompt=messages),
        Response(prompt=messages, response_index=0, response="Canberra."),
        RatedResponse(
            prompt=messages,
            response_index=0,
            response="Canberra.",
            criteria=[
                CriterionGrade(criterion="Names the capital", weight=5, outcome=MET, share_met=1.0),
                CriterionGrade(criterion="Gives a reason", weight=3, outcome=UNMET, share_met=0.0),
                CriterionGrade(
                    criterion="Invents a date", weight=-4, outcome=APART, share_met=None
                ),
            ],
            score=5 / 8,
        ),
    )


def test_a_reading_says_what_a_criterion_does_to_the_response() -> None:
    reading = TEMPLATE.read(judgment(MET, UNMET, MET, evidence={"2": "1908"}))
    assert reading.words == "12%: 1 of 8 points"
    assert [reading.marks[index].tone for index in range(3)] == ["good", "bad", "bad"]
    assert reading.marks[2].note == "1908"
