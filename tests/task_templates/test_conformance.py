"""What every task template of the registry must hold to, a third party's included."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder
from pydantic import ValidationError

from tests.ballots import ballot
from tests.task_templates.cases import (
    Case,
    cases,
    every_example,
    every_template,
    replaced,
    switched,
)
from workbench.contracts.label_config import Control, LabelConfig, parse_label_config
from workbench.contracts.records import record_kind
from workbench.contracts.task_template import (
    AnyTemplate,
    ConsensusMethod,
    Example,
    Measure,
)
from workbench.errors import JudgmentInvalid, TemplateBroken
from workbench.statistics import krippendorff_alpha
from workbench.statistics.distances import Level
from workbench.statistics.ratings import Ratings

ROOT = Path(__file__).resolve().parent.parent.parent
VERSIONS = Path(__file__).parent / "versions.json"


def configs(template: AnyTemplate) -> Iterator[LabelConfig]:
    for options in switched(template):
        yield parse_label_config(template.label_config(options))


def answer(name: str, control: Control, value: Any) -> dict[str, Any]:
    return {"from_name": name, "to_name": "x", "type": control.result_type, "value": value}


def names_of(control: Control) -> str:
    return control.named(0 if control.is_repeated else None)


# The files


@every_template
def test_a_template_says_what_it_is(template: AnyTemplate) -> None:
    assert template.title
    assert template.summary.endswith(".")
    assert len(template.guidelines) > 500
    assert len(template.examples) >= 8
    for option in template.options_model.model_fields.values():
        assert not option.is_required(), "a campaign must not have to choose"
        assert option.description


@every_template
def test_the_files_of_a_template_are_in_the_wheel(template: AnyTemplate) -> None:
    folder = folder_of(template)
    if not folder.is_relative_to(ROOT):
        return
    packed = {Path(file.path) for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert files_of(folder) <= packed
    assert {"label_config.xml", "guidelines.md", "examples.jsonl", "template.py"} <= {
        path.name for path in files_of(folder)
    }


def folder_of(template: AnyTemplate) -> Path:
    path = sys.modules[template.decode.__module__].__file__
    assert path is not None
    return Path(path).parent


def files_of(folder: Path) -> set[Path]:
    return {
        path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


def digest_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(files_of(folder)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


@every_template
def test_no_file_of_a_template_changes_without_its_version(template: AnyTemplate) -> None:
    present = {"version": template.version, "sha256": digest_of(folder_of(template))}
    recorded = json.loads(VERSIONS.read_text()).get(template.key)
    assert recorded == present, (
        f"{template.key} changed: judgments name the version they were made under. Raise it, then "
        f"record in {VERSIONS.name}: {json.dumps({template.key: present})}"
    )


# The labeling configuration


@every_template
def test_every_configuration_can_be_read(template: AnyTemplate) -> None:
    for config in configs(template):
        assert config.controls


@every_template
def test_a_doctype_is_refused(template: AnyTemplate) -> None:
    xml = template.label_config(template.options_model())
    with pytest.raises(TemplateBroken, match="DOCTYPE"):
        parse_label_config(f'<!DOCTYPE View [<!ENTITY x "y">]>{xml}')


@every_template
def test_every_control_can_be_reached_by_key_or_typed_into(template: AnyTemplate) -> None:
    for config in configs(template):
        assert {control.tag for control in config.controls.values()} <= {"Choices", "TextArea"}


WRONG = {
    "Choices": [
        {"choices": ["no such choice"]},
        {"choices": []},
        {"choices": "1"},
        {"choices": [1]},
        {"choices": None},
        {"text": ["1"]},
        {},
        None,
        "1",
    ],
    "TextArea": [
        {"text": "bare"},
        {"text": [1]},
        {"text": None},
        {"choices": ["x"]},
        {},
        None,
        "x",
    ],
}


@every_template
def test_a_wrong_answer_to_any_control_is_a_fault(template: AnyTemplate) -> None:
    case = cases(template)[0]
    for options in switched(template):
        config = parse_label_config(template.label_config(options))
        for control in config.controls.values():
            name = names_of(control)
            for value in WRONG[control.tag]:
                raw = [answer(name, control, value)]
                with pytest.raises(JudgmentInvalid) as refused:
                    template.decode(raw, case.item, case.example.presentation, options)
                assert name in {row.field for row in refused.value.rows}, (name, value)


@every_template
def test_every_control_is_decoded(template: AnyTemplate) -> None:
    """Leaving out a control's answer changes the judgment, or is refused, in some example."""
    unread = set(parse_label_config(template.label_config(template.options_model())).controls)
    for case in cases(template):
        for result in case.example.result:
            found = case.config.find_control(result["from_name"])
            assert found is not None
            rest = [other for other in case.example.result if other is not result]
            try:
                is_read = case.decode(rest) != case.judgment
            except JudgmentInvalid:
                is_read = True
            if is_read:
                unread.discard(found[0].name)
    assert unread == set()


@every_template
def test_an_unknown_control_and_a_second_answer_are_faults(template: AnyTemplate) -> None:
    for case in cases(template):
        first = case.example.result[0]
        for raw in (
            [*case.example.result, {**first, "from_name": "nobody"}],
            [*case.example.result, {**first, "from_name": "step_99999"}],
            [*case.example.result, first],
        ):
            with pytest.raises(JudgmentInvalid):
                case.decode(raw)


@every_template
@pytest.mark.parametrize("raw", [None, "", {}, 7, [None], [[]], ["strength"], [{}]])
def test_what_is_no_result_is_refused(template: AnyTemplate, raw: Any) -> None:
    with pytest.raises(JudgmentInvalid) as refused:
        cases(template)[0].decode(raw)
    assert refused.value.rows


@every_template
def test_an_empty_result_is_no_judgment(template: AnyTemplate) -> None:
    for case in cases(template):
        with pytest.raises(JudgmentInvalid):
            case.decode([])


# The examples


@every_example
def test_an_example_decodes_to_its_judgment(key: str, example: Example) -> None:
    case = Case(key, example)
    decoded = case.decode(example.result)
    case.template.check(decoded, case.item, case.options)
    assert decoded == case.judgment


@every_example
def test_the_order_of_results_says_nothing(key: str, example: Example) -> None:
    case = Case(key, example)
    assert case.decode(list(reversed(example.result))) == case.judgment


@every_example
def test_a_judgment_is_decoded_from_what_it_is_encoded_to(key: str, example: Example) -> None:
    case = Case(key, example)
    assert case.decode(case.encode()) == case.judgment


@every_example
def test_an_example_is_encoded_to_what_the_editor_made(key: str, example: Example) -> None:
    def answers(results: Sequence[Mapping[str, Any]]) -> list[Any]:
        kept = ("from_name", "to_name", "type", "value")
        return sorted(([result[name] for name in kept] for result in results), key=str)

    case = Case(key, example)
    encoded = case.encode()
    assert answers(encoded) == answers(example.result)
    assert len({result["id"] for result in encoded}) == len(encoded)


@every_example
def test_a_judgment_is_the_same_in_whatever_order_candidates_were_shown(
    key: str, example: Example
) -> None:
    case = Case(key, example)
    for order in case.orders():
        assert case.decode(case.encode(order), order) == case.judgment


@every_template
def test_the_order_shown_is_not_ignored(template: AnyTemplate) -> None:
    shuffled = [case for case in cases(template) if template.candidates(case.item) > 1]
    for case in shuffled:
        shown = [template.show(case.item, order, case.options) for order in case.orders()]
        assert len({json.dumps(data, sort_keys=True) for data in shown}) == len(shown)
    decoded = [{decoded_or_refused(case, order) for order in case.orders()} for case in shuffled]
    assert not shuffled or any(len(values) > 1 for values in decoded)


def decoded_or_refused(case: Case, order: Sequence[int]) -> str:
    try:
        return str(case.decode(case.example.result, order).model_dump_json())
    except JudgmentInvalid as refused:
        return str(refused)


@every_example
def test_a_judgment_survives_storage(key: str, example: Example) -> None:
    case = Case(key, example)
    stored = case.judgment.model_dump_json()
    assert case.template.judgment_model.model_validate_json(stored) == case.judgment
    item = case.template.item_model.model_validate_json(case.item.model_dump_json())
    assert item == case.item


# Measures, consensus and records


@every_example
@pytest.mark.parametrize("method", ConsensusMethod)
def test_three_who_agree_settle_an_example_and_yield_its_records(
    key: str, example: Example, method: ConsensusMethod
) -> None:
    case = Case(key, example)
    settled = case.template.settle(case.item, ballot(case.template, method, [case.judgment] * 3))
    records = case.template.records(case.item, settled, ())
    expected = {} if settled.value is None else example.records
    assert Counter(record_kind(record) for record in records) == expected
    assert set(example.records) <= set(case.template.record_kinds)
    if settled.value is None:
        assert settled.reason
    else:
        assert settled.confidence == 1.0
        json.dumps(settled.value)
        if case.template.outcome is not None:
            assert case.template.outcome(settled.value)


@every_template
@pytest.mark.parametrize("method", ConsensusMethod)
def test_an_item_without_judgments_is_not_settled(
    template: AnyTemplate, method: ConsensusMethod
) -> None:
    item = cases(template)[0].item
    settled = template.settle(item, ballot(template, method, []))
    assert (settled.value, settled.reason) == (None, "no_judgments")
    assert template.records(item, settled, ()) == ()


@every_example
def test_values_are_categories_of_their_measure(key: str, example: Example) -> None:
    case = Case(key, example)
    for measure in case.template.measures:
        values = measure.values(case.judgment)
        if measure.categories is not None:
            assert set(values.values()) <= set(measure.categories)
        if measure.leaves_out is not None:
            assert (measure.leaves_out(case.judgment) is None) == bool(values)


def alpha(measure: Measure, judgments: Iterator[tuple[str, int, Any]]) -> float | None:
    rows = [
        (f"{item}/{unit}", annotator, value)
        for item, annotator, judgment in judgments
        for unit, value in measure.values(judgment).items()
    ]
    units, annotators, values = zip(*rows, strict=True)
    ratings = Ratings.from_labels(units, annotators, values, categories=measure.categories)
    return krippendorff_alpha(ratings, Level(measure.level), bootstrap=0).value


@every_template
def test_annotators_who_agree_have_an_alpha_of_one_and_others_less(template: AnyTemplate) -> None:
    known = [case for case in cases(template) if measured(case.template) == measured(template)]
    others = {
        id(case): [
            other.judgment
            for other in known
            if other.judgment != case.judgment and fits(case, other.judgment)
        ]
        for case in known
    }

    def given(third: Callable[[Case], Any]) -> Iterator[tuple[str, int, Any]]:
        for case in known:
            for annotator in range(3):
                judgment = third(case) if annotator == 2 else case.judgment
                yield case.example.title, annotator, judgment

    for measure in template.measures:
        assert alpha(measure, given(lambda case: case.judgment)) == 1.0, measure.field
        contrary = alpha(measure, given(lambda case: (others[id(case)] or [case.judgment])[0]))
        assert contrary is not None
        assert contrary < 1.0, measure.field


def measured(template: AnyTemplate) -> list[tuple[str, Any]]:
    """Return what is measured on which scale, which the options of an example may change."""
    return [(measure.field, measure.categories) for measure in template.measures]


def fits(case: Case, judgment: Any) -> bool:
    try:
        case.template.check(judgment, case.item, case.options)
    except JudgmentInvalid:
        return False
    return True


# What the browser is given


@every_example
def test_the_browser_is_given_what_the_configuration_asks_for_and_no_more(
    key: str, example: Example
) -> None:
    case = Case(key, example)
    for order in case.orders():
        data = case.template.show(case.item, order, case.options)
        assert set(data) == case.config.data_fields
        json.dumps(data)


@every_example
def test_no_model_is_named_to_the_browser(key: str, example: Example) -> None:
    case = Case(key, example)
    item = replaced(example.item, lambda text, name: "m0del-name" if name == "model" else text)
    shown = case.template.show(
        case.template.item_model.model_validate(item), next(case.orders()), case.options
    )
    assert "m0del-name" not in json.dumps(shown)


@every_template
def test_text_that_cannot_be_stored_is_refused(template: AnyTemplate) -> None:
    for case in cases(template):
        broken = replaced(case.example.item, lambda text, name: f"{text}\ud800")
        with pytest.raises(ValidationError):
            template.item_model.model_validate(broken)


@every_example
def test_an_item_has_one_line_and_a_prompt(key: str, example: Example) -> None:
    case = Case(key, example)
    assert 0 < len(case.template.brief(case.item)) <= 100
    assert case.template.prompt_text(case.item).strip()


@every_template
def test_what_an_expert_writes_is_kept_or_refused_but_never_breaks(template: AnyTemplate) -> None:
    for case in cases(template):
        for text in ("\ud800", "x" * 100_000, "\x00\u202e<script>"):
            raw = [
                {**result, "value": {"text": [text]}} if result["type"] == "textarea" else result
                for result in case.example.result
            ]
            try:
                decoded = case.decode(raw)
            except JudgmentInvalid as refused:
                json.dumps(refused.as_document()).encode()
            else:
                decoded.model_dump_json().encode()
