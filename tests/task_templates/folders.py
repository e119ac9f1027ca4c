"""Folders made from the labeling configurations in `label_studio/`, each with a judged item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.contracts.folder_templates.label_studio import folder_from_label_studio
from workbench.contracts.folder_templates.loading import load_folder
from workbench.contracts.task_template import AnyTemplate

CONFIGS = Path(__file__).parent / "label_studio"


@dataclass(frozen=True)
class Judged:
    """An item, what the editor yields for it in canonical order, and what is meant by that."""

    item: Mapping[str, Any]
    result: Sequence[Mapping[str, Any]]
    judgment: Mapping[str, Any]


def result(name: str, kind: str, **value: Any) -> dict[str, Any]:
    return {"id": name, "from_name": name, "to_name": "x", "type": kind, "value": value}


def choices(name: str, *chosen: str) -> dict[str, Any]:
    return result(name, "choices", choices=list(chosen))


JUDGED: Mapping[str, Judged] = {
    "moderation": Judged(
        {"dialogue": [{"role": "user", "content": "How do I **fix** it?"}]},
        [
            result("policy", "taxonomy", taxonomy=[["Privacy", "Other"], ["Harm", "Weapons"]]),
            choices("verdict", "Refuse"),
            result("reason", "textarea", text=["It asks for too much."]),
        ],
        {
            "policy": [["Harm", "Weapons"], ["Privacy", "Other"]],
            "verdict": "Refuse",
            "reason": "It asks for too much.",
        },
    ),
    "pairwise": Judged(
        {
            "prompt": "Capital of Australia?",
            "response_a": {"text": "Canberra.", "model": "alder"},
            "response_b": "Sydney.",
        },
        [
            result("better", "pairwise", selected="left"),
            result("help_a", "rating", rating=5),
            result("help_b", "rating", rating=2),
        ],
        {"better": "first", "help": [5, 2]},
    ),
    "ranked_answers": Judged(
        {"question": "Why?", "answers": [{"text": "One."}, {"text": "Two."}, {"text": "Three."}]},
        [result("rank", "ranker", ranker={"rank": ["C", "A", "B"]})],
        {"rank": [2, 3, 1]},
    ),
    "tiers": Judged(
        {"prompt": "Why?", "candidates": [{"text": "1"}, {"text": "2"}, {"text": "3"}]},
        [result("tiers", "ranker", ranker={"good": ["B"], "usable": ["C", "A"], "bad": []})],
        {"tiers": ["usable", "good", "usable"]},
    ),
    "spans": Judged(
        {"article": "It rained.", "summary": "𝔘 It <b>rained</b>\r\nwine."},
        [
            # As the editor counts: 𝔘 is one, although two in UTF-16, and so is the line end.
            result("errors", "labels", start=19, end=23, text="wine", labels=["Hallucination"]),
            result("errors", "labels", globalOffsets={"start": 0, "end": 1}, labels=["omitted"]),
            result("faithfulness", "number", number=35),
            result("minutes", "number", number=1.5),
            result("fluency", "rating", rating=4),
        ],
        {
            "errors": [
                {"start": 0, "end": 1, "label": "omitted"},
                {"start": 20, "end": 24, "label": "Hallucination"},
            ],
            "faithfulness": 35,
            "minutes": 1.5,
            "fluency": 4,
        },
    ),
    "flags": Judged(
        {"text": "Buy now!"},
        [choices("sentiment class", "Negative"), choices("copy", "Spam", "toxic")],
        {"answer_sentiment_class": "Negative", "answer_copy": ["toxic", "Spam"]},
    ),
}


def write_folder(directory: Path, files: Mapping[str, str], key: str) -> Path:
    folder = directory / key
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content)
    return folder


def converted(directory: Path, key: str) -> AnyTemplate:
    """Return the task type made of a labeling configuration that nobody touched."""
    xml = (CONFIGS / f"{key}.xml").read_text()
    return load_folder(write_folder(directory, folder_from_label_studio(xml, key=key), key))
