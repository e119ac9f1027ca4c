"""A folder without Python is a task type like any other, made here of Label Studio's own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.ballots import ballot
from tests.hostile import HOSTILE, assert_inert
from tests.task_templates.folders import CONFIGS, JUDGED, choices, converted, result
from workbench.contracts.label_config import parse_label_config
from workbench.contracts.records import Given, Preference, Ranking, record_kind
from workbench.contracts.task_template import AnyTemplate, ConsensusMethod
from workbench.errors import JudgmentInvalid


class Case:
    """One judged item of one folder."""

    def __init__(self, key: str, directory: Path) -> None:
        self.key, self.judged = key, JUDGED[key]
        self.template = converted(directory, key)
        self.options = self.template.options_model()
        self.item = self.template.item_model.model_validate(self.judged.item)
        self.judgment = self.template.judgment_model.model_validate(self.judged.judgment)
        self.config = parse_label_config(self.template.label_config(self.options))

    def decode(self, raw: Any, order: tuple[int, ...] = ()) -> Any:
        return self.template.decode(raw, self.item, order, self.options)

    def encode(self, judgment: Any, order: tuple[int, ...] = ()) -> list[dict[str, Any]]:
        return self.template.encode(judgment, self.item, order, self.options)

    def orders(self) -> Iterator[tuple[int, ...]]:
        return itertools.permutations(range(self.template.candidates(self.item)))

    def show(self, order: tuple[int, ...] = ()) -> dict[str, Any]:
        return self.template.show(self.item, order, self.options)

    def settle(
        self, judgments: list[Any], method: ConsensusMethod = ConsensusMethod.MAJORITY
    ) -> Any:
        return self.template.settle(self.item, ballot(self.template, method, judgments))

    def judging(self, **answers: Any) -> Any:
        return self.judgment.model_copy(update=answers)

    def given(self, *judgments: Any) -> list[Given]:
        now = datetime(2026, 5, 1, tzinfo=UTC)
        return [
            Given(annotator=f"annotator-{number}", value=one, created_at=now, seconds=None)
            for number, one in enumerate(judgments)
        ]


@pytest.fixture(params=sorted(JUDGED))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    return Case(request.param, tmp_path)


@pytest.fixture
def named(tmp_path: Path) -> Callable[[str], Case]:
    return lambda key: Case(key, tmp_path)


def test_every_configuration_has_a_judged_item() -> None:
    assert {path.stem for path in CONFIGS.glob("*.xml")} == set(JUDGED)


def test_a_result_is_decoded_to_what_was_meant(case: Case) -> None:
    assert case.decode(case.judged.result) == case.judgment
    assert case.decode(list(reversed(case.judged.result))) == case.judgment


def test_a_judgment_is_the_same_in_whatever_order_it_was_given(case: Case) -> None:
    for order in case.orders():
        assert case.decode(case.encode(case.judgment, order), order) == case.judgment


def test_the_same_clicks_in_another_order_mean_something_else(case: Case) -> None:
    orders = list(case.orders())
    meant = {str(case.decode(case.judged.result, order)) for order in orders}
    assert len(meant) > 1 or len(orders) == 1


def test_a_judgment_and_its_item_survive_storage(case: Case) -> None:
    for model, value in (
        (case.template.judgment_model, case.judgment),
        (case.template.item_model, case.item),
    ):
        assert model.model_validate_json(value.model_dump_json()) == value


def test_an_empty_result_is_no_judgment(case: Case) -> None:
    with pytest.raises(JudgmentInvalid):
        case.decode([])


@pytest.mark.parametrize("raw", [None, {}, 7, [None], [[]], [{}], [{"from_name": "nobody"}]])
def test_what_is_no_result_is_refused(case: Case, raw: Any) -> None:
    with pytest.raises(JudgmentInvalid) as refused:
        case.decode(raw)
    assert refused.value.rows


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        "x",
        {"choices": ["no such choice"]},
        {"choices": "Spam"},
        {"rating": 0},
        {"rating": True},
        {"rating": 99},
        {"number": float("nan")},
        {"number": "3"},
        {"selected": "middle"},
        {"taxonomy": [["Harm", "No such"]]},
        {"taxonomy": ["Harm"]},
        {"ranker": {"rank": ["A", "A", "B"]}},
        {"ranker": {"rank": ["A"]}},
        {"ranker": {"no such": ["A", "B", "C"]}},
        {"ranker": {"_": ["A", "B", "C"]}},
        {"ranker": {"rank": ["A", "B", "Z"]}},
        {"text": "bare"},
        {"start": 3, "end": 3, "labels": ["omitted"]},
        {"start": 0, "end": 999, "labels": ["omitted"]},
        {"start": 0, "end": 1, "labels": ["no such"]},
        {"start": 0, "end": 1},
    ],
)
def test_a_wrong_answer_to_any_control_names_the_control(case: Case, value: Any) -> None:
    for control in case.config.controls.values():
        entry = {"from_name": control.name, "type": control.result_type, "value": value}
        others = [one for one in case.judged.result if one["from_name"] != control.name]
        with pytest.raises(JudgmentInvalid) as refused:
            case.decode([*others, entry])
        assert control.name in {row.field for row in refused.value.rows}


def test_the_browser_is_given_what_is_asked_for_and_no_model(case: Case) -> None:
    for order in case.orders():
        shown = case.show(order)
        assert set(shown) == case.config.data_fields
        assert "alder" not in json.dumps(shown)


def test_candidates_are_shown_in_their_order_under_names_that_tell_nothing(case: Case) -> None:
    orders = list(case.orders())
    assert len({json.dumps(case.show(order), sort_keys=True) for order in orders}) == len(orders)
    for order in orders:
        listed = [value for value in case.show(order).values() if isinstance(value, list)]
        assert all([one["id"] for one in shown] == ["A", "B", "C"] for shown in listed)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [inner for key, inner in value.items() if key not in {"id", "title"}]
    if isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def hostile(value: Any, text: str, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: hostile(inner, text, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner, text, key) for inner in value]
    return value if key == "role" else f"{text} {value}"


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.isprintable()][::3])
def test_hostile_text_in_any_field_is_inert(case: Case, text: str) -> None:
    item = case.template.item_model.model_validate(hostile(dict(case.judged.item), text))
    for html in texts(case.template.show(item, next(case.orders()), case.options)):
        assert_inert(html)
    assert "\n" not in case.template.brief(item)


def test_the_editor_shows_every_text_through_our_renderer(case: Case) -> None:
    tags = {one.tag for one in case.config.objects.values()}
    assert tags <= {"HyperText", "List"}


def test_those_who_agree_settle_an_item(case: Case) -> None:
    for method in ConsensusMethod:
        settled = case.settle([case.judgment] * 3, method)
        assert settled.confidence == 1.0, method
        json.dumps(settled.value)
        assert case.template.outcome is not None
        assert case.template.outcome(settled.value)
        records = case.template.records(case.item, settled, case.given(case.judgment))
        kinds = {record_kind(record) for record in records}
        assert kinds == set(case.template.record_kinds)
        none = case.settle([], method)
        assert (none.value, none.reason) == (None, "no_judgments")
        assert case.template.records(case.item, none, ()) == ()


def test_values_are_categories_of_their_measure(case: Case) -> None:
    assert case.template.measures
    for measure in case.template.measures:
        values = measure.values(case.judgment)
        assert measure.categories is not None
        assert values
        assert set(values.values()) <= set(measure.categories)
        assert measure.word is not None
        assert all(measure.word(category) for category in measure.categories)


def test_a_judgment_reads_as_words(case: Case) -> None:
    assert case.template.read is not None
    assert case.template.read_consensus is not None
    assert case.template.review is not None
    settled = case.settle([case.judgment])
    assert case.template.read(case.judgment).words
    assert case.template.read_consensus(settled.value, None).words
    review = case.template.review(case.item)
    assert len(review.parts) == case.template.candidates(case.item)


# One tag at a time


def test_pairwise_and_ratings_follow_the_texts_and_not_their_places(named: Any) -> None:
    case = named("pairwise")
    judgment = case.decode(case.judged.result, (1, 0))
    assert (judgment.better, judgment.help) == ("second", (2, 5))
    won = case.template.first_shown_won
    assert [won(judgment, (1, 0)), won(judgment, (0, 1))] == [True, False]


def test_a_pair_prefers_what_most_chose(named: Any) -> None:
    case = named("pairwise")
    other = case.judging(better="second")
    settled = case.settle([case.judgment, case.judgment, other])
    records = case.template.records(case.item, settled, ())
    (pair,) = [record for record in records if isinstance(record, Preference)]
    assert (pair.chosen, pair.chosen_model, pair.rejected) == ("Canberra.", "alder", "Sydney.")
    assert pair.soft_label == pytest.approx(2 / 3)
    tied = case.settle([case.judgment, other])
    assert (tied.value, tied.reason) == (None, "tied")


def test_the_same_result_type_of_pairwise_is_read_under_both_targets(named: Any) -> None:
    case = named("pairwise")
    for target in ("better", "answer_a"):
        raw = [{**one, "to_name": target} for one in case.judged.result]
        assert case.decode(raw).better == "first"


def test_a_ranking_yields_every_pair_of_the_prompt(named: Any) -> None:
    case = named("ranked_answers")
    settled = case.settle([case.judgment] * 2)
    records = case.template.records(case.item, settled, case.given(case.judgment))
    (ranking,) = [record for record in records if isinstance(record, Ranking)]
    assert list(ranking.ranks) == [2, 3, 1]
    assert [one.ranks for one in ranking.judgments] == [[2, 3, 1]]
    pairs = {
        (record.chosen, record.rejected, record.margin)
        for record in records
        if isinstance(record, Preference)
    }
    assert pairs == {("Three.", "One.", 1), ("Three.", "Two.", 2), ("One.", "Two.", 1)}


def test_rankings_that_go_in_a_circle_tie(named: Any) -> None:
    case = named("ranked_answers")
    circle = [case.judging(rank=ranks) for ranks in ((1, 2, 3), (3, 1, 2), (2, 3, 1))]
    settled = case.settle(circle)
    assert settled.value["rank"] == [1, 1, 1]
    assert settled.confidence == pytest.approx(2 / 3)


def test_candidates_of_one_tier_tie(named: Any) -> None:
    case = named("tiers")
    settled = case.settle([case.judgment])
    records = case.template.records(case.item, settled, ())
    (ranking,) = [record for record in records if isinstance(record, Ranking)]
    assert list(ranking.ranks) == [2, 1, 2]
    assert sum(isinstance(record, Preference) for record in records) == 2


def test_numbers_settle_at_their_mean_and_grades_at_the_nearest(named: Any) -> None:
    case = named("spans")
    judgments = [case.judging(faithfulness=number) for number in (0, 35, 100)]
    settled = case.settle(judgments, ConsensusMethod.MEAN)
    assert settled.value["faithfulness"] == 45
    assert settled.value["fluency"] == 4
    halfway = [case.judging(fluency=stars) for stars in (1, 2)]
    assert case.settle(halfway, ConsensusMethod.MEAN).value["fluency"] is None


def test_a_span_is_a_part_of_the_text_as_the_item_has_it(named: Any) -> None:
    case = named("spans")
    parts = [case.item.summary[span.start : span.end] for span in case.judgment.errors]
    assert parts == ["𝔘", "wine"]


def test_a_span_that_ends_within_a_line_end_holds_it_whole_on_the_page(named: Any) -> None:
    case = named("spans")
    (span, _) = case.judgment.errors
    cut = case.judging(errors=(span.model_copy(update={"start": 17, "end": 19}),))
    (errors, *_) = case.encode(cut)
    assert errors["value"]["globalOffsets"] == {"start": 17, "end": 19}
    assert case.decode([errors, *case.encode(cut)[1:]]).errors[0].end == 20


def test_a_number_off_its_steps_is_refused(named: Any) -> None:
    case = named("spans")
    others = [one for one in case.judged.result if one["from_name"] != "faithfulness"]
    for number in (-5, 36, 105, 35.5):
        with pytest.raises(JudgmentInvalid):
            case.decode([*others, result("faithfulness", "number", number=number)])


def test_a_hidden_question_is_neither_asked_nor_answered(named: Any) -> None:
    case = named("moderation")
    case.decode([choices("verdict", "Acceptable")])
    for raw, field in (
        ([choices("verdict", "Refuse")], "reason"),
        ([choices("verdict", "Acceptable"), result("reason", "textarea", text=["x"])], "reason"),
    ):
        with pytest.raises(JudgmentInvalid) as refused:
            case.decode(raw)
        assert {row.field for row in refused.value.rows} == {field}


def test_choices_left_untouched_are_an_answer_where_several_may_be_chosen(named: Any) -> None:
    case = named("flags")
    measure = next(one for one in case.template.measures if one.field == "answer_copy")
    untouched = case.decode([choices("sentiment class", "Positive")])
    assert dict(measure.values(untouched)) == {"toxic": "no", "Spam": "no"}
    assert case.settle([untouched] * 3).value["answer_copy"] == []


def test_two_candidates_of_the_same_text_are_refused(named: Any) -> None:
    case = named("ranked_answers")
    for answers in ([{"text": "a"}], [{"text": "a"}, {"text": "a"}], []):
        with pytest.raises(ValidationError):
            case.template.item_model.model_validate({"question": "q", "answers": answers})


def test_no_field_of_an_item_is_taken_that_was_not_declared(case: Case) -> None:
    with pytest.raises(ValidationError):
        case.template.item_model.model_validate({**case.judged.item, "gold": "B"})


def test_a_template_of_a_folder_is_whole(case: Case) -> None:
    template: AnyTemplate = case.template
    assert (template.key, template.version) == (case.key, "1.0.0")
    assert template.prompt_text(case.item).strip()
    assert 0 < len(template.brief(case.item)) <= 100
