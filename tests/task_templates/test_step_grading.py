"""Step grading: how far ratings go, what fits together, and what is settled."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.ballots import ballot
from workbench.contracts.label_config import parse_label_config
from workbench.contracts.records import Given, Prompt, StepwiseSupervision
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import ConsensusMethod
from workbench.errors import JudgmentInvalid

TEMPLATE = get_template("step_grading")
ITEM = TEMPLATE.item_model(problem="Solve it.", steps=["a", "b", "c", "d"], reference_answer="42")
DEFAULTS = TEMPLATE.options_model()
STOPS = TEMPLATE.options_model(stop_at_first_error=True)


def judgment(ratings: Any, verdict: Any = "solution", **rest: Any) -> Any:
    return TEMPLATE.judgment_model.model_validate({"ratings": ratings, "verdict": verdict, **rest})


def grade(name: str, choice: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "x", "type": "choices", "value": {"choices": [choice]}}


def write(name: str, text: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "x", "type": "textarea", "value": {"text": [text]}}


def faults(check: Any) -> list[tuple[str, str]]:
    with pytest.raises(JudgmentInvalid) as refused:
        check()
    return [(row.field, row.problem) for row in refused.value.rows]


def settle(method: str, *judgments: Any) -> Any:
    return TEMPLATE.settle(ITEM, ballot(TEMPLATE, ConsensusMethod(method), judgments))


# Items and what is shown


@pytest.mark.parametrize(
    "broken",
    [
        {"problem": " "},
        {"steps": []},
        {"steps": ["a", ""]},
        {"steps": "a"},
        {"steps": [{"text": "a"}]},
        {"reference_answer": 42},
        {"answer": "42"},
    ],
)
def test_a_broken_item_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TEMPLATE.item_model.model_validate({"problem": "x", "steps": ["a"], **broken})


@pytest.mark.parametrize("reference", [None, "", "  "])
def test_a_blank_reference_answer_is_none(reference: str | None) -> None:
    item = TEMPLATE.item_model(problem="x", steps=["a"], reference_answer=reference)
    assert item.reference_answer is None
    assert TEMPLATE.show(item, (), DEFAULTS)["reference"] == ""


def test_a_hidden_reference_answer_does_not_reach_the_browser() -> None:
    hidden = TEMPLATE.options_model(show_reference=False)
    assert "42" in TEMPLATE.show(ITEM, (), DEFAULTS)["reference"]
    assert "42" not in str(TEMPLATE.show(ITEM, (), hidden))


def test_steps_are_numbered_as_people_count() -> None:
    steps = TEMPLATE.show(ITEM, (), DEFAULTS)["steps"]
    assert [step["number"] for step in steps] == ["1", "2", "3", "4"]


def test_the_editor_is_told_where_to_stop_and_what_is_required() -> None:
    assert "endsSequence" not in TEMPLATE.label_config(DEFAULTS)
    assert (
        TEMPLATE.label_config(STOPS).count('alias="-1" value="Bad" hotkey="3" endsSequence="true"')
        == 1
    )
    critical = TEMPLATE.label_config(TEMPLATE.options_model(require_critique=True))
    assert parse_label_config(critical).get_control("critique_{{idx}}").is_required


# Judgments


@pytest.mark.parametrize("rating", [2, -2, "1", 1.0, True, None, "Unsure", [1]])
def test_a_rating_off_the_scale_is_refused_in_words(rating: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        judgment([1, rating])
    (error,) = refused.value.errors()
    assert error["loc"] == ("ratings", 1)
    assert error["msg"].startswith("is ")
    assert error["ctx"]["expected"] == '1, 0, -1 or "unsure"'


@pytest.mark.parametrize("verdict", ["", "Solution", None, "error"])
def test_a_strange_verdict_is_refused(verdict: Any) -> None:
    with pytest.raises(ValidationError):
        judgment([1], verdict)


@pytest.mark.parametrize(
    ("ratings", "verdict"),
    [
        ([1, 0, 1, 1], "solution"),
        ([1, "unsure", 1, 0], "solution"),
        ([1, 1, 0, -1], "found_error"),
        ([1, -1, 1, -1], "found_error"),
        ([1, -1], "found_error"),
        (["unsure", -1], "found_error"),
        ([], "give_up"),
        ([1, "unsure"], "give_up"),
        ([1, -1], "bad_problem"),
        ([1, -1, 1], "bad_problem"),
        ([1, 1, 1, 1], "bad_problem"),
    ],
)
def test_ratings_that_fit_their_verdict_are_taken(ratings: list[Any], verdict: str) -> None:
    TEMPLATE.check(judgment(ratings, verdict), ITEM, DEFAULTS)


@pytest.mark.parametrize(
    ("ratings", "verdict", "fault"),
    [
        ([1, 1, 1], "solution", ("ratings", "cover 3 of 4 steps")),
        ([], "solution", ("ratings", "cover 0 of 4 steps")),
        ([1, -1, 1], "found_error", ("ratings", "cover 3 of 4 steps")),
        ([-1, 1, -1], "found_error", ("ratings", "cover 3 of 4 steps")),
        ([1] * 5, "solution", ("ratings", "are 5 for 4 steps")),
        ([1] * 5, "give_up", ("ratings", "are 5 for 4 steps")),
        (
            [1, 1, -1, 1],
            "solution",
            ("verdict", "is solution, but the step at index 2 is rated -1"),
        ),
        ([1, 1, 1, 0], "found_error", ("verdict", "is found_error, but no step is rated -1")),
        (
            [1, 1, 1, "unsure"],
            "found_error",
            ("verdict", "is found_error, but no step is rated -1"),
        ),
    ],
)
def test_ratings_that_do_not_fit_are_refused(
    ratings: list[Any], verdict: str, fault: tuple[str, str]
) -> None:
    assert faults(lambda: TEMPLATE.check(judgment(ratings, verdict), ITEM, DEFAULTS)) == [fault]


@pytest.mark.parametrize("verdict", ["found_error", "bad_problem", "give_up"])
def test_under_the_stop_rule_nothing_follows_the_first_error(verdict: str) -> None:
    TEMPLATE.check(judgment([1, -1], verdict), ITEM, STOPS)
    problem = "go on after the first -1, which is at index 1"
    for ratings in ([1, -1, 1, 1], [1, -1, -1]):
        assert faults(
            lambda given=ratings: TEMPLATE.check(judgment(given, verdict), ITEM, STOPS)
        ) == [("ratings", problem)]


def test_critiques_belong_to_graded_steps() -> None:
    TEMPLATE.check(judgment([1, -1], "found_error", critiques={"0": "x", "1": "y"}), ITEM, DEFAULTS)
    for index in ("2", "-1", "01", "one", "1.0", ""):
        given_one = judgment([1, -1], "found_error", critiques={index: "x"})
        assert faults(lambda it=given_one: TEMPLATE.check(it, ITEM, DEFAULTS)) == [
            (f"critiques.{index}", "is not on a graded step")
        ]


def test_a_campaign_may_require_a_critique_of_each_bad_step() -> None:
    options = TEMPLATE.options_model(require_critique=True)
    complete = judgment([-1, 1, -1, 0], "found_error", critiques={"0": "x", "2": "y"})
    TEMPLATE.check(complete, ITEM, options)
    blank = judgment([-1, 1, -1, 0], "found_error", critiques={"0": "x", "2": "  "})
    assert faults(lambda: TEMPLATE.check(blank, ITEM, options)) == [("critiques.2", "is missing")]


def test_everything_that_does_not_fit_is_said_at_once() -> None:
    given_one = judgment([1, -1, 1], "solution", critiques={"9": "x"})
    fields = [field for field, _ in faults(lambda: TEMPLATE.check(given_one, ITEM, DEFAULTS))]
    assert fields == ["ratings", "verdict", "critiques.9"]


def test_what_was_graded_past_the_first_error_is_dropped_under_the_stop_rule() -> None:
    raw = [
        grade("step_0", "1"),
        grade("step_3", "1"),
        grade("step_1", "-1"),
        write("critique_1", "wrong"),
        write("critique_3", "old"),
        grade("verdict", "found_error"),
    ]
    decoded = TEMPLATE.decode(raw, ITEM, (), STOPS)
    assert decoded == judgment([1, -1], "found_error", critiques={"1": "wrong"})
    assert faults(lambda: TEMPLATE.decode(raw, ITEM, (), DEFAULTS)) == [
        ("step_2", "is not answered")
    ]


def test_a_step_beyond_the_last_is_unknown() -> None:
    raw = [grade(f"step_{index}", "1") for index in range(5)] + [grade("verdict", "solution")]
    assert faults(lambda: TEMPLATE.decode(raw, ITEM, (), DEFAULTS)) == [
        ("result[4].from_name", 'is "step_4"')
    ]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def judgments(draw: st.DrawFn) -> Any:
    ratings = draw(st.lists(st.sampled_from([1, 0, -1, "unsure"]), max_size=4))
    keys = st.sampled_from([str(index) for index in range(len(ratings))] or ["0"])
    critiques = draw(st.dictionaries(keys, texts, max_size=len(ratings)))
    verdict = draw(st.sampled_from(["solution", "found_error", "bad_problem", "give_up"]))
    return judgment(ratings, verdict, critiques=critiques, comment=draw(texts))


@given(judgments(), st.sampled_from([DEFAULTS, STOPS]))
def test_decoding_inverts_encoding_for_what_passes_the_check(given_one: Any, options: Any) -> None:
    try:
        TEMPLATE.check(given_one, ITEM, options)
    except JudgmentInvalid:
        return
    encoded = TEMPLATE.encode(given_one, ITEM, (), options)
    assert TEMPLATE.decode(encoded, ITEM, (), options) == given_one


# Measures


def values(field: str, given_one: Any) -> Any:
    (measure,) = (measure for measure in TEMPLATE.measures if measure.field == field)
    return dict(measure.values(given_one))


def test_ratings_are_measured_by_step_and_unsure_is_missing() -> None:
    given_one = judgment([1, "unsure", -1], "found_error")
    assert values("rating", given_one) == {"0": 1, "2": -1}


@pytest.mark.parametrize(
    ("ratings", "verdict", "expected"),
    [
        ([1, 1, 1, 1], "solution", {"": "none"}),
        ([1, 0, -1], "found_error", {"": "2"}),
        ([-1, 1, 1, -1], "found_error", {"": "0"}),
        ([1, 1], "give_up", {}),
        ([], "bad_problem", {}),
        ([1, -1], "bad_problem", {"": "1"}),
    ],
)
def test_the_first_error_is_measured_by_item(
    ratings: list[Any], verdict: str, expected: dict[str, str]
) -> None:
    assert values("first_error", judgment(ratings, verdict)) == expected


# Consensus and records


GOOD = judgment([1, 1, 1, 1])
ERROR_AT_1 = judgment([1, -1], "found_error")
ERROR_AT_2 = judgment([1, 1, -1], "found_error")
GAVE_UP = judgment([1], "give_up")


@pytest.mark.parametrize("method", ConsensusMethod)
def test_an_error_is_settled_with_the_ratings_up_to_it(method: str) -> None:
    settled = settle(method, ERROR_AT_1, ERROR_AT_1, ERROR_AT_1)
    assert settled.value == {
        "ratings": [1, -1, None, None],
        "first_error": 1,
        "verdict": "found_error",
    }
    prompt, steps = TEMPLATE.records(ITEM, settled, ())
    assert prompt == Prompt(
        prompt=[{"role": "user", "content": "Solve it."}], reference_answer="42"
    )
    assert steps == StepwiseSupervision(
        prompt="Solve it.",
        completions=("a", "b"),
        ratings=[1, -1],
        first_error=1,
        verdict="found_error",
        steps=("a", "b", "c", "d"),
        reference_answer="42",
        judgments=[],
    )


def test_a_majority_settles_and_says_how_large_it_was() -> None:
    settled = settle("majority", GOOD, GOOD, ERROR_AT_2)
    assert settled.value == {"ratings": [1, 1, 1, 1], "first_error": None, "verdict": "solution"}
    assert settled.confidence == pytest.approx(2 / 3)
    (_, record) = TEMPLATE.records(ITEM, settled, ())
    assert (record.completions, record.ratings) == (("a", "b", "c", "d"), [1, 1, 1, 1])
    assert record.first_error is None


def test_equal_votes_are_tied() -> None:
    assert settle("majority", GOOD, ERROR_AT_1).reason == "tied"
    assert settle("majority", ERROR_AT_1, ERROR_AT_2).reason == "tied"


def test_an_error_that_all_see_and_nobody_agrees_on_is_a_conflict() -> None:
    elsewhere = judgment([-1], "found_error")
    settled = settle("majority", GOOD, GOOD, ERROR_AT_1, ERROR_AT_2, elsewhere)
    assert (settled.value, settled.reason) == (None, "conflict")
    assert TEMPLATE.records(ITEM, settled, ()) == ()


def test_a_first_error_that_the_ratings_do_not_show_is_a_conflict() -> None:
    early = judgment([1, -1, 1, -1], "found_error")
    late = judgment([1, 1, 1, -1], "found_error")
    middle = judgment([1, 0, -1, -1], "found_error")
    settled = settle("majority", early, early, late, middle, GOOD)
    assert (settled.value, settled.reason) == (None, "conflict")


@pytest.mark.parametrize("method", ConsensusMethod)
def test_a_flawed_problem_keeps_its_value_and_yields_nothing(method: str) -> None:
    flawed = judgment([1, -1], "bad_problem")
    settled = settle(method, flawed, flawed, GAVE_UP)
    assert settled.value["verdict"] == "bad_problem"
    assert settled.value["ratings"] == [1, -1, None, None]
    assert settled.confidence == pytest.approx(2 / 3)
    assert TEMPLATE.records(ITEM, settled, ()) == ()


def test_all_who_give_up_settle_on_that() -> None:
    nothing = judgment([], "give_up")
    settled = settle("majority", nothing, nothing)
    assert settled.value == {"ratings": [None] * 4, "first_error": None, "verdict": "give_up"}


@pytest.mark.parametrize(
    ("ratings", "mean"),
    [
        ([1, 1, 0], 1),
        ([1, 0, 0], 0),
        ([1, 1, -1], 0),
        ([0, -1, -1], -1),
        ([1, -1, 0], 0),
        ([1, 0], None),
        ([0, -1], None),
    ],
)
def test_the_mean_is_rounded_to_the_nearest_grade(ratings: list[int], mean: int | None) -> None:
    graded = [judgment([rating, -1], "found_error") for rating in ratings]
    settled = settle("mean", *graded, judgment(["unsure", -1], "found_error"))
    found = settled.value["ratings"][0] if settled.value else None
    assert found == mean


def test_the_mean_reads_the_first_error_off_its_ratings() -> None:
    settled = settle("mean", ERROR_AT_1, ERROR_AT_1, ERROR_AT_2)
    assert settled.value == {
        "ratings": [1, 0, -1, None],
        "first_error": 2,
        "verdict": "found_error",
    }
    assert settled.confidence == pytest.approx(1 / 3)


def test_a_mean_between_two_grades_before_the_error_is_tied() -> None:
    neutral = judgment([0, 1, -1], "found_error")
    assert settle("mean", ERROR_AT_2, neutral).reason == "tied"


def test_a_step_that_nobody_could_grade_makes_no_record() -> None:
    unsure = judgment([1, "unsure", -1], "found_error")
    settled = settle("majority", unsure, unsure)
    assert settled.value["ratings"] == [1, None, -1, None]
    assert settled.value["first_error"] == 2
    (only,) = TEMPLATE.records(ITEM, settled, ())
    assert isinstance(only, Prompt)


# The better step


ASKS = TEMPLATE.options_model(ask_for_alternative=True)


def test_the_better_step_is_asked_for_only_where_the_campaign_wants_it() -> None:
    assert "alternative_{{idx}}" in parse_label_config(TEMPLATE.label_config(ASKS)).controls
    assert "alternative_{{idx}}" not in parse_label_config(TEMPLATE.label_config(DEFAULTS)).controls
    raw = [grade("step_0", "-1"), grade("verdict", "found_error"), write("alternative_0", "x = 2")]
    assert TEMPLATE.decode(raw, ITEM, (), ASKS).alternatives == {"0": "x = 2"}
    assert faults(lambda: TEMPLATE.decode(raw, ITEM, (), DEFAULTS))[0][0] == "result[2].from_name"


def test_a_better_step_takes_the_place_of_a_bad_one() -> None:
    good = judgment([1, -1], "found_error", alternatives={"0": "better"})
    assert faults(lambda: TEMPLATE.check(good, ITEM, ASKS)) == [
        ("alternatives.0", "is not for a bad step")
    ]
    beyond = judgment([1, -1], "found_error", alternatives={"7": "better"})
    assert faults(lambda: TEMPLATE.check(beyond, ITEM, ASKS)) == [
        ("alternatives.7", "is not for a bad step")
    ]
    bad = judgment([1, -1], "found_error", alternatives={"1": "better", "0": " "})
    TEMPLATE.check(bad, ITEM, ASKS)
    assert faults(lambda: TEMPLATE.check(bad, ITEM, DEFAULTS)) == [("alternatives", "are given")]


def test_better_steps_go_into_the_records_and_before_the_lead() -> None:
    one = judgment([1, -1], "found_error", critiques={"1": "Sign."}, alternatives={"1": "x = 2"})
    settled = settle("majority", one)
    given_by = Given(annotator="a", value=one, created_at=None, seconds=None)
    _, record = TEMPLATE.records(ITEM, settled, [given_by])
    (steps,) = record.judgments
    assert [(note.step, note.text) for note in steps.alternatives] == [(1, "x = 2")]
    assert [(note.step, note.text) for note in steps.critiques] == [(1, "Sign.")]
    assert TEMPLATE.read(one).marks[1].note == "Sign.\n\nBetter: x = 2"


def test_a_judgment_from_before_there_were_better_steps_can_be_read() -> None:
    stored = '{"ratings": [1, -1], "verdict": "found_error", "critiques": {}, "comment": ""}'
    assert TEMPLATE.judgment_model.model_validate_json(stored).alternatives == {}
