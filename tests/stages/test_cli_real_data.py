"""Real judgments through the command line alone, against published and recomputed figures."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine

_STRENGTH = {"0": 0, "1": -1, "2": 1}


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open() as file:
        yield from map(json.loads, file)


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def text_of(response: object) -> str:
    """Return a response as the annotators saw it; the source has some "true" as a boolean."""
    return response if isinstance(response, str) else json.dumps(response)


def pandalm_items(folder: Path) -> Iterator[dict[str, Any]]:
    for item in read_lines(folder / "items.jsonl"):
        yield {
            "external_id": str(item["item_id"]),
            "prompt": "\n\n".join(filter(None, (item["instruction"], item["input"]))),
            "responses": [
                {"text": text_of(item[f"response_{side}"]), "model": item[f"model_{side}"]}
                for side in (1, 2)
            ],
            "metadata": {"source": item["source_app"]},
        }


def pandalm_judgments(folder: Path) -> Iterator[dict[str, Any]]:
    for row in read_table(folder / "annotations.csv"):
        yield {
            "external_id": row["item_id"],
            "annotator": row["annotator_id"],
            "value": {"strength": _STRENGTH[row["label"]]},
        }
    for row in read_table(folder / "llm_judges.csv"):
        if row["label"] in _STRENGTH:
            yield {
                "external_id": row["item_id"],
                "annotator": row["judge"],
                "annotator_kind": "model",
                "value": {"strength": _STRENGTH[row["label"]]},
            }


def write_gzipped(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    return path


@pytest.fixture
def pandalm(command_line: CommandLine, shared_data: Path) -> CommandLine:
    line, folder = command_line, shared_data / "pandalm"
    wanted = ("--organization", "Lab", "--template", "pairwise_preference", "--name", "pandalm")
    line.ok("campaign", "create", *wanted, "--overlap", 3, "--create-organization")
    items = write_gzipped(line.folder / "items.jsonl.gz", pandalm_items(folder))
    assert line.ok("import", "items", "pandalm", items)["added"] == 999
    judgments = write_gzipped(line.folder / "judgments.jsonl.gz", pandalm_judgments(folder))
    assert line.ok("import", "judgments", "pandalm", judgments)["added"] > 3 * 999
    return line


def test_three_annotators_of_pandalm_agree_as_published(
    pandalm: CommandLine, shared_data: Path
) -> None:
    oracle = json.loads((shared_data / "pandalm" / "oracle.json").read_text())
    expected = oracle["handout__pandalm"]["agreement"]
    measures = {one["field"]: one for one in pandalm.ok("agreement", "pandalm")["measures"]}
    direction = measures["direction"]
    assert direction["alpha"] == pytest.approx(expected["krippendorff_alpha_nominal"], abs=1e-9)
    observed = expected["observed_agreement_mean_over_items"]
    assert direction["percent_agreement"] == pytest.approx(observed, abs=1e-9)
    counts = (direction["n_units"], direction["n_annotators"], direction["n_judgments"])
    assert counts == (999, 3, 2997)
    low, high = direction["interval"]
    assert low < direction["alpha"] < high


def test_the_majority_of_pandalm_is_that_of_its_authors(pandalm: CommandLine) -> None:
    items = pandalm.ok("consensus", "pandalm", "--method", "majority")["items"]
    values = [item["value"] for item in items]
    assert [values.count(value) for value in ("tie", "first", "second")] == [105, 422, 472]
    assert all(item["n_judgments"] == 3 for item in items)


def test_a_release_of_pandalm_prefers_what_its_annotators_preferred(
    pandalm: CommandLine, shared_data: Path
) -> None:
    pandalm.ok("release", "freeze", "pandalm", "--name", "v1", "--drop-ties")
    export = ("--exporter", "trl_preference", "--format", "jsonl", "--to", "out")
    pandalm.ok("release", "export", "pandalm/v1", *export)
    votes: dict[str, int] = {}
    for row in read_table(shared_data / "pandalm" / "annotations.csv"):
        votes[row["item_id"]] = votes.get(row["item_id"], 0) + _STRENGTH[row["label"]]
    preferred: dict[tuple[str, str, str], int] = {}
    for item in pandalm_items(shared_data / "pandalm"):
        total = votes[item["external_id"]]
        chosen = item["responses"][total > 0]["text"]
        rejected = item["responses"][total <= 0]["text"]
        preferred[item["prompt"], chosen, rejected] = total
    pairs = list(read_lines(pandalm.folder / "out" / "trl_preference.jsonl"))
    assert len(pairs) == 422 + 472
    for pair in pairs:
        texts = [
            side if isinstance(side, str) else side[-1]["content"]
            for side in (pair["prompt"], pair["chosen"], pair["rejected"])
        ]
        assert preferred[texts[0], texts[1], texts[2]] != 0


def test_one_flipped_byte_is_noticed(pandalm: CommandLine) -> None:
    pandalm.ok("release", "freeze", "pandalm", "--name", "v1")
    export = ("--exporter", "trl_preference", "--format", "parquet", "--to", "out")
    pandalm.ok("release", "export", "pandalm/v1", *export)
    pandalm.ok("release", "verify", "pandalm/v1", "--in", "out")
    file = pandalm.folder / "out" / "trl_preference.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    error = pandalm.refused("release", "verify", "pandalm/v1", "--in", "out", code=3)
    assert error["code"] == "verification_failed"
    assert "trl_preference.parquet" in json.dumps(error)
    pandalm.ok("release", "verify", "pandalm/v1")


def test_the_same_files_again_change_nothing(pandalm: CommandLine) -> None:
    for what in ("items", "judgments"):
        again = pandalm.ok("import", what, "pandalm", pandalm.folder / f"{what}.jsonl.gz")
        assert (again["added"], again["updated"], again["superseded"]) == (0, 0, 0)


def _traces(folder: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(folder / "multistep_arithmetic.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def test_graded_traces_have_the_first_errors_of_their_source(
    command_line: CommandLine, shared_data: Path
) -> None:
    line = command_line
    traces = list(_traces(shared_data / "bigbench_mistake"))
    wanted = ("--organization", "Lab", "--template", "step_grading", "--name", "traces")
    line.ok("campaign", "create", *wanted, "--create-organization")
    items = (
        {
            "external_id": f"t-{number}",
            "problem": trace["input"],
            "steps": trace["steps"],
            "reference_answer": str(trace["target"]),
        }
        for number, trace in enumerate(traces)
    )
    line.ok("import", "items", "traces", line.write("items.jsonl", *items))
    judgments = (
        {
            "external_id": f"t-{number}",
            "annotator": "source",
            "value": _grades(len(trace["steps"]), trace["mistake_index"]),
        }
        for number, trace in enumerate(traces)
    )
    line.ok("import", "judgments", "traces", line.write("judgments.jsonl", *judgments))
    consensus = {
        item["external_id"]: item["value"]["first_error"]
        for item in line.ok("consensus", "traces")["items"]
    }
    expected = {f"t-{number}": trace["mistake_index"] for number, trace in enumerate(traces)}
    known = {"none": None}
    assert {key: known.get(value, value) for key, value in consensus.items()} == expected


def _grades(n_steps: int, mistake: int | None) -> dict[str, Any]:
    ratings = [-1 if step == mistake else 1 for step in range(n_steps)]
    return {"ratings": ratings, "verdict": "solution" if mistake is None else "found_error"}
