"""A campaign of random comparisons, each figure of it held to its definition."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.acceptance.definitions import alpha, nominal, ordinal, pairable, percent_agreement
from tests.command_line import CommandLine

Strengths = list[int | str]
N_ITEMS = 240


def direction(strength: int | str) -> str:
    if isinstance(strength, str):
        return strength
    return "tie" if strength == 0 else "first" if strength < 0 else "second"


def numbers(strengths: Strengths) -> list[int]:
    return [one for one in strengths if isinstance(one, int)]


def random_items() -> list[dict[str, Any]]:
    prompts: list[Any] = [
        "Which is it? ",
        [{"role": "user", "content": "Which, then?"}],
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello."},
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": "And now?"},
        ],
    ]
    return [
        {
            "external_id": f"i-{number}",
            "prompt": prompts[number % 3],
            "responses": [
                {"text": f"One of {number} é 𝔘 \u202e", "model": "m1"},
                {"text": f"\nTwo of {number}" if number % 9 else "", "model": "m2"},
            ],
            "metadata": {"number": number},
        }
        for number in range(N_ITEMS)
    ]


def random_judgments(seed: int) -> tuple[list[dict[str, Any]], dict[str, Strengths]]:
    draw = random.Random(seed)
    scale = [-3, -2, -1, -1, 0, 0, 1, 1, 2, 3, "neither", "neither"]
    rows: list[dict[str, Any]] = []
    given: dict[str, Strengths] = {f"i-{number}": [] for number in range(N_ITEMS)}
    for number, (name, strengths) in enumerate(given.items()):
        for annotator in draw.sample("abcdef", draw.choice([0, 1, 2, 3, 3, 4, 5])):
            strengths.append(draw.choice(scale if number % 4 else [-3, -2, -1]))
            rows.append(
                {
                    "external_id": name,
                    "annotator": annotator,
                    "value": {"strength": strengths[-1]},
                    "presentation": draw.choice([[0, 1], [1, 0]]),
                }
            )
        rows.append(
            {
                "external_id": name,
                "annotator": "a judge",
                "annotator_kind": "model",
                "value": {"strength": 3},
            }
        )
    return rows, given


class Campaign:
    """The command line, what was imported, and the consensus by majority."""

    def __init__(self, line: CommandLine) -> None:
        self.line = line
        self.items = random_items()
        rows, self.given = random_judgments(seed=20_260_501)
        wanted = ("--organization", "Acme", "--template", "pairwise_preference", "--name", "c")
        line.ok("campaign", "create", *wanted, "--create-organization")
        line.ok("import", "items", "c", line.write("items.jsonl", *self.items))
        line.ok("import", "judgments", "c", line.write("judgments.jsonl", *rows))

    def consensus(self, method: str) -> dict[str, dict[str, Any]]:
        items = self.line.ok("consensus", "c", "--method", method)["items"]
        return {item["external_id"]: item for item in items}


@pytest.fixture
def campaign(command_line: CommandLine) -> Campaign:
    return Campaign(command_line)


def test_agreement_is_that_of_the_definition(campaign: Campaign) -> None:
    measures = {one["field"]: one for one in campaign.line.ok("agreement", "c")["measures"]}
    directions = [[direction(one) for one in given] for given in campaign.given.values()]
    strengths = [numbers(given) for given in campaign.given.values()]
    scale = list(range(-3, 4))
    for name, level, units, distance in (
        ("direction", "nominal", directions, nominal),
        ("strength", "ordinal", strengths, ordinal(strengths, scale)),
    ):
        measured = measures[name]
        assert (measured["level"], measured["unit"]) == (level, "item")
        assert measured["alpha"] == pytest.approx(alpha(units, distance), abs=1e-9)
        percent = percent_agreement(units)
        assert measured["percent_agreement"] == pytest.approx(percent, abs=1e-9)
        assert measured["n_units"] == len(pairable(units))
        assert measured["n_judgments"] == sum(map(len, pairable(units)))
        assert measured["n_annotators"] == 6
        low, high = measured["interval"]
        assert low < measured["alpha"] < high
    n_neither = sum(given.count("neither") for given in campaign.given.values())
    assert measures["strength"]["n_excluded"] == {"neither": n_neither}


def majority(strengths: Strengths) -> tuple[str | None, str | None, float | None]:
    """Return the value, the reason and the confidence that a vote has to give."""
    if not strengths:
        return None, "no_judgments", None
    (winner, votes), *others = Counter(map(direction, strengths)).most_common()
    share = votes / len(strengths)
    if others and others[0][1] == votes:
        return None, "tied", share
    total = sum(numbers(strengths))
    if (winner == "first" and total > 0) or (winner == "second" and total < 0):
        return None, "conflict", share
    return winner, None, share


def margin(strengths: Strengths) -> float | None:
    numeric = numbers(strengths)
    return abs(sum(numeric)) / len(numeric) if numeric else None


def test_a_majority_is_a_majority(campaign: Campaign) -> None:
    found = campaign.consensus("majority")
    assert list(found) == list(campaign.given)
    for name, strengths in campaign.given.items():
        value, reason, confidence = majority(strengths)
        assert (found[name]["value"], found[name]["reason"]) == (value, reason)
        assert found[name]["confidence"] == pytest.approx(confidence)
        assert found[name]["margin"] == pytest.approx(margin(strengths))
        assert found[name]["n_judgments"] == len(strengths)
    outcomes = {(item["value"], item["reason"]) for item in found.values()}
    assert len(outcomes) == 7, "every outcome there is takes part"


def test_the_mean_takes_the_sign_of_the_mean_strength(campaign: Campaign) -> None:
    found = campaign.consensus("mean")
    for name, strengths in campaign.given.items():
        if strengths and "neither" not in strengths:
            expected = direction(sum(numbers(strengths)))
            assert (found[name]["value"], found[name]["reason"]) == (expected, None)
            assert found[name]["margin"] == pytest.approx(margin(strengths))


FILTERS: list[dict[str, Any]] = [
    {},
    {"--min-judgments": 3},
    {"--min-confidence": 0.6},
    {"--drop-ties": None},
    {"--min-judgments": 2, "--min-confidence": 0.5, "--drop-ties": None},
]


@pytest.mark.parametrize("filters", FILTERS)
def test_every_row_of_a_release_is_accounted_for(
    campaign: Campaign, filters: Mapping[str, Any]
) -> None:
    options = [part for pair in filters.items() for part in pair if part is not None]
    frozen = campaign.line.ok("release", "freeze", "c", *options)
    steps = frozen["steps"]
    assert steps[0]["in"] == N_ITEMS
    filtering = [step for step in steps if not step["step"].startswith("records_")]
    assert [one["out"] for one in filtering[:-1]] == [one["in"] for one in filtering[1:]]
    assert {step["in"] for step in steps[len(filtering) :]} == {filtering[-1]["out"]}
    for step in steps:
        assert step["in"] == step["out"] + sum(step["left_out"].values())
    kept = [
        name
        for name, strengths in campaign.given.items()
        if len(strengths) >= filters.get("--min-judgments", 1)
        and majority(strengths)[0] in {"first", "second"}
        and (majority(strengths)[2] or 0) >= filters.get("--min-confidence", 0)
    ]
    assert frozen["rows"]["preference"] == len(kept)
    reasons = {step["step"]: step["left_out"] for step in steps}
    unjudged = [strengths for strengths in campaign.given.values() if not strengths]
    assert reasons["judgments"]["no_judgments"] == len(unjudged)
    assert set(reasons["ties"]) == ({"tie"} if "--drop-ties" in filters else set())


def expected_rows(campaign: Campaign, form: str, prompt: str) -> list[dict[str, Any]]:
    """Return what trainers have to get, from the imported rows alone."""
    rows = []
    for item in campaign.items:
        strengths = campaign.given[item["external_id"]]
        winner = majority(strengths)[0]
        if winner not in {"first", "second"}:
            continue
        texts = [response["text"] for response in item["responses"]]
        chosen, rejected = texts if winner == "first" else texts[::-1]
        given = item["prompt"]
        messages = [{"role": "user", "content": given}] if isinstance(given, str) else given
        if form == "standard" and len(messages) > 1:
            continue
        rows.append(
            row_of(messages, chosen, rejected, form, prompt) | {"margin": margin(strengths)}
        )
    return rows


def row_of(
    messages: Sequence[dict[str, str]], chosen: str, rejected: str, form: str, prompt: str
) -> dict[str, Any]:
    start: Any
    sides: list[Any]
    if form == "standard":
        start, sides = messages[0]["content"], [chosen, rejected]
    else:
        start = list(messages)
        sides = [[{"role": "assistant", "content": text}] for text in (chosen, rejected)]
    if prompt == "explicit":
        return {"prompt": start, "chosen": sides[0], "rejected": sides[1]}
    return {"chosen": start + sides[0], "rejected": start + sides[1]}


@pytest.mark.parametrize("form", ["standard", "conversational"])
@pytest.mark.parametrize("prompt", ["explicit", "implicit"])
def test_every_pair_of_an_export_is_the_preferred_one_first(
    campaign: Campaign, form: str, prompt: str
) -> None:
    line = campaign.line
    line.ok("release", "freeze", "c", "--name", "v1")
    expected = expected_rows(campaign, form, prompt)
    for kind in ("jsonl", "parquet"):
        contents = []
        for folder in (Path(kind), Path(kind) / "again"):
            exported = line.ok(
                *("release", "export", "c/v1", "--exporter", "trl_preference", "--format", kind),
                *("--to", folder, "--option", f"form={form}", "--option", f"prompt={prompt}"),
            )
            file = folder / f"trl_preference.{kind}"
            contents.append([file.read_bytes(), (folder / "manifest.json").read_bytes()])
            assert exported["rows"] == len(expected)
            assert exported["rows_in"] == exported["rows"] + sum(exported["left_out"].values())
            assert exported["sha256"] == sha256(contents[-1][0]).hexdigest()
            assert exported["sha256"] in (folder / "manifest.json").read_text()
            line.ok("release", "verify", "c/v1", "--in", folder)
        assert contents[0] == contents[1], "the same export twice is the same, byte for byte"
    lines = Path("jsonl/trl_preference.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row) for row in lines] == expected
    assert pq.read_table("parquet/trl_preference.parquet").to_pylist() == expected
