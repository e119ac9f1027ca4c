"""Agreement, consensus and releases from the command line, on judgments that people gave."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.command_line import CommandLine
from tests.imports import comparison_row, judgment_row
from tests.public_data import (
    Row,
    llmfao_items,
    llmfao_judgments,
    pandalm_items,
    pandalm_judgments,
    pandalm_models,
    ukp_items,
    ukp_judgments,
)

ORACLES = [
    ("pandalm", pandalm_items, pandalm_judgments, 0.8642206852, None, 0.9199199199, 2997),
    ("llmfao", llmfao_items, llmfao_judgments, 0.2905951039, 0.2875527295, 0.5285624608, 8916),
    ("ukp_convarg1", ukp_items, ukp_judgments, 0.3766572126, None, 0.6049376475, 19735),
]


def create(
    line: CommandLine,
    *options: str,
    name: str = "first",
    template: str = "pairwise_preference",
) -> None:
    line.ok(
        *("campaign", "create", "--organization", "Acme", "--create-organization"),
        *("--template", template, "--name", name, *options),
    )


def fill(line: CommandLine, *strengths: tuple[int, ...], name: str = "first") -> None:
    """Make a campaign with an item for each tuple, judged by as many people as it is long."""
    create(line, name=name)
    names = [f"p-{number}" for number in range(len(strengths))]
    line.ok("import", "items", name, line.write("i.jsonl", *map(comparison_row, names)))
    rows = [
        judgment_row(item, f"a{place}", value={"strength": strength})
        for item, row in zip(names, strengths, strict=True)
        for place, strength in enumerate(row)
    ]
    line.ok("import", "judgments", name, line.write("j.jsonl", *rows))


@pytest.mark.parametrize(
    ("source", "items", "judgments", "nominal", "ordinal", "percent", "pairable"),
    ORACLES,
    ids=[oracle[0] for oracle in ORACLES],
)
def test_published_agreement_is_met(
    command_line: CommandLine,
    shared_data: Path,
    source: str,
    items: Callable[[Path], Iterator[Row]],
    judgments: Callable[[Path], Iterator[Row]],
    nominal: float,
    ordinal: float | None,
    percent: float,
    pairable: int,
) -> None:
    line, folder = command_line, shared_data / source
    # Two comparisons of one source are of a text with itself.
    create(line, "--option", "allow_identical=true")
    line.ok("import", "items", "first", line.write("items.jsonl", *items(folder)))
    line.ok("import", "judgments", "first", line.write("judgments.jsonl", *judgments(folder)))
    document = line.ok("agreement", "first")
    assert set(document) == {"campaign", "measures", "coefficients"}
    fields = {one["field"]: one for one in document["measures"]}
    direction, strength = fields["direction"], fields["strength"]
    assert (direction["level"], strength["level"]) == ("nominal", "ordinal")
    assert direction["alpha"] == pytest.approx(nominal, abs=1e-6)
    assert direction["percent_agreement"] == pytest.approx(percent, abs=1e-6)
    assert direction["n_judgments"] == pairable
    low, high = direction["interval"]
    assert low < nominal < high
    if ordinal is not None:
        assert strength["alpha"] == pytest.approx(ordinal, abs=1e-6)


def test_majority_leaves_tied_votes_without_a_consensus(
    command_line: CommandLine, shared_data: Path
) -> None:
    line, folder = command_line, shared_data / "llmfao"
    create(line)
    line.ok("import", "items", "first", line.write("items.jsonl", *llmfao_items(folder)))
    line.ok("import", "judgments", "first", line.write("j.jsonl", *llmfao_judgments(folder)))
    items = line.ok("consensus", "first", "--method", "majority")["items"]
    assert len(items) == 2139
    assert Counter(item["reason"] for item in items) == {None: 1831, "tied": 308}
    assert all((item["value"] is None) == (item["reason"] is not None) for item in items)


def test_judge_models_stay_out_unless_asked_for(
    command_line: CommandLine, shared_data: Path
) -> None:
    line, folder = command_line, shared_data / "pandalm"
    create(line)
    line.ok("import", "items", "first", line.write("items.jsonl", *pandalm_items(folder)))
    people, models = pandalm_judgments(folder), pandalm_models(folder)
    line.ok("import", "judgments", "first", line.write("j.jsonl", *people, *models))
    alone = line.ok("agreement", "first")["measures"][0]
    together = line.ok("agreement", "first", "--include-models")["measures"][0]
    assert alone["alpha"] == pytest.approx(0.8642206852, abs=1e-6)
    assert (alone["n_annotators"], together["n_annotators"]) == (3, 5)
    assert together["alpha"] < alone["alpha"]


def test_every_method_answers_the_same_fields(command_line: CommandLine) -> None:
    fill(command_line, (-1, -2), (3, 1), (1, -1))
    for method in ("majority", "mean", "dawid_skene"):
        document = command_line.ok("consensus", "first", "--method", method)
        assert document["method"] == method
        assert [item["external_id"] for item in document["items"]] == ["p-0", "p-1", "p-2"]
        assert {tuple(item) for item in document["items"]} == {
            ("external_id", "value", "reason", "confidence", "margin", "n_judgments")
        }


def test_a_campaign_without_judgments_answers_without_failing(command_line: CommandLine) -> None:
    create(command_line)
    create(command_line, name="steps", template="step_grading")
    for name in ("first", "steps"):
        for measure in command_line.ok("agreement", name)["measures"]:
            assert (measure["alpha"], measure["reason"]) == (None, "no_pairable_units")
        assert command_line.ok("consensus", name, "--method", "dawid_skene")["items"] == []
        assert command_line.ok("release", "freeze", name)["name"] == "v1"
    exported = command_line.ok(
        *("release", "export", "first/v1", "--exporter", "trl_preference"),
        *("--format", "parquet", "--to", "out"),
    )
    assert pq.read_table(exported["path"]).num_rows == 0


@pytest.mark.parametrize("command", ["agreement", "consensus"])
def test_people_get_a_table(command_line: CommandLine, command: str) -> None:
    fill(command_line, (-1, -2), (3, 1))
    ran = command_line(command, "first")
    assert ran.code == 0
    assert ("direction" in ran.stdout) == (command == "agreement")


def test_from_a_release_to_files_and_back(any_command_line: CommandLine) -> None:
    line = any_command_line
    fill(line, (-1, -2), (3, 1), (0, 0), (2,))
    frozen = line.ok(
        *("release", "freeze", "first", "--name", "v1", "--min-judgments", 2, "--drop-ties")
    )
    assert frozen["name"] == "v1"
    assert {step["step"]: step["left_out"] for step in frozen["steps"]} == {
        "judgments": {"below_min_judgments": 1},
        "consensus": {},
        "confidence": {},
        "ties": {"tie": 1},
        "records_preference": {},
        "records_comparison": {},
        "records_prompt": {},
        "records_response": {},
    }
    for reference in (frozen["id"], "first/v1"):
        for kind in ("parquet", "jsonl"):
            exported = line.ok(
                *("release", "export", reference, "--exporter", "trl_preference"),
                *("--format", kind, "--to", "out", "--option", "form=standard"),
            )
            assert exported["rows"] == 2
    rows = [json.loads(row) for row in Path("out/trl_preference.jsonl").read_text().splitlines()]
    assert rows == pq.read_table("out/trl_preference.parquet").to_pylist()
    assert [row["chosen"] for row in rows] == ["One.", "Two."]
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert set(manifest["files"]) == {"trl_preference.parquet", "trl_preference.jsonl"}
    verified = line.ok("release", "verify", "first/v1", "--in", "out")
    assert verified["verified"] is True
    assert {one["state"] for one in verified["files"] + verified["export"]} == {"intact"}
    assert [one["id"] for one in line.ok("release", "list")["releases"]] == [frozen["id"]]


def test_what_an_export_would_hold_is_seen_before_anything_is_written(
    command_line: CommandLine,
) -> None:
    fill(command_line, (3, 3), (-2, -2), (0, 0))
    command_line.ok("release", "freeze", "first", "--name", "v1")
    fitting = command_line.ok("release", "preview", "first/v1")["previews"]
    assert {"trl_preference", "lmsys_battles", "raw_judgments"} <= set(fitting)
    assert not {"trl_stepwise", "trl_prompt_completion"} & set(fitting)
    one = command_line.ok(
        *("release", "preview", "first/v1", "--exporter", "helpsteer2_preference"),
    )["previews"]["helpsteer2_preference"]
    assert (one["rows_in"], one["is_complete"], one["left_out"]) == (3, True, {"tie": 1})
    assert [row["preference_strength"] for row in one["rows"]] == [3, -2]
    read = command_line("release", "preview", "first/v1", "--exporter", "trl_preference")
    assert '"chosen"' in read.stdout
    assert not list(Path().glob("**/trl_preference.*"))


def test_a_release_may_keep_out_the_prompts_of_a_file(command_line: CommandLine) -> None:
    fill(command_line, (1, 2), (-1, -1))
    prompt = comparison_row("p-1")["prompt"]
    file = command_line.write("benchmark.jsonl", {"prompt": prompt})
    frozen = command_line.ok("release", "freeze", "first", "--exclude", file)
    assert frozen["steps"][0]["left_out"].keys() <= {"contaminated_exact", "contaminated_near"}
    assert frozen["filters"]["exclude"]["prompts"] == 1
    command_line.refused("release", "freeze", "first", "--exclude", "none.jsonl")


def test_two_releases_are_compared(command_line: CommandLine) -> None:
    fill(command_line, (1, 1), (-1, -1), (2,))
    command_line.ok("release", "freeze", "first")
    command_line.ok("release", "freeze", "first", "--min-judgments", 2)
    found = command_line.ok("release", "diff", "first/v1", "first/v2")
    assert (found["consensus"]["removed"], found["consensus"]["unchanged"]) == (1, 2)
    assert found["settings"] == [["min_judgments", "1", "2"]]
    ran = command_line("release", "diff", "first/v1", "first/v2")
    assert ran.code == 0
    assert "removed" in ran.stdout
    command_line.refused("release", "diff", "first/v1", "first/v9")


def test_an_export_may_be_split(command_line: CommandLine) -> None:
    fill(command_line, *[(-1, -2)] * 12)
    command_line.ok("release", "freeze", "first")
    wish = ("release", "export", "first/v1", "--exporter", "trl_preference", "--to", "out")
    exported = command_line.ok(*wish, "--format", "jsonl", "--splits", "train=0.5, test=0.5")
    rows = {one["split"]: one["rows"] for one in exported["files"]}
    assert sum(rows.values()) == exported["rows"] == 12
    assert {path.name for path in Path("out").iterdir()} == {
        "manifest.json",
        "trl_preference-test.jsonl",
        "trl_preference-train.jsonl",
    }
    command_line.ok("release", "verify", "first/v1", "--in", "out")
    refused = command_line.refused(*wish, "--format", "jsonl", "--splits", "train=0.5")
    assert "sum to 0.5" in refused["message"]
    refused = command_line.refused(*wish, "--format", "json")
    assert refused["message"].endswith("it is written as parquet, jsonl")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["trl_preference.parquet", "manifest.json"])
def test_one_flipped_byte_of_an_export_is_exit_code_3(command_line: CommandLine, name: str) -> None:
    fill(command_line, (-1, -2), (3, 1))
    command_line.ok("release", "freeze", "first")
    command_line.ok(
        *("release", "export", "first/v1", "--exporter", "trl_preference"),
        *("--format", "parquet", "--to", "out"),
    )
    flip(Path("out") / name)
    assert command_line("release", "verify", "first/v1").code == 0
    error = command_line.refused("release", "verify", "first/v1", "--in", "out", code=3)
    assert error["code"] == "verification_failed"
    assert name in error["message"]


def test_one_flipped_byte_of_a_release_is_exit_code_3(command_line: CommandLine) -> None:
    fill(command_line, (-1, -2), (3, 1))
    frozen = command_line.ok("release", "freeze", "first")
    flip(Path(frozen["folder"]) / "judgments.parquet")
    error = command_line.refused("release", "verify", frozen["id"], code=3)
    assert [row["field"] for row in error["rows"]] == ["judgments.parquet"]
    assert error["rows"][0]["expected"].startswith("SHA-256 ")


REFUSALS: list[tuple[tuple[Any, ...], str]] = [
    (("release", "verify", "first/none"), "not_found"),
    (("release", "verify", "first/v1", "--in", "nowhere"), "verification_failed"),
    (("release", "freeze", "first", "--name", "v1"), "conflict"),
    (("release", "freeze", "first", "--min-confidence", 2), "bad_request"),
    (
        ("release", "export", "first/v1", "--exporter", "x", "--format", "jsonl", "--to", "o"),
        "bad_request",
    ),
    (
        (
            *("release", "export", "first/v1", "--exporter", "trl_preference"),
            *("--format", "jsonl", "--to", "o", "--option", "form=plain"),
        ),
        "option_invalid",
    ),
    (("agreement", "none"), "not_found"),
    (("consensus", "none"), "not_found"),
]


@pytest.mark.parametrize(("arguments", "code"), REFUSALS)
def test_what_cannot_be_done_is_refused_in_one_document(
    command_line: CommandLine, arguments: tuple[Any, ...], code: str
) -> None:
    fill(command_line, (1, 1))
    command_line.ok("release", "freeze", "first", "--name", "v1")
    exit_code = 3 if code == "verification_failed" else 1
    assert command_line.refused(*arguments, code=exit_code)["code"] == code
