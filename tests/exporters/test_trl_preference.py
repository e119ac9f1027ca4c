"""TRL's preference format, in each of its shapes, from record batches alone."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.trl_preference import EXPORTER
from workbench.contracts.exporter import Converted
from workbench.contracts.preference_pairs import PairOptions as Options
from workbench.contracts.preference_pairs import Prompt
from workbench.contracts.record_schemas import record_schema
from workbench.contracts.records import RecordKind
from workbench.contracts.training_text import NEEDS_CONVERSATIONAL, Form

SCHEMA = record_schema(RecordKind.PREFERENCE)
TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Name a colour."},
    {"role": "assistant", "content": "Blue."},
    {"role": "user", "content": "Another."},
]


def record(prompt: Any, chosen: str, rejected: str, margin: float | None = 1.5) -> dict[str, Any]:
    if isinstance(prompt, str):
        prompt = [{"role": "user", "content": prompt}]
    return {
        "prompt": prompt,
        "chosen": chosen,
        "rejected": rejected,
        "margin": margin,
        "chosen_model": None,
        "rejected_model": "m2",
        "item_id": "itm_1",
        "external_id": "p-1",
        "prompt_hash": "00",
        "confidence": 1.0,
        "n_judgments": 3,
        "simulated": False,
    }


def convert(records: list[dict[str, Any]], **options: Any) -> Converted:
    batch = pa.RecordBatch.from_pylist(records, schema=SCHEMA)
    chosen = Options(**options)
    converted = EXPORTER.convert(batch, chosen)
    assert converted.batch.schema == EXPORTER.schema(chosen)
    converted.batch.validate(full=True)
    return converted


def assistant(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


def test_conversational_with_an_explicit_prompt_is_the_default() -> None:
    converted = convert([record("Sky?", "Blue.", "Green."), record(TALK, "Red.", "", None)])
    assert converted.batch.to_pylist() == [
        {
            "prompt": [{"role": "user", "content": "Sky?"}],
            "chosen": assistant("Blue."),
            "rejected": assistant("Green."),
            "margin": 1.5,
        },
        {"prompt": TALK, "chosen": assistant("Red."), "rejected": assistant(""), "margin": 0.0},
    ]
    assert converted.left_out == {}


def test_conversational_with_an_implicit_prompt_begins_with_it() -> None:
    converted = convert(
        [record(TALK, "Red.", "Rot."), record("Hi", "Yes", "No")], prompt="implicit"
    )
    assert converted.batch.to_pylist() == [
        {"chosen": TALK + assistant("Red."), "rejected": TALK + assistant("Rot."), "margin": 1.5},
        {
            "chosen": [{"role": "user", "content": "Hi"}, *assistant("Yes")],
            "rejected": [{"role": "user", "content": "Hi"}, *assistant("No")],
            "margin": 1.5,
        },
    ]


def test_the_standard_form_leaves_out_what_is_no_single_user_message() -> None:
    system_only = [{"role": "system", "content": "Be brief."}]
    records = [record(TALK, "a", "b"), record("One?", "c", "d"), record(system_only, "e", "f")]
    converted = convert(records, form="standard")
    assert converted.batch.to_pylist() == [
        {"prompt": "One?", "chosen": "c", "rejected": "d", "margin": 1.5}
    ]
    assert converted.left_out == {NEEDS_CONVERSATIONAL: 2}
    assert converted.kept is not None
    assert converted.kept.to_pylist() == [False, True, False]


@pytest.mark.parametrize("separator", ["", "\n\n"])
def test_standard_prompts_and_responses_join_to_the_implicit_form(separator: str) -> None:
    """TRL's trainers put prompt and response together as they are."""
    records = [record("Sky?", "Blue.", "Green.")]
    explicit = convert(records, form="standard", separator=separator).batch.to_pylist()[0]
    implicit = convert(
        records, form="standard", prompt="implicit", separator=separator
    ).batch.to_pylist()[0]
    assert implicit["chosen"] == explicit["prompt"] + explicit["chosen"]
    assert implicit["rejected"] == explicit["prompt"] + explicit["rejected"]
    assert explicit["chosen"] == "Blue."


def test_the_margin_column_is_optional() -> None:
    assert convert([record("a", "b", "c")], margin=False).batch.schema.names == [
        "prompt",
        "chosen",
        "rejected",
    ]


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("prompt", Prompt)
def test_no_rows_give_no_rows(form: Form, prompt: Prompt) -> None:
    assert len(convert([], form=form, prompt=prompt).batch) == 0


MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant"]), "content": st.text(max_size=20)}
    ),
    max_size=5,
)
RECORDS = st.lists(
    st.builds(record, MESSAGES, st.text(max_size=20), st.text(max_size=20)), max_size=8
)


@given(records=RECORDS, offset=st.integers(0, 3))
def test_a_slice_of_a_batch_converts_like_the_rows_it_shows(
    records: list[dict[str, Any]], offset: int
) -> None:
    """Arrow's slices share buffers with what lies before and after them."""
    whole = pa.RecordBatch.from_pylist(records, schema=SCHEMA)
    for options in (
        Options(),
        Options(prompt=Prompt.IMPLICIT),
        Options(form=Form.STANDARD),
        Options(form=Form.STANDARD, prompt=Prompt.IMPLICIT, separator=" "),
    ):
        sliced = EXPORTER.convert(whole.slice(offset), options).batch
        alone = convert(records[offset:], **options.model_dump()).batch
        assert sliced.to_pylist() == alone.to_pylist()


@given(records=RECORDS)
def test_the_conversational_forms_say_the_same(records: list[dict[str, Any]]) -> None:
    explicit = convert(records).batch.to_pylist()
    implicit = convert(records, prompt="implicit").batch.to_pylist()
    assert [row["prompt"] + row["chosen"] for row in explicit] == [
        row["chosen"] for row in implicit
    ]
    assert [row["chosen"][-1]["content"] for row in explicit] == [row["chosen"] for row in records]
