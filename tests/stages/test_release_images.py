"""What was judged with pictures before one's eyes is not trained on without them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from tests.factories import make_expert
from tests.imports import Desk, comparison_row
from tests.judged_campaigns import judge
from tests.pictures import png
from workbench.clock import FixedClock
from workbench.contracts.exporter import ExportFormat
from workbench.contracts.registry import get_exporter
from workbench.database.session import Database
from workbench.errors import VerificationFailed
from workbench.importing.images import ImageRules
from workbench.models import Campaign, Organization
from workbench.releases.export import Exported, export_release, read_options
from workbench.releases.freeze import FrozenRelease, freeze_release
from workbench.releases.splits import read_splits
from workbench.releases.verify import verify_release
from workbench.settings import Settings


@pytest.fixture
def release(
    sqlite_database: Database, settings: Settings, clock: FixedClock, tmp_path: Path
) -> FrozenRelease:
    """Three comparisons: without a picture, with one in the prompt, with one in a response."""
    for name, shade in (("asked", 1), ("answered", 2)):
        (tmp_path / f"{name}.png").write_bytes(png(shade=shade))
    asked = {"role": "user", "content": "What?", "images": [{"path": "asked.png"}]}
    drawn = {"text": "One.", "images": [{"path": "answered.png"}]}
    desk = Desk.open(sqlite_database, clock, tmp_path)
    desk.items(
        comparison_row("p-1"),
        comparison_row("p-2", prompt=[asked]),
        comparison_row("p-3", responses=[drawn, {"text": "Two."}]),
        images=ImageRules.of(settings),
    )
    with sqlite_database.write() as session:
        organization = session.get_one(Organization, desk.campaign.organization_id)
        expert = make_expert(session, clock, organization, "Ada")
        for item in desk.stored_items:
            judge(session, clock, item, expert, {"strength": -2})
    return freeze_release(
        sqlite_database, settings, campaign_id=desk.campaign_id, actor="cli", clock=clock
    )


def export(release: FrozenRelease, exporter: str, to: Path, splits: str = "") -> Exported:
    chosen = get_exporter(exporter)
    return export_release(
        release.folder,
        manifest_sha256=None,
        exporter=chosen,
        options=read_options(chosen, {}),
        format=ExportFormat.JSONL,
        to=to,
        splits=read_splits(splits),
    )


def rows_of(exported: Exported) -> list[Mapping[str, Any]]:
    lines = (exported.folder / exported.files[0].name).read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_records_name_the_images_of_their_item(release: FrozenRelease) -> None:
    table = pq.read_table(release.folder / "records_preference.parquet")
    images = dict(zip(table["external_id"].to_pylist(), table["images"].to_pylist(), strict=True))
    assert {key: len(value) for key, value in images.items()} == {"p-1": 0, "p-2": 1, "p-3": 1}
    items = pq.read_table(release.folder / "items.parquet").to_pylist()
    stored = {row["external_id"]: row["content"] for row in items}
    assert images["p-2"][0] in stored["p-2"]
    assert images["p-3"][0] in stored["p-3"]


def test_a_release_carries_the_images_themselves(release: FrozenRelease) -> None:
    images = pq.read_table(release.folder / "images.parquet").to_pylist()
    assert sorted(row["content"] for row in images) == sorted([png(shade=1), png(shade=2)])
    for row in images:
        assert row["sha256"] == hashlib.sha256(row["content"]).hexdigest()
        assert (row["media_type"], row["width"], row["height"]) == ("image/png", 2, 2)
    states = verify_release(release.folder, expected_sha256=None)
    assert "images.parquet" in {one.file for one in states}


def test_a_release_is_not_frozen_without_an_image_of_it(
    release: FrozenRelease, sqlite_database: Database, settings: Settings, clock: FixedClock
) -> None:
    for path in (settings.data_dir / "images").glob("*/*/*"):
        path.write_bytes(b"rotten")
    with sqlite_database.read() as session:
        campaign_id = session.scalars(select(Campaign.id)).one()
    with pytest.raises(VerificationFailed, match="is not in the data folder as it was stored"):
        freeze_release(sqlite_database, settings, campaign_id=campaign_id, actor="cli", clock=clock)
    assert len(list((settings.data_dir / "releases").iterdir())) == 1


@pytest.mark.parametrize("splits", ["", "train=0.5,test=0.5"])
def test_a_format_of_text_alone_counts_what_it_leaves_out(
    release: FrozenRelease, tmp_path: Path, splits: str
) -> None:
    exported = export(release, "trl_preference", tmp_path / "out", splits)
    assert exported.left_out == {"has_images": 2}
    assert (exported.rows_in, exported.rows) == (3, 1)


def test_a_format_that_names_images_keeps_their_rows(
    release: FrozenRelease, tmp_path: Path
) -> None:
    responses = rows_of(export(release, "raw_responses", tmp_path / "responses"))
    assert sum(bool(row["images"]) for row in responses) == 4
    tasks = export(release, "label_studio_json", tmp_path / "tasks")
    assert tasks.left_out == {}
    shown = "".join(json.dumps(row["data"]) for row in rows_of(tasks))
    (named,) = {
        image for row in responses if row["external_id"] == "p-2" for image in row["images"]
    }
    assert f"[image {named}: ]" in shown
    assert "<img" not in shown
