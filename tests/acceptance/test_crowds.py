"""Classic crowd labels as comparisons: what the crowd agrees on, and what it gets wrong."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine

LABELS = {"first": "0", "second": "1"}
OPPOSITE = {"first": "second", "second": "first"}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ["bluebird", "rte", "possent"])
def test_a_crowd_agrees_and_errs_as_computed_elsewhere(
    command_line: CommandLine, shared_data: Path, name: str
) -> None:
    line, folder = command_line, shared_data / "crowd_labels"
    annotations = table(folder / f"{name}_annotations.csv")
    wanted = ("--organization", "Lab", "--template", "pairwise_preference", "--name", name)
    line.ok("campaign", "create", *wanted, "--create-organization")
    items = (
        {
            "external_id": item,
            "prompt": f"Question {item}?",
            "responses": [{"text": "No."}, {"text": "Yes."}],
        }
        for item in dict.fromkeys(row["item_id"] for row in annotations)
    )
    line.ok("import", "items", name, line.write("items.jsonl", *items))
    judgments = (
        {
            "external_id": row["item_id"],
            "annotator": row["annotator_id"],
            "value": {"strength": -1 if row["label"] == "0" else 1},
        }
        for row in annotations
    )
    line.ok("import", "judgments", name, line.write("judgments.jsonl", *judgments))
    oracle = json.loads((folder / "oracle.json").read_text())

    expected = oracle[f"handout__crowd_{name}"]["agreement"]
    direction = line.ok("agreement", name)["measures"][0]
    alpha, observed = "krippendorff_alpha_nominal", "observed_agreement_mean_over_items"
    assert direction["alpha"] == pytest.approx(expected[alpha], abs=1e-6)
    assert direction["percent_agreement"] == pytest.approx(expected[observed], abs=1e-6)

    fitted = line.ok("consensus", name, "--method", "dawid_skene")
    expected = oracle[f"reference_EM__handout__crowd_{name}"]["no_smoothing"]
    (fit,) = fitted["fits"]
    assert fit["log_likelihood"] == pytest.approx(expected["log_likelihood"], abs=1e-6)
    assert fit["iterations"] == expected["iterations"]
    voted = line.ok("consensus", name, "--method", "majority")["items"]
    truth = {row["item_id"]: row["gold"] for row in table(folder / f"{name}_gold.csv")}
    labels = {
        model["external_id"]: likeliest(model, vote)
        for model, vote in zip(fitted["items"], voted, strict=True)
    }
    assert sum(labels[item] != gold for item, gold in truth.items()) == expected["errors"]


def likeliest(model: dict[str, Any], vote: dict[str, Any]) -> str:
    """Return the label that the model finds likeliest.

    Where it goes against the sign of the mean strength, which is the majority's, there is no
    consensus; the label is then the one that the majority did not choose.
    """
    if model["reason"] == "conflict":
        return LABELS[OPPOSITE[vote["value"]]]
    return LABELS[model["value"]]
