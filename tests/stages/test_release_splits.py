"""Splits and companions: what goes into which file, the same way in every release."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import select, update

from tests.factories import make_items
from tests.judged_campaigns import judge, make_compared
from workbench.clock import FixedClock
from workbench.contracts.exporter import AnyExporter, ExportedTable, ExportFormat
from workbench.contracts.registry import get_exporter
from workbench.database.session import Database
from workbench.errors import BadRequest
from workbench.models import Annotator, Campaign, Item
from workbench.releases.archive import stream_archive
from workbench.releases.export import Exported, export_release, find_export, read_options
from workbench.releases.freeze import FrozenRelease, freeze_release
from workbench.releases.rendering import Rendering
from workbench.releases.splits import Splits, read_splits
from workbench.releases.verify import verify_export
from workbench.settings import Settings

HALVES = read_splits("train=0.5,test=0.5")


@pytest.fixture
def release(sqlite_database: Database, settings: Settings, clock: FixedClock) -> FrozenRelease:
    """Forty comparisons; the first two are of one prompt."""
    with sqlite_database.write() as session:
        campaign, items, _ = make_compared(session, clock, [[1, 2]] * 40)
        content = {**items[1].content, "prompt": items[0].content["prompt"]}
        session.execute(update(Item).where(Item.id == items[1].id).values(content=content))
    return freeze_release(
        sqlite_database, settings, campaign_id=campaign.id, actor="cli", clock=clock
    )


def export(
    release: FrozenRelease,
    to: Path,
    exporter: str | AnyExporter = "trl_preference",
    *,
    form: ExportFormat = ExportFormat.PARQUET,
    splits: Splits = HALVES,
) -> Exported:
    chosen = get_exporter(exporter) if isinstance(exporter, str) else exporter
    return export_release(
        release.folder,
        manifest_sha256=None,
        exporter=chosen,
        options=read_options(chosen, {}),
        format=form,
        to=to,
        splits=splits,
    )


def prompts(path: Path) -> list[str]:
    return [row["prompt"][0]["content"] for row in pq.read_table(path).to_pylist()]


def test_each_row_is_in_one_split_and_no_prompt_is_in_two(
    release: FrozenRelease, tmp_path: Path
) -> None:
    whole = export(release, tmp_path / "whole", splits=Splits())
    parts = export(release, tmp_path / "parts")
    names = [table.name for table in parts.tables]
    assert names == ["trl_preference-test.parquet", "trl_preference-train.parquet"]
    by_split = [prompts(tmp_path / "parts" / name) for name in names]
    assert sorted(by_split[0] + by_split[1]) == sorted(prompts(whole.path))
    assert not set(by_split[0]) & set(by_split[1])
    assert all(len(rows) > 8 for rows in by_split)
    assert parts.rows == parts.rows_in == whole.rows == 40


def test_a_prompt_goes_to_the_same_split_in_a_later_release(
    release: FrozenRelease,
    sqlite_database: Database,
    settings: Settings,
    clock: FixedClock,
    tmp_path: Path,
) -> None:
    with sqlite_database.write() as session:
        campaign = session.scalars(select(Campaign)).one()
        rater = session.scalars(select(Annotator)).first()
        assert rater is not None
        for item in make_items(session, clock, campaign, 40):
            judge(session, clock, item, rater, {"strength": -1})
    later = freeze_release(
        sqlite_database, settings, campaign_id=campaign.id, actor="cli", clock=clock
    )
    for one in (release, later):
        export(one, tmp_path / one.id)
    for split in HALVES.names:
        name = f"trl_preference-{split}.parquet"
        before, after = (prompts(tmp_path / one.id / name) for one in (release, later))
        assert set(before) < set(after)


def test_judgments_follow_their_items(release: FrozenRelease, tmp_path: Path) -> None:
    export(release, tmp_path)
    export(release, tmp_path, "raw_judgments")
    items = pq.read_table(release.folder / "items.parquet").to_pylist()
    prompt = {item["item_id"]: json.loads(item["content"])["prompt"] for item in items}
    for split in HALVES.names:
        judged = pq.read_table(tmp_path / f"raw_judgments-{split}.parquet").to_pylist()
        seen = {prompt[row["item_id"]] for row in judged}
        assert seen == set(prompts(tmp_path / f"trl_preference-{split}.parquet"))


def test_the_manifest_has_the_rows_of_each_split(release: FrozenRelease, tmp_path: Path) -> None:
    made = export(release, tmp_path, form=ExportFormat.JSONL)
    files = json.loads(made.manifest.read_text())["files"]
    for split, name in (("train", made.tables[1].name), ("test", made.tables[0].name)):
        lines = (tmp_path / name).read_text().splitlines()
        assert (files[name]["split"], files[name]["rows"]) == (split, len(lines))
        assert files[name]["splits"] == {"test": 0.5, "train": 0.5}
    wanted = Rendering(
        exporter=get_exporter("trl_preference"),
        options=read_options(get_exporter("trl_preference"), {}),
        format=ExportFormat.JSONL,
        splits=HALVES,
    )
    assert find_export(tmp_path, wanted) == made


def test_shares_come_close_to_the_ratios() -> None:
    groups = pa.array([f"{number:064x}" for number in range(20_000)])
    splits = read_splits({"train": 0.8, "validation": 0.15, "test": 0.05})
    places = splits.places(groups).to_pylist()
    shares = {name: places.count(place) / 20_000 for place, name in enumerate(splits.names)}
    assert shares == pytest.approx({"train": 0.8, "validation": 0.15, "test": 0.05}, abs=0.01)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train=0.9", "sum to 0.9"),
        ("train=0.9,test=0.2", "sum to 1.1"),
        ("train=1,test=0", "ratio of test is 0"),
        ("train=nan,test=1", "ratio of train is nan"),
        ("Train=1", "cannot name"),
        ("../x=1", "cannot name"),
        ("train", "NAME=RATIO"),
        ("a=0.5,a=0.5", "named twice"),
    ],
)
def test_splits_that_make_no_sense_are_refused(text: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        read_splits(text)


def indexed(exporter: AnyExporter) -> AnyExporter:
    """Return an exporter that keeps an index of its files beside them."""

    def companions(
        tables: Sequence[ExportedTable], options: Any, present: Mapping[str, bytes]
    ) -> Mapping[str, bytes]:
        index = json.loads(present.get("index.json", b"{}"))
        index |= {table.name: {"split": table.split, "rows": table.rows} for table in tables}
        return {"index.json": json.dumps(index).encode()}

    return dataclasses.replace(
        exporter,
        companions=companions,
        companion_names=("index.json",),
        formats=(ExportFormat.JSON, ExportFormat.PARQUET),
    )


def test_companions_are_merged_with_what_is_there_hashed_and_verified(
    release: FrozenRelease, tmp_path: Path
) -> None:
    (tmp_path / "index.json").write_text('{"mine.json": {}}')
    made = export(release, tmp_path, indexed(get_exporter("trl_preference")))
    export(release, tmp_path, indexed(get_exporter("raw_judgments")), splits=Splits())
    index = json.loads((tmp_path / "index.json").read_text())
    assert list(index) == [
        "mine.json",
        "trl_preference-test.parquet",
        "trl_preference-train.parquet",
        "raw_judgments.parquet",
    ]
    assert index["trl_preference-test.parquet"]["rows"] == made.tables[0].rows
    manifest = json.loads(made.manifest.read_text())["files"]["index.json"]
    assert manifest["companion_of"] == "raw_judgments"
    sha256 = json.loads(made.manifest.read_text())["releases"][release.id]["manifest_sha256"]
    states = verify_export(tmp_path, release_id=release.id, release_sha256=sha256)
    assert {one.file: str(one.state) for one in states}["index.json"] == "intact"


def test_another_kind_of_file_is_refused_by_name(release: FrozenRelease, tmp_path: Path) -> None:
    exporter = indexed(get_exporter("trl_preference"))
    with pytest.raises(BadRequest, match="not written as jsonl; it is written as json, parquet"):
        export(release, tmp_path / "out", exporter, form=ExportFormat.JSONL)
    assert not (tmp_path / "out").exists()
    array = export(release, tmp_path, exporter, form=ExportFormat.JSON, splits=Splits())
    rows = json.loads(array.path.read_text())
    assert [row["prompt"][0]["content"] for row in rows] == prompts(
        export(release, tmp_path, splits=Splits()).path
    )


def test_an_archive_holds_rows_companions_manifest_and_card(
    release: FrozenRelease, tmp_path: Path
) -> None:
    made = export(release, tmp_path, indexed(get_exporter("trl_preference")))
    packed, again = (b"".join(stream_archive(made, release.folder)) for _ in range(2))
    assert packed == again
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "trl_preference-test.parquet",
            "trl_preference-train.parquet",
            "index.json",
            "manifest.json",
            "card.md",
        ]
        for name in archive.namelist()[:-1]:
            assert archive.read(name) == (tmp_path / name).read_bytes()
        assert archive.read("card.md") == (release.folder / "card.md").read_bytes()
