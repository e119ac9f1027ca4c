"""Graded solutions: agreement per step and on the first error, consensus, training rows."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.acceptance.definitions import alpha, nominal, ordinal, pairable, percent_agreement
from tests.command_line import CommandLine

Grading = dict[str, Any]
TASKS = ("multistep_arithmetic", "tracking_shuffled_objects", "word_sorting")


def create(line: CommandLine, name: str, *options: str) -> None:
    wanted = ("--organization", "Acme", "--template", "step_grading", "--name", name)
    line.ok("campaign", "create", *wanted, "--create-organization", *options)


def fill(line: CommandLine, name: str, given: dict[str, list[Grading]]) -> None:
    rows = [
        {"external_id": item, "annotator": f"a{place}", "value": value}
        for item, gradings in given.items()
        for place, value in enumerate(gradings)
    ]
    added = line.ok("import", "judgments", name, line.write("judgments.jsonl", *rows))["added"]
    assert added == len(rows)


def random_grading(draw: random.Random, n_steps: int, first_bad: int | None) -> Grading:
    if first_bad is None:
        ratings: list[int | str] = [draw.choice([1, 1, 1, 0, "unsure"]) for _ in range(n_steps)]
        return {
            "ratings": ratings,
            "verdict": draw.choice(["solution"] * 5 + ["bad_problem", "give_up"]),
        }
    after = [draw.choice([1, 0, -1]) for _ in range(n_steps - first_bad - 1)]
    ratings = [draw.choice([1, 1, 0]) for _ in range(first_bad)] + [-1]
    if draw.random() < 0.6:
        ratings += after
    return {"ratings": ratings, "verdict": "found_error", "critiques": {str(first_bad): "No."}}


def random_gradings(seed: int) -> tuple[dict[str, int], dict[str, list[Grading]]]:
    """Return each item's number of steps and its gradings, mostly of one mind."""
    draw = random.Random(seed)
    lengths = {f"s-{number}": draw.randint(1, 6) for number in range(150)}
    given: dict[str, list[Grading]] = {}
    for name, n_steps in lengths.items():
        truth = draw.choice([None, *range(n_steps)])
        given[name] = [
            random_grading(
                draw,
                n_steps,
                truth if draw.random() < 0.75 else draw.choice([None, *range(n_steps)]),
            )
            for _ in range(draw.randint(0, 4))
        ]
    return lengths, given


def first_error(grading: Grading) -> int | str | None:
    """Return the first error that a grading names, `none` if it denies one, None if it is open."""
    if -1 in grading["ratings"]:
        return int(grading["ratings"].index(-1))
    return None if grading["verdict"] in {"bad_problem", "give_up"} else "none"


def ratings_by_step(lengths: dict[str, int], given: dict[str, list[Grading]]) -> list[list[Any]]:
    return [
        [
            grading["ratings"][step]
            for grading in given[name]
            if step < len(grading["ratings"]) and grading["ratings"][step] != "unsure"
        ]
        for name, n_steps in lengths.items()
        for step in range(n_steps)
    ]


@pytest.fixture
def graded(command_line: CommandLine) -> CommandLine:
    create(command_line, "steps")
    lengths, given = random_gradings(seed=7)
    items = (
        {"external_id": name, "problem": "Prove it.", "steps": [f"Step {n}." for n in range(many)]}
        for name, many in lengths.items()
    )
    command_line.ok("import", "items", "steps", command_line.write("items.jsonl", *items))
    fill(command_line, "steps", given)
    return command_line


def test_agreement_on_steps_is_that_of_the_definition(graded: CommandLine) -> None:
    lengths, given = random_gradings(seed=7)
    ratings = ratings_by_step(lengths, given)
    errors = [
        [error for grading in gradings if (error := first_error(grading)) is not None]
        for gradings in given.values()
    ]
    measures = {one["field"]: one for one in graded.ok("agreement", "steps")["measures"]}
    for name, level, unit, units, distance in (
        ("rating", "ordinal", "item × step", ratings, ordinal(ratings, [-1, 0, 1])),
        ("first_error", "nominal", "item", errors, nominal),
    ):
        measured = measures[name]
        assert (measured["level"], measured["unit"]) == (level, unit)
        assert measured["alpha"] == pytest.approx(alpha(units, distance), abs=1e-9)
        percent = percent_agreement(units)
        assert measured["percent_agreement"] == pytest.approx(percent, abs=1e-9)
        assert measured["n_units"] == len(pairable(units))
        assert measured["n_judgments"] == sum(map(len, pairable(units)))


@pytest.mark.parametrize("neutral", [True, False])
def test_a_step_of_an_export_is_true_as_its_grade_and_the_option_say(
    graded: CommandLine, neutral: bool
) -> None:
    graded.ok("release", "freeze", "steps", "--name", "v1")
    contents = []
    for kind in ("jsonl", "parquet"):
        exported = graded.ok(
            *("release", "export", "steps/v1", "--exporter", "trl_stepwise", "--format", kind),
            *("--to", "out", "--option", f"neutral={str(neutral).lower()}"),
        )
        assert exported["options"]["neutral"] == neutral
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert {file["options"]["neutral"] for file in manifest["files"].values()} == {neutral}
    lines = Path("out/trl_stepwise.jsonl").read_text().splitlines()
    contents = [json.loads(row) for row in lines]
    assert contents == pq.read_table("out/trl_stepwise.parquet").to_pylist()
    settled = [item["value"] for item in graded.ok("consensus", "steps")["items"] if item["value"]]
    label = {1: True, 0: neutral, -1: False}
    expected = []
    for value in settled:
        end = None if value["first_error"] is None else value["first_error"] + 1
        ratings = value["ratings"][:end]
        if value["verdict"] in {"solution", "found_error"} and None not in ratings:
            expected.append([label[rating] for rating in ratings])
    assert [row["labels"] for row in contents] == expected
    assert {len(row["labels"]) - len(row["completions"]) for row in contents} == {0}
    assert (False in [one for row in contents for one in row["labels"][:-1]]) != neutral


def traces(folder: Path) -> Iterator[dict[str, Any]]:
    for task in TASKS:
        with gzip.open(folder / f"{task}.jsonl.gz", "rt", encoding="utf-8") as file:
            yield from map(json.loads, file)


def grading_of(n_steps: int, mistake: int | None, *, stops: bool) -> Grading:
    if mistake is None:
        return {"ratings": [1] * n_steps, "verdict": "solution"}
    after = 0 if stops else n_steps - mistake - 1
    return {"ratings": [1] * mistake + [-1] + [-1] * after, "verdict": "found_error"}


@pytest.mark.parametrize("stops", [False, True])
def test_two_right_graders_of_three_find_every_first_mistake(
    command_line: CommandLine, shared_data: Path, stops: bool
) -> None:
    draw, line = random.Random(1), command_line
    known = list(traces(shared_data / "bigbench_mistake"))
    create(line, "traces", "--option", f"stop_at_first_error={str(stops).lower()}")
    items = (
        {"external_id": one["item_id"], "problem": one["input"], "steps": one["steps"]}
        for one in known
    )
    assert line.ok("import", "items", "traces", line.write("i.jsonl", *items))["added"] == 900
    alike = {
        one["item_id"]: [grading_of(len(one["steps"]), one["mistake_index"], stops=stops)] * 2
        for one in known
    }
    fill(line, "traces", alike)
    for measure in line.ok("agreement", "traces")["measures"]:
        assert (measure["alpha"], measure["percent_agreement"]) == (1, 1)
    for method in ("majority", "mean", "dawid_skene"):
        assert mistakes(line, method) == [one["mistake_index"] for one in known]
    careless = {
        one["item_id"]: [
            *alike[one["item_id"]],
            grading_of(
                len(one["steps"]), draw.choice([None, *range(len(one["steps"]))]), stops=stops
            ),
        ]
        for one in known
    }
    rows = [
        {"external_id": item, "annotator": "a2", "value": gradings[2]}
        for item, gradings in careless.items()
    ]
    line.ok("import", "judgments", "traces", line.write("third.jsonl", *rows))
    errors = [[first_error(one) for one in gradings] for gradings in careless.values()]
    measures = {one["field"]: one for one in line.ok("agreement", "traces")["measures"]}
    expected = alpha(errors, nominal)
    assert measures["first_error"]["alpha"] == pytest.approx(expected, abs=1e-9)
    assert mistakes(line, "majority") == [one["mistake_index"] for one in known]


def mistakes(line: CommandLine, method: str) -> list[int | None]:
    found = line.ok("consensus", "traces", "--method", method)["items"]
    assert [item["reason"] for item in found] == [None] * len(found)
    return [item["value"]["first_error"] for item in found]
