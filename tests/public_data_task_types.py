"""Public data sets beside the checkout, as items and judgments of the task types they fit."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from pathlib import Path
from typing import Any

Row = dict[str, Any]

SUMMARIZE = "Summarize the article."
TRANSLATE = "Translate into German:\n\n"

# Multidimensional Quality Metrics (Freitag et al. 2021), table 4.
_MQM_POINTS = {"Major": 5.0, "Minor": 1.0, "No-error": 0.0}
_MQM_MINOR_PUNCTUATION = 0.1


def read_oracle(folder: Path, name: str) -> Any:
    return json.loads((folder / "oracle.json").read_text(encoding="utf-8"))[name]


def read_rows(path: Path) -> Iterator[Row]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        if ".jsonl" in path.name:
            yield from map(json.loads, file)
        else:
            yield from csv.DictReader(file)


def _given(item: object, annotator: str, value: Row) -> Row:
    return {"external_id": str(item), "annotator": annotator, "value": value}


def _one_response(item: object, prompt: str, text: str, model: str) -> Row:
    return {
        "external_id": str(item),
        "prompt": prompt,
        "response": {"text": text, "model": model},
    }


# realsumm_scu: content units of a summary as the criteria of its rubric


def realsumm_items(folder: Path, system: str | None = None) -> Iterator[Row]:
    for row in read_rows(folder / "items.jsonl.gz"):
        if system is None or row["system"] == system:
            yield {
                **_one_response(row["item_id"], SUMMARIZE, row["summary"], row["system"]),
                "rubric": [{"criterion": step, "points": 1} for step in row["steps"]],
            }


def realsumm_judgments(folder: Path, system: str | None = None) -> Iterator[Row]:
    outcomes: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for row in read_rows(folder / "annotations.csv.gz"):
        if system is None or row["item_id"].startswith(f"{system}:"):
            outcome = {"p": "met", "n": "unmet"}[row["label"]]
            outcomes[row["item_id"], row["annotator_slot"]][int(row["step"])] = outcome
    for (item, slot), steps in outcomes.items():
        graded = [steps[step] for step in range(len(steps))]
        yield _given(item, slot, {"outcomes": graded, "points": [1] * len(graded)})


# xsum_hallucination: unsupported spans of a summary, by kind


def xsum_items(folder: Path) -> Iterator[Row]:
    for row in read_rows(folder / "items.jsonl.gz"):
        yield _one_response(row["item_id"], SUMMARIZE, row["summary"], row["system"])


def _xsum_spans(folder: Path) -> dict[tuple[str, str], list[Row]]:
    spans: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in read_rows(folder / "span_annotations.csv.gz"):
        marked = spans[row["item_id"], row["annotator_id"]]
        if row["hallucination_type"] != "NULL":
            marked.append(row)
    return spans


def xsum_thumbs(folder: Path) -> Iterator[Row]:
    """Yield a thumb up for each summary in which an annotator marked nothing."""
    for (item, annotator), spans in _xsum_spans(folder).items():
        yield _given(item, annotator, {"feedback": "down" if spans else "up"})


def xsum_reviews(folder: Path) -> Iterator[Row]:
    """Yield kinds as categories, with the words; 18 rows whose offsets miss theirs go without."""
    summaries = {row["item_id"]: row["summary"] for row in read_rows(folder / "items.jsonl.gz")}
    for (item, annotator), spans in _xsum_spans(folder).items():
        marked = {row["hallucination_type"] for row in spans}
        quoted = []
        for row in spans:
            # 1-based offsets, the end exclusive; 30 rows begin or end with a space.
            start, text = int(row["start"]) - 1, row["span"]
            if summaries[item][start : int(row["end"]) - 1] == text:
                start += len(text) - len(text.lstrip())
                words = text.strip()
                quoted.append(_span(row["hallucination_type"], start, start + len(words), words))
        severities = {kind: 2 * (kind in marked) for kind in ("intrinsic", "extrinsic")}
        yield _given(item, annotator, {"severities": severities, "spans": quoted})


def _span(category: str, start: int, end: int, text: str) -> Row:
    return {
        "category": category,
        "where": "response",
        "message": 0,
        "start": start,
        "end": end,
        "text": text,
    }


def xsum_factuality(folder: Path) -> Iterator[Row]:
    for row in read_rows(folder / "factuality_annotations.csv"):
        yield _given(row["item_id"], row["annotator_id"], {"factual": row["label"]})


# wmt23_sxs_mqm_ende: errors of a translation


def wmt_items(folder: Path) -> Iterator[Row]:
    for row in read_rows(folder / "items.jsonl.gz"):
        yield {
            "external_id": row["item_id"],
            "prompt": TRANSLATE + row["source"],
            "responses": [{"text": row["target"], "model": row["system"]}],
        }


def wmt_errors(folder: Path) -> dict[tuple[str, str], list[Row]]:
    """Return what each rater found in each translation, without the attention checks."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in read_rows(folder / "span_annotations.csv.gz"):
        if row["severity"] != "HOTW-test":
            found[row["item_id"], row["annotator_id"]].append(row)
    return found


def wmt_ratings(folder: Path) -> Iterator[Row]:
    for (item, rater), errors in wmt_errors(folder).items():
        severities = {error["severity"] for error in errors}
        flags = {
            "any_error": int(bool(severities & {"Major", "Minor"})),
            "any_major": int("Major" in severities),
        }
        yield _given(item, rater, {"ratings": [flags]})


def wmt_scores(folder: Path) -> Iterator[Row]:
    for (item, rater), errors in wmt_errors(folder).items():
        score = sum(map(_mqm_points, errors))
        yield _given(item, rater, {"score": round(score, 1)})


def _mqm_points(error: Mapping[str, str]) -> float:
    if error["category"] == "Non-translation!":
        return 25.0
    if error["severity"] == "Minor" and error["category"] == "Fluency/Punctuation":
        return _MQM_MINOR_PUNCTUATION
    return _MQM_POINTS[error["severity"]]


# finegrained_rlhf_dev: four answers, the preference in each of the six pairs, and errors of one

ERROR_TYPES = {
    "Irrelevant": "irrelevant",
    "Redundant": "redundant",
    "Unverifiable": "unverifiable",
    "Wrong-Grounding": "wrong_grounding",
    "Incoherent": "incoherent",
}


def ranks_of(preference: Sequence[int]) -> tuple[int, ...] | None:
    """Return the dense ranks that the six preferences are; None where they run in a circle."""
    for ranks in product(range(1, 5), repeat=4):
        orders = [
            0 if ranks[one] == ranks[other] else 1 if ranks[one] < ranks[other] else 2
            for one, other in combinations(range(4), 2)
        ]
        if orders == list(preference) and set(ranks) == set(range(1, max(ranks) + 1)):
            return ranks
    return None


def finegrained_rows(folder: Path) -> list[Row]:
    return list(read_rows(folder / "items.jsonl.gz"))


def finegrained_answers(row: Row) -> list[Row]:
    return [{"text": row[f"prediction {number}"]} for number in range(1, 5)]


def finegrained_review_items(folder: Path) -> Iterator[Row]:
    for row in finegrained_rows(folder):
        yield _one_response(row["item_id"], row["question"], row["prediction 1"], "model")


def finegrained_reviews(folder: Path) -> Iterator[Row]:
    for row in finegrained_rows(folder):
        answer, spans = row["prediction 1"], []
        for error in row["feedback"]["errors"]:
            start, end = error["start"], error["end"]
            spans.append(_span(ERROR_TYPES[error["error type"]], start, end, answer[start:end]))
        marked = {span["category"] for span in spans}
        severities = {category: 2 * (category in marked) for category in ERROR_TYPES.values()}
        yield _given(row["item_id"], "annotator", {"severities": severities, "spans": spans})


# gsm8k_model_solutions: solutions in steps whose final answer is known to be right or wrong


def gsm8k_items(folder: Path) -> Iterator[Row]:
    for row in read_rows(folder / "items.jsonl.gz"):
        for model, solution in row["solutions"].items():
            yield {
                "external_id": f"{model}/{row['item_id']}",
                "problem": row["question"],
                "steps": solution["steps"],
                "reference_answer": row["reference"],
                "model": model,
            }


def gsm8k_judgments(folder: Path) -> Iterator[Row]:
    """Yield what the answer key says: of a wrong solution, that its last step is."""
    for row in read_rows(folder / "items.jsonl.gz"):
        for model, solution in row["solutions"].items():
            good, verdict = 1, "solution"
            if not solution["is_correct"]:
                good, verdict = -1, "found_error"
            ratings = [1] * (len(solution["steps"]) - 1) + [good]
            value = {"ratings": ratings, "verdict": verdict}
            yield _given(f"{model}/{row['item_id']}", "answer key", value)


# arena_hard_outputs, crowd_labels, anesthesia_ds1979, reference_examples


def arena_items(folder: Path) -> Iterator[Row]:
    for row in read_rows(folder / "items.jsonl.gz"):
        yield {
            "external_id": row["item_id"],
            "prompt": row["prompt"],
            "responses": [{"text": text, "model": model} for model, text in row["outputs"].items()],
        }


def crowd_items(folder: Path, name: str) -> Iterator[Row]:
    rows = read_rows(folder / f"{name}_annotations.csv")
    for item in dict.fromkeys(row["item_id"] for row in rows):
        yield _one_response(item, f"Is it so in {item}?", "Yes.", "model")


def crowd_thumbs(folder: Path, name: str) -> Iterator[Row]:
    for row in read_rows(folder / f"{name}_annotations.csv"):
        feedback = "up" if row["label"] == "1" else "down"
        yield _given(row["item_id"], row["annotator_id"], {"feedback": feedback})


def patients(folder: Path) -> Iterator[Row]:
    rows = read_rows(folder / "annotations.csv")
    for item in dict.fromkeys(row["item_id"] for row in rows):
        yield {
            "external_id": item,
            "prompt": f"Patient {item}",
            "responses": [{"text": "Fit for anaesthesia?"}],
        }


def first_readings(folder: Path) -> Iterator[Row]:
    for row in read_rows(folder / "annotations.csv"):
        if row["replicate"] == "1":
            value = {"ratings": [{"grade": int(float(row["label"]))}]}
            yield _given(row["item_id"], row["annotator_id"], value)
