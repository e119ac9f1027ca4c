"""What training code does with an export: real judgments, loaded as a training script loads them."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.judged_campaigns import make_graded, make_pandalm
from tests.public_data import pandalm_items, pandalm_judgments
from workbench.clock import FixedClock
from workbench.contracts.exporter import ExportFormat
from workbench.contracts.registry import get_exporter
from workbench.database.session import Database
from workbench.releases.export import export_release, read_options
from workbench.releases.freeze import FrozenRelease, freeze_release
from workbench.settings import Settings

FORMS = (ExportFormat.PARQUET, ExportFormat.JSONL)


def load(path: Path, cache: Path) -> list[dict[str, Any]]:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from datasets import load_dataset

    kind = "parquet" if path.suffix == ".parquet" else "json"
    loaded = load_dataset(kind, data_files=str(path), split="train", cache_dir=str(cache))
    rows: list[dict[str, Any]] = loaded.to_list()
    return rows


def export(
    release: FrozenRelease, exporter: str, kind: ExportFormat, to: Path, **options: Any
) -> Path:
    chosen = get_exporter(exporter)
    return export_release(
        release.folder,
        manifest_sha256=None,
        exporter=chosen,
        options=read_options(chosen, options),
        format=kind,
        to=to,
    ).path


@pytest.fixture
def pandalm(
    sqlite_database: Database, settings: Settings, clock: FixedClock, shared_data: Path
) -> FrozenRelease:
    with sqlite_database.write() as session:
        campaign = make_pandalm(session, clock, shared_data / "pandalm")
    return freeze_release(
        sqlite_database, settings, campaign_id=campaign.id, actor="cli", clock=clock
    )


def preferred_by_most(folder: Path) -> dict[str, str | None]:
    """Which response most of the three annotators preferred, from the source itself."""
    votes: dict[str, Counter[int]] = {}
    for row in pandalm_judgments(folder):
        votes.setdefault(row["external_id"], Counter())[row["value"]["strength"]] += 1
    sides = {-1: "first", 1: "second", 0: None}
    return {item: sides[count.most_common(1)[0][0]] for item, count in votes.items()}


@pytest.mark.parametrize("form", FORMS)
def test_every_chosen_text_is_the_one_people_preferred(
    pandalm: FrozenRelease, shared_data: Path, tmp_path: Path, form: ExportFormat
) -> None:
    preferred = preferred_by_most(shared_data / "pandalm")
    expected = []
    for item in pandalm_items(shared_data / "pandalm"):
        first, second = (response["text"] for response in item["responses"])
        if preferred[item["external_id"]] is not None:
            chosen = first if preferred[item["external_id"]] == "first" else second
            rejected = second if chosen is first else first
            expected.append((item["prompt"], chosen, rejected))
    rows = load(export(pandalm, "trl_preference", form, tmp_path, form="standard"), tmp_path)
    assert [(row["prompt"], row["chosen"], row["rejected"]) for row in rows] == expected
    assert len(rows) == 894
    conversational = load(export(pandalm, "trl_preference", form, tmp_path), tmp_path / "talk")
    assert [
        (row["prompt"][0]["content"], row["chosen"][0]["content"], row["rejected"][0]["content"])
        for row in conversational
    ] == expected


@pytest.mark.parametrize("form", FORMS)
def test_raw_judgments_load_and_hold_every_label(
    pandalm: FrozenRelease, shared_data: Path, tmp_path: Path, form: ExportFormat
) -> None:
    rows = load(export(pandalm, "raw_judgments", form, tmp_path), tmp_path)
    labels = Counter(
        (row["external_id"], row["value"]["strength"])
        for row in pandalm_judgments(shared_data / "pandalm")
    )
    assert (
        Counter((row["external_id"], json.loads(row["value"])["strength"]) for row in rows)
        == labels
    )
    assert len({row["annotator"] for row in rows}) == 3


@pytest.mark.parametrize("form", FORMS)
def test_graded_steps_load_as_lists_of_booleans(
    sqlite_database: Database,
    settings: Settings,
    clock: FixedClock,
    tmp_path: Path,
    form: ExportFormat,
) -> None:
    gradings = [[{"ratings": [1, 0, -1], "verdict": "found_error"}]]
    with sqlite_database.write() as session:
        campaign, _ = make_graded(session, clock, gradings)
    release = freeze_release(
        sqlite_database, settings, campaign_id=campaign.id, actor="cli", clock=clock
    )
    (row,) = load(export(release, "trl_stepwise", form, tmp_path, neutral="false"), tmp_path)
    assert row["labels"] == [True, False, False]
    assert len(row["completions"]) == 3
