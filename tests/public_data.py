"""Public data sets that may lie beside the checkout, as rows to import."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

Row = dict[str, Any]


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _text(response: Any) -> str:
    """Return a response as it was shown: one that reads `true` is a boolean in one source."""
    return response if isinstance(response, str) else json.dumps(response)


def _comparison(name: str, prompt: str, first: Any, second: Any, models: tuple[str, str]) -> Row:
    return {
        "external_id": name,
        "prompt": prompt,
        "responses": [
            {"text": _text(text), "model": model}
            for text, model in zip((first, second), models, strict=True)
        ],
    }


def _judgments(path: Path, strengths: Mapping[str, int]) -> Iterator[Row]:
    with _open(path) as file:
        for row in csv.DictReader(file):
            yield {
                "external_id": row["item_id"],
                "annotator": row["annotator_id"],
                "value": {"strength": strengths[row["label"]]},
            }


def pandalm_items(folder: Path) -> Iterator[Row]:
    with _open(folder / "items.jsonl") as file:
        for line in file:
            row = json.loads(line)
            prompt = row["instruction"] + (f"\n\n{row['input']}" if row["input"] else "")
            yield _comparison(
                str(row["item_id"]),
                prompt,
                row["response_1"],
                row["response_2"],
                (row["model_1"], row["model_2"]),
            )


def pandalm_judgments(folder: Path) -> Iterator[Row]:
    return _judgments(folder / "annotations.csv", {"1": -1, "0": 0, "2": 1})


def pandalm_models(folder: Path) -> Iterator[Row]:
    """Yield the judge models' verdicts that can be read."""
    strengths = {"1": -1, "0": 0, "2": 1}
    with _open(folder / "llm_judges.csv") as file:
        for row in csv.DictReader(file):
            if row["label"] in strengths:
                yield {
                    "external_id": row["item_id"],
                    "annotator": row["judge"],
                    "annotator_kind": "model",
                    "value": {"strength": strengths[row["label"]]},
                }


def llmfao_items(folder: Path) -> Iterator[Row]:
    with _open(folder / "items.jsonl.gz") as file:
        for line in file:
            row = json.loads(line)
            yield _comparison(
                str(row["item_id"]),
                row["prompt"],
                row["response_left"],
                row["response_right"],
                (str(row["model_left"]), str(row["model_right"])),
            )


def llmfao_judgments(folder: Path) -> Iterator[Row]:
    return _judgments(folder / "annotations.csv.gz", {"left": -1, "tie": 0, "right": 1})


def ukp_items(folder: Path) -> Iterator[Row]:
    with _open(folder / "arguments.jsonl.gz") as file:
        texts = {(row["topic"], row["argument_id"]): row["text"] for row in map(json.loads, file)}
    with _open(folder / "pairs.csv.gz") as file:
        for row in csv.DictReader(file):
            first, second = (
                texts[row["topic"], row[name]] for name in ("argument_1", "argument_2")
            )
            yield _comparison(row["item_id"], row["topic"], first, second, ("a1", "a2"))


def ukp_judgments(folder: Path) -> Iterator[Row]:
    return _judgments(folder / "annotations.csv.gz", {"a1": -1, "equal": 0, "a2": 1})
