"""Rankings, ratings and scores that people gave, through the command line alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from tests.command_line import CommandLine
from tests.public_data_task_types import (
    Row,
    arena_items,
    finegrained_answers,
    finegrained_rows,
    first_readings,
    patients,
    ranks_of,
    read_oracle,
    wmt_items,
    wmt_ratings,
    wmt_scores,
    xsum_factuality,
    xsum_items,
)
from workbench.contracts.registry import register_folders

ALPHA, OBSERVED = "krippendorff_alpha_nominal", "observed_agreement_mean_over_items"
PREFERRED = {0: 0, 1: -1, 2: 1}


def create(line: CommandLine, name: str, template: str, **options: object) -> None:
    chosen = [f"--option={option}={value}" for option, value in options.items()]
    wanted = ("--organization", "Lab", "--create-organization", "--name", name)
    line.ok("campaign", "create", *wanted, "--template", template, *chosen)


def fill(line: CommandLine, name: str, items: Iterable[Row], judgments: Iterable[Row]) -> None:
    line.ok("import", "items", name, line.write("items.jsonl", *items))
    line.ok("import", "judgments", name, line.write("judgments.jsonl", *judgments))


def measures(line: CommandLine, name: str) -> dict[str, Any]:
    return {one["field"]: one for one in line.ok("agreement", name)["measures"]}


def test_six_preferences_among_four_answers_are_their_ranking(
    command_line: CommandLine, shared_data: Path
) -> None:
    """An annotator whose preferences run in a circle ranked nothing: those stay comparisons."""
    folder = shared_data / "finegrained_rlhf_dev"
    rows = finegrained_rows(folder)
    ranked = [row for row in rows if ranks_of(row["preference"]) is not None]
    circular = [row for row in rows if ranks_of(row["preference"]) is None]
    assert (len(ranked), len(circular)) == (478, 22)
    create(command_line, "rankings", "ranking")
    items = (
        {
            "external_id": str(row["item_id"]),
            "prompt": row["question"],
            "responses": finegrained_answers(row),
        }
        for row in ranked
    )
    judgments = (
        {
            "external_id": str(row["item_id"]),
            "annotator": "annotator",
            "value": {"ranks": ranks_of(row["preference"])},
        }
        for row in ranked
    )
    fill(command_line, "rankings", items, judgments)
    create(command_line, "circles", "pairwise_preference")
    pairs = [
        (f"{row['item_id']}/{one}-{other}", row, (one, other), preferred)
        for row in circular
        for (one, other), preferred in zip(
            combinations(range(4), 2), row["preference"], strict=True
        )
    ]
    compared = (
        {
            "external_id": name,
            "prompt": row["question"],
            "responses": [finegrained_answers(row)[index] for index in pair],
        }
        for name, row, pair, _ in pairs
    )
    preferences = (
        {
            "external_id": name,
            "annotator": "annotator",
            "value": {"strength": PREFERRED[preferred]},
        }
        for name, _, _, preferred in pairs
    )
    fill(command_line, "circles", compared, preferences)
    by_rank = Counter(dict(measures(command_line, "rankings")["preference"]["distribution"]))
    by_pair = Counter(dict(measures(command_line, "circles")["direction"]["distribution"]))
    expected = read_oracle(folder, "handout__finegrained")["preference_values"]
    both = by_rank + by_pair
    assert [both[key] for key in ("tie", "first", "second")] == [
        expected[key] for key in ("0", "1", "2")
    ]
    settled = command_line.ok("consensus", "rankings")["items"]
    assert [tuple(item["value"]["ranks"]) for item in settled] == [
        ranks_of(row["preference"]) for row in ranked
    ]


def test_outputs_of_three_models_are_ranked_unless_two_are_the_same(
    command_line: CommandLine, shared_data: Path
) -> None:
    create(command_line, "arena", "ranking")
    items = list(arena_items(shared_data / "arena_hard_outputs"))
    texts = [[response["text"] for response in item["responses"]] for item in items]
    (same,) = (number for number, three in enumerate(texts, start=1) if len(set(three)) < 3)
    file = command_line.write("items.jsonl", *items)
    error = command_line.refused("import", "items", "arena", file)
    (row,) = error["rows"]
    assert (row["line"], row["field"]) == (same, "responses")
    assert row["expected"] == "different texts; leave one of the two out"
    report = command_line.ok("import", "items", "arena", file, "--skip-bad-rows")
    assert (report["added"], report["rejected"]) == (499, 1)


def test_raters_agree_on_whether_a_translation_has_errors(
    command_line: CommandLine, shared_data: Path
) -> None:
    folder = shared_data / "wmt23_sxs_mqm_ende"
    scale = {"attributes": "any_error, any_major", "low": 0, "high": 1}
    create(command_line, "errors", "multi_attribute_rating", **scale)
    fill(command_line, "errors", wmt_items(folder), wmt_ratings(folder))
    oracle, found = read_oracle(folder, "handout__mqm_ende"), measures(command_line, "errors")
    # Of two values, each as far from the other at every level of measurement.
    for name in ("any_error", "any_major"):
        expected, measured = oracle[f"{name}_binary"], found[name]
        assert measured["alpha"] == pytest.approx(expected[ALPHA], abs=1e-6)
        assert measured["percent_agreement"] == pytest.approx(expected[OBSERVED], abs=1e-6)
        assert measured["n_judgments"] == expected["judgments"]
        assert measured["n_annotators"] == expected["annotators"]
        labels = expected["labels"]
        assert measured["distribution"] == [[0, labels["0"]], [1, labels["1"]]]


def test_grades_of_five_anaesthetists_are_ordinal(
    command_line: CommandLine, shared_data: Path
) -> None:
    folder = shared_data / "anesthesia_ds1979"
    scale = {"attributes": "grade", "low": 1, "high": 4}
    create(command_line, "grades", "multi_attribute_rating", **scale)
    fill(command_line, "grades", patients(folder), first_readings(folder))
    expected = read_oracle(folder, "handout__anesthesia")["agreement_first_reading"]
    grade = measures(command_line, "grades")["grade"]
    assert grade["level"] == "ordinal"
    assert grade["alpha"] == pytest.approx(expected["krippendorff_alpha_ordinal"], abs=1e-6)
    assert grade["percent_agreement"] == pytest.approx(expected[OBSERVED], abs=1e-6)
    kappas = [pair["cohen_kappa_quadratic"] for pair in expected["pairwise"].values()]
    (pooled,) = grade["also"]
    assert min(kappas) < pooled["value"] < max(kappas)


FACTUALITY = """<View>
  <Text name="summary" value="$summary"/>
  <Choices name="factual" toName="summary" choice="single" required="true">
    <Choice value="yes"/><Choice value="no"/><Choice value="NULL"/>
  </Choices>
</View>"""
SCORE = """<View>
  <Text name="target" value="$target"/>
  <Number name="score" toName="target" min="0" max="100" step="0.1" required="true"/>
</View>"""


@pytest.fixture
def own_line(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    """The command line of a lab with a folder for task types of its own."""
    folder = command_line.folder / "task-types"
    folder.mkdir()
    monkeypatch.setenv("WORKBENCH_TEMPLATE_DIR", str(folder))
    yield command_line
    register_folders(None)


def create_own(line: CommandLine, name: str, label_config: str, level: str = "") -> None:
    """Make a labeling configuration a task type, on a level if one is named; and a campaign."""
    config = line.folder / f"{name}.xml"
    config.write_text(label_config)
    made = Path(line.ok("template", "from-label-studio", config)["folder"])
    if level:
        declaration = made / "template.toml"
        guessed = re.sub(
            r'^level = "\w+"', f'level = "{level}"', declaration.read_text(), flags=re.MULTILINE
        )
        declaration.write_text(guessed)
    line.ok("template", "check", made)
    create(line, name, name)


def test_labels_that_no_task_type_has_are_those_of_a_labs_own(
    own_line: CommandLine, shared_data: Path
) -> None:
    folder = shared_data / "xsum_hallucination"
    create_own(own_line, "factuality", FACTUALITY)
    judgments = list(xsum_factuality(folder))
    judged = {row["external_id"] for row in judgments}
    items = (
        {"external_id": row["external_id"], "summary": row["response"]["text"]}
        for row in xsum_items(folder)
        if row["external_id"] in judged
    )
    fill(own_line, "factuality", items, judgments)
    factual = measures(own_line, "factuality")["factual"]
    expected = read_oracle(folder, "handout__xsum")["agreement"]
    assert factual["alpha"] == pytest.approx(expected[ALPHA], abs=1e-6)
    assert factual["percent_agreement"] == pytest.approx(expected[OBSERVED], abs=1e-6)
    assert dict(factual["distribution"]) == expected["labels"]


@pytest.mark.parametrize("level", ["interval", "ordinal"])
def test_scores_of_translations_are_numbers_on_a_scale(
    own_line: CommandLine, shared_data: Path, level: str
) -> None:
    folder = shared_data / "wmt23_sxs_mqm_ende"
    create_own(own_line, "mqm", SCORE, level)
    items = list(wmt_items(folder))
    targets = (
        {"external_id": row["external_id"], "target": row["responses"][0]["text"]} for row in items
    )
    scores = list(wmt_scores(folder))
    fill(own_line, "mqm", targets, scores)
    oracle = read_oracle(folder, "handout__mqm_ende")
    score = measures(own_line, "mqm")["score"]
    assert score["level"] == level
    expected = oracle[f"segment_score_alpha_{level}"]
    assert score["alpha"] == pytest.approx(expected, abs=1e-6)
    systems = {row["external_id"]: row["responses"][0]["model"] for row in items}
    given: dict[str, list[float]] = {}
    for row in scores:
        given.setdefault(systems[row["external_id"]], []).append(row["value"]["score"])
    means = {system: fmean(found) for system, found in given.items()}
    assert means == pytest.approx(oracle["system_mean_mqm"], abs=1e-6)
