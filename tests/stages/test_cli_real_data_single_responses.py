"""Rubrics, thumbs, policy reviews and graded steps that people gave, through the command line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine
from tests.public_data_task_types import (
    ERROR_TYPES,
    Row,
    crowd_items,
    crowd_thumbs,
    finegrained_review_items,
    finegrained_reviews,
    gsm8k_items,
    gsm8k_judgments,
    read_oracle,
    read_rows,
    realsumm_items,
    realsumm_judgments,
    xsum_items,
    xsum_reviews,
    xsum_thumbs,
)

ALPHA, OBSERVED = "krippendorff_alpha_nominal", "observed_agreement_mean_over_items"


def fill(
    line: CommandLine,
    template: str,
    items: Iterable[Row],
    judgments: Iterable[Row],
    **options: object,
) -> None:
    """Make a campaign of a task type, and import items and judgments into it."""
    chosen = [f"--option={name}={value}" for name, value in options.items()]
    wanted = ("--organization", "Lab", "--create-organization", "--name", "real")
    line.ok("campaign", "create", *wanted, "--template", template, *chosen)
    line.ok("import", "items", "real", line.write("items.jsonl", *items))
    line.ok("import", "judgments", "real", line.write("judgments.jsonl", *judgments))


def measures(line: CommandLine) -> dict[str, Any]:
    return {one["field"]: one for one in line.ok("agreement", "real")["measures"]}


def assert_agree(measured: Any, expected: Any) -> None:
    assert measured["alpha"] == pytest.approx(expected[ALPHA], abs=1e-6)
    assert measured["percent_agreement"] == pytest.approx(expected[OBSERVED], abs=1e-6)
    assert measured["n_units"] == expected["items"]
    assert measured["n_judgments"] == expected["judgments"]
    low, high = measured["interval"]
    assert low < measured["alpha"] < high


def ac1(measured: Any) -> float:
    (found,) = measured["also"]
    assert found["statistic"] == "gwet_ac1"
    value: float = found["value"]
    return value


def test_the_content_units_of_summaries_are_criteria_of_a_rubric(
    command_line: CommandLine, shared_data: Path
) -> None:
    folder = shared_data / "realsumm_scu"
    fill(command_line, "rubric_grading", realsumm_items(folder), realsumm_judgments(folder))
    expected = read_oracle(folder, "handout__realsumm")
    assert_agree(measures(command_line)["outcome"], expected["agreement"])
    settled = command_line.ok("consensus", "real", "--method", "mean")["items"]
    outcomes = Counter(outcome for item in settled for outcome in item["value"]["outcomes"])
    majority = expected["majority"]
    assert outcomes == {
        "met": majority["p_strict"],
        "unmet": majority["n_strict"],
        None: majority["tie"],
    }


@pytest.mark.parametrize("system", ["abs/bart_out", "ext/refresh_out"])
def test_the_content_units_of_one_system(
    command_line: CommandLine, shared_data: Path, system: str
) -> None:
    folder = shared_data / "realsumm_scu"
    items, judgments = realsumm_items(folder, system), realsumm_judgments(folder, system)
    fill(command_line, "rubric_grading", items, judgments)
    expected = read_oracle(folder, "handout__realsumm")["by_system"][system]
    assert_agree(measures(command_line)["outcome"], expected)


def test_a_summary_with_nothing_unsupported_has_a_thumb_up(
    command_line: CommandLine, shared_data: Path
) -> None:
    folder = shared_data / "xsum_hallucination"
    fill(command_line, "binary_feedback", xsum_items(folder), xsum_thumbs(folder))
    feedback = measures(command_line)["feedback"]
    expected = read_oracle(folder, "handout__xsum")["any_hallucination"]
    assert_agree(feedback, expected)
    assert ac1(feedback) == pytest.approx(expected["irrCAC_gwet"]["value"], abs=1e-6)
    labels = expected["labels"]
    assert feedback["distribution"] == [["up", labels["0"]], ["down", labels["1"]]]


def test_kinds_of_unsupported_spans_are_categories_of_a_policy(
    command_line: CommandLine, shared_data: Path
) -> None:
    folder = shared_data / "xsum_hallucination"
    categories = {"categories": "intrinsic, extrinsic"}
    fill(command_line, "safety_review", xsum_items(folder), xsum_reviews(folder), **categories)
    oracle, found = read_oracle(folder, "handout__xsum"), measures(command_line)
    # Two severities are used, and two values are as far apart ordinally as nominally.
    for kind in ("intrinsic", "extrinsic"):
        assert_agree(found[f"severity_{kind}"], oracle[f"any_{kind}"])
    assert_agree(found["verdict"], oracle["any_hallucination"])


@pytest.mark.parametrize("name", ["bluebird", "rte"])
def test_a_crowd_gives_thumbs(command_line: CommandLine, shared_data: Path, name: str) -> None:
    folder = shared_data / "crowd_labels"
    items, thumbs = crowd_items(folder, name), crowd_thumbs(folder, name)
    no_reasons = {"up_reasons": "", "down_reasons": ""}
    fill(command_line, "binary_feedback", items, thumbs, **no_reasons)
    feedback = measures(command_line)["feedback"]
    expected = read_oracle(folder, f"handout__crowd_{name}")["agreement"]
    assert_agree(feedback, expected)
    assert ac1(feedback) == pytest.approx(expected["irrCAC_gwet"]["value"], abs=1e-6)

    fitted = command_line.ok("consensus", "real", "--method", "dawid_skene")
    reference = read_oracle(folder, f"reference_EM__handout__crowd_{name}")["no_smoothing"]
    (fit,) = fitted["fits"]
    assert fit["log_likelihood"] == pytest.approx(reference["log_likelihood"], abs=1e-6)
    gold = {row["item_id"]: row["gold"] for row in read_rows(folder / f"{name}_gold.csv")}
    labels = {item["external_id"]: item["value"]["feedback"] for item in fitted["items"]}
    wrong = [item for item, label in gold.items() if labels[item] != {"1": "up"}.get(label, "down")]
    assert len(wrong) == reference["errors"]


def test_errors_marked_in_answers_are_kept_with_their_words(
    command_line: CommandLine, shared_data: Path
) -> None:
    folder = shared_data / "finegrained_rlhf_dev"
    items, reviews = finegrained_review_items(folder), finegrained_reviews(folder)
    categories = {"categories": ", ".join(ERROR_TYPES.values())}
    fill(command_line, "safety_review", items, reviews, **categories)
    command_line.ok("release", "freeze", "real", "--name", "v1")
    export = ("--exporter", "raw_judgments", "--format", "jsonl", "--to", "out")
    written = Path(command_line.ok("release", "export", "real/v1", *export)["path"])
    rows = [json.loads(row) for row in written.read_text().splitlines()]
    values = [json.loads(row["value"]) for row in rows]
    found = Counter(span["category"] for value in values for span in value["spans"])
    types = read_oracle(folder, "handout__finegrained")["types"]
    assert found == {ERROR_TYPES[name]: count for name, count in types.items()}


def test_solutions_that_end_in_the_right_answer(
    command_line: CommandLine, shared_data: Path
) -> None:
    folder = shared_data / "gsm8k_model_solutions"
    fill(command_line, "step_grading", gsm8k_items(folder), gsm8k_judgments(folder))
    oracle = read_oracle(folder, "gsm8k")
    settled = command_line.ok("consensus", "real")["items"]
    assert len(settled) == len(oracle["correct"]) * oracle["items"]
    right = Counter(
        item["external_id"].split("/")[0]
        for item in settled
        if item["value"]["verdict"] == "solution"
    )
    assert right == oracle["correct"]
    shares = {model: count / oracle["items"] for model, count in right.items()}
    assert shares == pytest.approx(oracle["share"], abs=1e-6)
