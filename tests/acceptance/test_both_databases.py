"""The same commands give the same answers on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine, Ran

# The times that were imported are not of this run: they have to come back as they were.
OF_THIS_RUN = re.compile(
    r"\b(?:cmp|org|rel|itm|jdg|per)_[0-9a-z]+|annotator-\d+"
    r"|(?!2026-05-01)\d{4}-\d\d-\d\dT[\d:.]+(?:\+00:00|Z)"
    r'|[0-9a-f]{64}|(?<="bytes": )\d+'
)


def items() -> list[dict[str, Any]]:
    return [
        {
            "external_id": f"ü-{number} 𝔘",
            "prompt": [{"role": "user", "content": f"{number}\u202e\u0085?\r\n"}],
            "responses": [{"text": "A\u2028\r"}, {"text": ""}],
            "metadata": {"k": [1, 2.5, None, {"z": True}], "big": 2**60, "small": 1e-7},
        }
        for number in range(30)
    ]


def judgments() -> list[dict[str, Any]]:
    return [
        {
            "external_id": f"ü-{number} 𝔘",
            "annotator": annotator,
            "annotator_kind": "model" if annotator == "d" else "person",
            "value": {"strength": "neither" if (number + place) % 11 == 0 else number % 7 - 3},
            "presentation": [place % 2, 1 - place % 2],
            "created_at": f"2026-05-01T10:00:{number:02d}.123456+02:00",
            "seconds": number / 8,
        }
        for number in range(28)
        for place, annotator in enumerate("abcd")
        if (number * 3 + place) % 5
    ]


def grading(number: int, annotator: str, *ratings: int | str) -> dict[str, Any]:
    verdict = "found_error" if -1 in ratings else "solution"
    value = {"ratings": list(ratings), "verdict": verdict}
    return {"external_id": f"s-{number}", "annotator": annotator, "value": value}


def answers(line: CommandLine) -> list[Ran]:
    """Run everything that a lab does from the first command to the last."""
    said: list[Ran] = []

    def run(*arguments: object) -> None:
        said.append(line(*arguments, "--json"))

    to = ("--organization", "Acme")
    run("organization", "create", "Acme")
    run("campaign", "create", *to, "--template", "pairwise_preference", "--name", "c")
    run("campaign", "create", *to, "--template", "step_grading", "--name", "s")
    changed = {**judgments()[0], "value": {"strength": 3, "rationale": "é" * 20_000}}
    for _ in range(2):
        run("import", "items", "c", line.write("items.jsonl", *items()))
        run("import", "judgments", "c", line.write("judgments.jsonl", *judgments()))
    run("import", "judgments", "c", line.write("changed.jsonl", changed))
    run("import", "items", "c", line.write("other.jsonl", {**items()[0], "prompt": "Other?"}))
    run("import", "judgments", "c", line.write("bad.jsonl", {**changed, "annotator": "x" * 321}))
    run("import", "judgments", "c", line.write("long.jsonl", {**changed, "annotator": "é" * 320}))
    solutions = [
        {"external_id": f"s-{number}", "problem": "Prove.", "steps": ["a", "b", "c"]}
        for number in range(4)
    ]
    run("import", "items", "s", line.write("solutions.jsonl", *solutions))
    grades = [
        grading(number, annotator, *ratings)
        for number, ratings in enumerate([(1, 1, 1), (1, -1), (0, 1, "unsure"), (1, 0, -1)])
        for annotator in "ab"
    ]
    run("import", "judgments", "s", line.write("grades.jsonl", *grades, grading(0, "c", 1, -1)))
    for name in ("c", "s"):
        run("agreement", name)
        run("agreement", name, "--include-models")
        for method in ("majority", "mean", "dawid_skene"):
            run("consensus", name, "--method", method)
        run("release", "freeze", name, "--name", "v1", "--min-judgments", 2, "--drop-ties")
        run("campaign", "show", name)
    for name, exporter in (("c", "trl_preference"), ("c", "raw_judgments"), ("s", "trl_stepwise")):
        export = ("--exporter", exporter, "--format", "jsonl", "--to", f"{name}-{exporter}")
        run("release", "export", f"{name}/v1", *export)
        run("release", "verify", f"{name}/v1", "--in", f"{name}-{exporter}")
    return said


def timeless(text: str, folder: Path) -> str:
    return OF_THIS_RUN.sub("*", text.replace(str(folder), "*"))


def test_both_databases_answer_alike(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    sqlite_url: str,
    postgresql_url: str,
) -> None:
    found: list[list[Any]] = []
    for name, url in (("sqlite", sqlite_url), ("postgresql", postgresql_url)):
        folder = tmp_path / name
        folder.mkdir()
        said = answers(CommandLine(monkeypatch, capsys, folder, url))
        exported = [path.read_text() for path in sorted(folder.glob("*/*_*.jsonl"))]
        assert [len(text.splitlines()) > 1 for text in exported] == [True] * 3
        texts = [json.dumps(ran.document) for ran in said] + exported
        found.append([(ran.code for ran in said), *(timeless(text, folder) for text in texts)])
    assert sorted({ran.code for ran in said}) == [0, 1]
    sqlite, postgresql = ([list(codes), *texts] for codes, *texts in found)
    assert sqlite == postgresql
