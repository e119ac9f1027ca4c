"""Multi-attribute rating: the campaign's attributes and scale, consensus, and the rule of preference."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError

from tests.ballots import ballot
from workbench.contracts.label_config import parse_label_config
from workbench.contracts.records import AttributeRating, Given, Preference, RatedResponse
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import ConsensusMethod, Level, Settlement, Statistic
from workbench.errors import JudgmentInvalid

TEMPLATE = get_template("multi_attribute_rating")
DEFAULTS = TEMPLATE.options_model()
FIVE = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def options(**given: Any) -> Any:
    return TEMPLATE.options_model.model_validate(given)


TWO = options(attributes="truth, tone", low=1, high=5)


def configured(chosen: Any) -> Any:
    assert TEMPLATE.configure is not None
    return TEMPLATE.configure(chosen)


def item(*texts: str) -> Any:
    responses = [{"text": text, "model": f"model-{text}"} for text in texts]
    return TEMPLATE.item_model.model_validate({"prompt": "Which?", "responses": responses})


PAIR = item("alpha", "beta")


def judgment(
    *ratings: Sequence[int], names: Sequence[str] = ("truth", "tone"), why: str = ""
) -> Any:
    return TEMPLATE.judgment_model.model_validate(
        {"ratings": [dict(zip(names, each, strict=True)) for each in ratings], "rationale": why}
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


def rate(name: str, choice: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "x", "type": "choices", "value": {"choices": [choice]}}


def settle(method: str, *judgments: Any, chosen: Any = TWO) -> Settlement:
    template = configured(chosen)
    rated = item(*["alpha", "beta", "gamma"][: len(judgments[0].ratings)])
    settled: Settlement = template.settle(
        rated, ballot(template, ConsensusMethod(method), judgments)
    )
    return settled


def records(kind: type[Any], *judgments: Any, chosen: Any = TWO, method: str = "mean") -> list[Any]:
    given_by = [
        Given(annotator=f"a{number}", value=one, created_at=NOON, seconds=None)
        for number, one in enumerate(judgments)
    ]
    rated = item(*["alpha", "beta", "gamma"][: len(judgments[0].ratings)])
    settled = settle(method, *judgments, chosen=chosen)
    found = configured(chosen).records(rated, settled, given_by)
    return [record for record in found if isinstance(record, kind)]


# The campaign's options


def test_the_default_attributes_are_five_from_0_to_4() -> None:
    assert DEFAULTS.names == FIVE
    assert DEFAULTS.points == (0, 1, 2, 3, 4)
    assert all(DEFAULTS.described.values())


@pytest.mark.parametrize(
    ("given_options", "field", "problem"),
    [
        ({"attributes": ""}, "attributes", "is empty"),
        ({"attributes": []}, "attributes", "is empty"),
        ({"attributes": "truth, truth"}, "attributes", "has a code twice"),
        ({"attributes": "Truth"}, "attributes", "has the code 'Truth'"),
        ({"attributes": "mean, truth"}, "attributes", "has an attribute mean"),
        ({"attributes": "first"}, "attributes", "has an attribute first"),
        ({"low": 3, "high": 3}, "high", "is 3 where the lowest is 3"),
        ({"low": 0, "high": 10}, "high", "is 10 where the lowest is 0"),
        ({"descriptions": "wit: funny?"}, "descriptions", "describe 'wit', which is no attribute"),
        ({"descriptions": "helpfulness"}, "descriptions", "do not say what helpfulness is"),
        (
            {"descriptions": "helpfulness: $conversation"},
            "descriptions",
            "do not say what helpfulness is",
        ),
        (
            {"descriptions": "helpfulness: {{idx}}"},
            "descriptions",
            "do not say what helpfulness is",
        ),
        ({"prefer_by": "wit"}, "prefer_by", "is 'wit'"),
        ({"prefer_by": "helpfulness=much"}, "prefer_by", "is 'helpfulness=much'"),
        ({"prefer_by": "helpfulness=nan"}, "prefer_by", "is 'helpfulness=nan'"),
        ({"prefer_by": "helpfulness=0"}, "prefer_by", "is 'helpfulness=0'"),
        ({"prefer_by": ""}, "prefer_by", "is ''"),
    ],
)
def test_options_that_cannot_be_used_are_refused(
    given_options: dict[str, Any], field: str, problem: str
) -> None:
    where, found, expected = refusal(lambda: options(**given_options))
    assert (where, found) == ((field,), problem)
    assert expected


@pytest.mark.parametrize("attributes", ["truth, tone", "truth,tone", ["truth", "tone"]])
def test_attributes_may_come_as_text_or_as_a_list(attributes: Any) -> None:
    assert options(attributes=attributes).names == ("truth", "tone")


@pytest.mark.parametrize(
    ("rule", "weights"),
    [
        ("first", {"truth": 1.0}),
        ("tone", {"tone": 1.0}),
        ("mean", {"truth": 0.5, "tone": 0.5}),
        ("truth=2, tone=-0.5", {"truth": 2.0, "tone": -0.5}),
    ],
)
def test_the_rule_of_preference_is_a_weighted_sum(rule: str, weights: dict[str, float]) -> None:
    assert options(attributes="truth, tone", prefer_by=rule).weights == weights


def test_options_survive_storage() -> None:
    chosen = options(attributes="truth, tone", descriptions='tone: is it <polite> & "plain"?')
    assert TEMPLATE.options_model.model_validate(chosen.model_dump(mode="json")) == chosen


# The labeling configuration


def controls(chosen: Any) -> list[str]:
    return list(parse_label_config(TEMPLATE.label_config(chosen)).controls)


def keys(chosen: Any) -> dict[str, str]:
    root: Any = etree.fromstring(TEMPLATE.label_config(chosen).encode())
    name = f"rating_{{{{idx}}}}_{chosen.names[0]}"
    choices = root.xpath(f'//Choices[@name="{name}"]/Choice')
    return {choice.get("alias"): choice.get("hotkey") for choice in choices}


def test_each_attribute_is_a_question_in_the_order_of_the_campaign() -> None:
    assert controls(TWO) == ["rating_{{idx}}_truth", "rating_{{idx}}_tone", "rationale"]
    assert controls(DEFAULTS)[:-1] == [f"rating_{{{{idx}}}}_{name}" for name in FIVE]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 4, "01234"),
        (1, 5, "12345"),
        (1, 10, "1234567890"),
        (-2, 2, "12345"),
        (0, 9, "0123456789"),
    ],
)
def test_the_key_of_a_rating_is_its_digit_wherever_it_is_one(
    low: int, high: int, expected: str
) -> None:
    found = keys(options(low=low, high=high))
    assert list(found) == [str(point) for point in range(low, high + 1)]
    assert "".join(found.values()) == expected


def test_a_description_is_shown_to_the_letter() -> None:
    chosen = options(attributes="tone", descriptions='tone: is it <polite> & "plain"?')
    root: Any = etree.fromstring(TEMPLATE.label_config(chosen).encode())
    assert 'is it <polite> & "plain"?' in root.xpath("//Header/@value")


# Items and judgments


@pytest.mark.parametrize("count", [0, 27])
def test_no_response_and_too_many_are_refused(count: int) -> None:
    where, problem, expected = refusal(lambda: item(*[f"r{n}" for n in range(count)]))
    assert (where, problem) == (("responses",), f"has {count}")
    assert "1 to 26 responses" in expected


def test_the_same_text_twice_is_refused() -> None:
    assert refusal(lambda: item("a", "a"))[1] == "have the same text at index 0 and 1"


def test_one_response_is_not_shuffled_and_has_no_letter() -> None:
    alone = item("alpha")
    assert TEMPLATE.candidates(alone) == 0
    assert TEMPLATE.show(alone, (), DEFAULTS)["responses"][0]["title"] == "Response"
    shown = TEMPLATE.show(PAIR, (1, 0), DEFAULTS)["responses"]
    assert [one["title"] for one in shown] == ["Response A", "Response B"]
    assert "beta" in shown[0]["text"]


@pytest.mark.parametrize("rating", [2.0, 2.5, "2", True, None, [2]])
def test_a_rating_that_is_no_whole_number_is_refused(rating: Any) -> None:
    where, problem, expected = refusal(
        lambda: TEMPLATE.judgment_model.model_validate({"ratings": [{"truth": rating}]})
    )
    assert where == ("ratings", 0, "truth")
    assert problem.startswith("is ")
    assert expected == "a whole number"


def test_every_rating_that_does_not_fit_is_named() -> None:
    strange = TEMPLATE.judgment_model.model_validate(
        {"ratings": [{"truth": 0, "tone": 5, "wit": 3}, {"truth": 6}]}
    )
    assert faults(lambda: TEMPLATE.check(strange, PAIR, TWO)) == [
        ("ratings.0.truth", "is 0"),
        ("ratings.0.wit", "is no attribute here"),
        ("ratings.1.truth", "is 6"),
        ("ratings.1.tone", "is missing"),
    ]


def test_there_are_ratings_of_each_response() -> None:
    assert faults(lambda: TEMPLATE.check(judgment((1, 2)), PAIR, TWO)) == [
        ("ratings", "are of 1 for 2 responses")
    ]


def test_a_campaign_may_require_a_rationale() -> None:
    asked = options(attributes="truth, tone", require_rationale=True)
    TEMPLATE.check(judgment((1, 2), (3, 4), why="Because."), PAIR, asked)
    assert faults(lambda: TEMPLATE.check(judgment((1, 2), (3, 4), why=" "), PAIR, asked)) == [
        ("rationale", "is empty")
    ]


def test_what_is_not_rated_is_named() -> None:
    raw = [rate("rating_0_truth", "1"), rate("rating_1_tone", "6")]
    assert faults(lambda: TEMPLATE.decode(raw, PAIR, (0, 1), TWO)) == [
        ("rating_1_tone", 'is "6"'),
        ("rating_0_tone", "is not answered"),
        ("rating_1_truth", "is not answered"),
    ]


def test_places_are_turned_into_canonical_order() -> None:
    raw = [
        rate("rating_0_truth", "1"),
        rate("rating_0_tone", "2"),
        rate("rating_1_truth", "3"),
        rate("rating_1_tone", "4"),
    ]
    assert TEMPLATE.decode(raw, PAIR, (1, 0), TWO) == judgment((3, 4), (1, 2))


ratings = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=3, max_size=3)


@given(ratings, st.permutations(range(3)), st.sampled_from(["", "Why."]))
def test_decoding_inverts_encoding_in_any_order(
    rated: list[tuple[int, int]], order: list[int], why: str
) -> None:
    given_one, three = judgment(*rated, why=why), item("a", "b", "c")
    encoded = TEMPLATE.encode(given_one, three, order, TWO)
    assert TEMPLATE.decode(encoded, three, order, TWO) == given_one


# Measures


def test_each_attribute_is_measured_on_the_scale_of_the_campaign() -> None:
    measures = configured(TWO).measures
    assert [measure.field for measure in measures] == ["truth", "tone"]
    for measure in measures:
        assert measure.level is Level.ORDINAL
        assert tuple(measure.categories) == (1, 2, 3, 4, 5)
        assert Statistic.QUADRATIC_KAPPA in measure.also
    assert measures[1].values(judgment((1, 2), (3, 4))) == {"0": 2, "1": 4}
    assert [measure.field for measure in TEMPLATE.measures] == list(FIVE)


# Consensus


def test_the_mean_is_taken_by_attribute_and_response() -> None:
    settled = settle("mean", judgment((1, 2), (5, 5)), judgment((2, 2), (5, 4)))
    assert settled.value == {"ratings": [{"truth": 1.5, "tone": 2.0}, {"truth": 5.0, "tone": 4.5}]}
    assert settled.confidence == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("given_ratings", "value"),
    [
        ([3, 3, 1], 3.0),
        ([3, 4], 3.5),
        ([1, 2, 3], 2.0),
        ([1, 3, 5], 3.0),
        ([1, 1, 2, 2], 1.5),
        ([1, 3], None),
        ([1, 1, 5, 5], None),
    ],
)
@pytest.mark.parametrize("method", ["majority", "dawid_skene"])
def test_a_tied_vote_is_the_median_unless_it_falls_into_a_gap(
    method: str, given_ratings: list[int], value: float | None
) -> None:
    settled = settle(method, *[judgment((rating, 4)) for rating in given_ratings])
    assert settled.value == {"ratings": [{"truth": value, "tone": 4.0}]}


def test_an_item_on_which_nothing_is_settled_is_tied() -> None:
    settled = settle("majority", judgment((1, 5)), judgment((5, 1)))
    assert (settled.value, settled.reason) == (None, "tied")


def test_confidence_is_the_share_near_the_settled_value() -> None:
    settled = settle("majority", judgment((3, 4)), judgment((3, 4)), judgment((1, 4)))
    assert settled.confidence == pytest.approx((2 / 3 + 1) / 2)


# Records


def test_a_rated_response_keeps_every_label_in_the_order_given() -> None:
    rated = records(RatedResponse, judgment((1, 2)), judgment((2, 2)), judgment((2, 5)))
    (only,) = rated
    assert only.ratings == [
        AttributeRating(attribute="truth", value=5 / 3, labels=[1, 2, 2]),
        AttributeRating(attribute="tone", value=3.0, labels=[2, 2, 5]),
    ]
    assert only.model == "model-alpha"
    assert only.score == pytest.approx(5 / 3)


def test_an_attribute_without_consensus_is_left_out_and_gives_no_score() -> None:
    split = [judgment((1, 4)), judgment((5, 4))]
    (only,) = records(RatedResponse, *split, method="majority")
    assert [rating.attribute for rating in only.ratings] == ["tone"]
    assert only.score is None
    by_tone = options(attributes="truth, tone", low=1, high=5, prefer_by="tone")
    (only,) = records(RatedResponse, *split, method="majority", chosen=by_tone)
    assert only.score == 4.0


@pytest.mark.parametrize(
    ("rule", "least", "expected"),
    [
        ("first", 0.5, [("alpha", "beta", 2.0)]),
        ("tone", 0.5, [("beta", "alpha", 3.0)]),
        ("mean", 0.5, [("beta", "alpha", 0.5)]),
        ("mean", 0.6, []),
        ("truth=1, tone=-1", 0, [("alpha", "beta", 5.0)]),
        ("truth=3, tone=2", 0, []),
    ],
)
def test_the_stated_rule_prefers(rule: str, least: float, expected: list[Any]) -> None:
    chosen = options(attributes="truth, tone", low=1, high=5, prefer_by=rule, min_difference=least)
    found: list[Preference] = records(Preference, judgment((4, 1), (2, 4)), chosen=chosen)
    assert [(pair.chosen, pair.rejected, pair.margin) for pair in found] == expected
    for pair in found:
        assert pair.chosen_score is not None
        assert pair.rejected_score is not None
        assert pair.chosen_score - pair.rejected_score == pair.margin


def test_a_preference_carries_the_share_of_those_who_rated_so() -> None:
    found = records(
        Preference, judgment((5, 1), (1, 1)), judgment((3, 1), (3, 1)), judgment((2, 1), (3, 1))
    )
    (pair,) = found
    assert (pair.chosen, pair.rejected) == ("alpha", "beta")
    assert pair.soft_label == pytest.approx(1 / 3)


def test_why_there_is_no_preference() -> None:
    assert TEMPLATE.unrecorded is not None
    assert TEMPLATE.unrecorded(None, settle("mean", judgment((1, 2))).value) == "one_response"
    assert (
        TEMPLATE.unrecorded(None, settle("mean", judgment((1, 2), (1, 2))).value) == "no_preference"
    )


# In words


def test_ratings_are_read_by_attribute_and_marked_by_the_rule() -> None:
    assert TEMPLATE.configure is not None
    template = configured(TWO)
    assert template.read(judgment((4, 2))).words == "Truth 4 · Tone 2"
    reading = template.read(judgment((5, 1), (1, 3), (3, 3)))
    assert reading.words == "Truth 5 · 1 · 3"
    assert [reading.marks[index].tone for index in range(3)] == ["good", "bad", "neutral"]
    assert reading.marks[1].word == "Truth 1 · Tone 3"


def test_a_consensus_with_a_gap_is_read_all_the_same() -> None:
    value = {"ratings": [{"truth": None, "tone": 2.5}]}
    reading = configured(TWO).read_consensus(value, None)
    assert reading.words == "Truth – · Tone 2.5"
    assert reading.marks[0].tone == "unknown"
