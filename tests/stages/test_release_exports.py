"""Exports: the same bytes each time, counted, hashed, and verified down to the last byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as examples

from tests.judged_campaigns import judge, make_annotators, make_compared, make_graded
from workbench.clock import FixedClock
from workbench.contracts.exporter import ExportFormat
from workbench.contracts.registry import get_exporter
from workbench.database.session import Database
from workbench.errors import BadRequest, Conflict, OptionInvalid, VerificationFailed
from workbench.releases.export import (
    Exported,
    export_release,
    find_export,
    preview_release,
    read_options,
)
from workbench.releases.freeze import FrozenRelease, freeze_release
from workbench.releases.rendering import Rendering
from workbench.releases.splits import read_splits
from workbench.releases.verify import verify_export, verify_release
from workbench.settings import Settings

PARQUET, JSONL, JSON = ExportFormat.PARQUET, ExportFormat.JSONL, ExportFormat.JSON


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def release(sqlite_database: Database, settings: Settings, clock: FixedClock) -> FrozenRelease:
    with sqlite_database.write() as session:
        campaign, items, raters = make_compared(
            session, clock, [[1, 2], [-3, -3], [0, 0], [2, None]]
        )
        before = judge(session, clock, items[3], raters[1], {"strength": 1})
        judge(session, clock, items[3], raters[1], {"strength": 2}, supersedes=before)
    return freeze_release(
        sqlite_database, settings, campaign_id=campaign.id, actor="cli", clock=clock
    )


def export(
    release: FrozenRelease,
    to: Path,
    *,
    exporter: str = "trl_preference",
    form: ExportFormat = PARQUET,
    options: Mapping[str, Any] | None = None,
    splits: str = "",
) -> Exported:
    chosen = get_exporter(exporter)
    return export_release(
        release.folder,
        manifest_sha256=sha256(release.folder / "manifest.json"),
        exporter=chosen,
        options=read_options(chosen, options or {}),
        format=form,
        to=to,
        splits=read_splits(splits),
    )


def wanted(
    exporter: str = "trl_preference", *, form: ExportFormat = PARQUET, splits: str = ""
) -> Rendering:
    chosen = get_exporter(exporter)
    return Rendering(
        exporter=chosen,
        options=read_options(chosen, {}),
        format=form,
        splits=read_splits(splits),
    )


def verify(release: FrozenRelease, folder: Path) -> None:
    verify_export(
        folder, release_id=release.id, release_sha256=sha256(release.folder / "manifest.json")
    )


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("form", [PARQUET, JSONL])
def test_an_export_can_be_repeated_byte_for_byte(
    release: FrozenRelease, tmp_path: Path, form: ExportFormat
) -> None:
    first, second = (export(release, tmp_path / name, form=form) for name in ("a", "b"))
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.manifest.read_bytes() == second.manifest.read_bytes()


def test_both_formats_hold_the_same_rows(release: FrozenRelease, tmp_path: Path) -> None:
    parquet = export(release, tmp_path)
    jsonl = export(release, tmp_path, form=JSONL)
    lines = [json.loads(line) for line in jsonl.path.read_text().splitlines()]
    assert lines == pq.read_table(parquet.path).to_pylist()
    assert parquet.rows == jsonl.rows == len(lines) == 3


def test_the_manifest_beside_an_export_tells_all_about_it(
    release: FrozenRelease, tmp_path: Path
) -> None:
    exported = export(release, tmp_path, options={"form": "standard", "margin": "false"})
    raw = export(release, tmp_path, exporter="raw_judgments", form=JSONL)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert set(manifest["files"]) == {"trl_preference.parquet", "raw_judgments.jsonl"}
    entry = manifest["files"]["trl_preference.parquet"]
    assert entry["sha256"] == exported.sha256 == sha256(exported.path)
    assert entry["options"] == read_options(
        get_exporter("trl_preference"), {"form": "standard", "margin": False}
    ).model_dump(mode="json")
    assert entry["options"]["form"] == "standard"
    assert (entry["rows_in"], entry["rows"], entry["left_out"]) == (3, 3, {})
    assert raw.left_out == {"superseded": 1}
    assert (raw.rows_in, raw.rows) == (9, 8)
    known = manifest["releases"][release.id]
    assert known["steps"] == release.manifest["steps"]
    assert known["manifest_sha256"] == sha256(release.folder / "manifest.json")
    assert known["agreement"] == release.manifest["agreement"]


def test_exports_of_two_releases_share_a_folder(
    release: FrozenRelease,
    sqlite_database: Database,
    settings: Settings,
    clock: FixedClock,
    tmp_path: Path,
) -> None:
    with sqlite_database.write() as session:
        campaign, _ = make_graded(
            session, clock, [[{"ratings": [1, 1, 1], "verdict": "solution"}]], "Other"
        )
    other = freeze_release(
        sqlite_database, settings, campaign_id=campaign.id, actor="cli", clock=clock
    )
    export(release, tmp_path)
    export(other, tmp_path, exporter="trl_stepwise")
    verify(release, tmp_path)
    verify(other, tmp_path)


def test_a_folder_with_another_manifest_is_left_alone(
    release: FrozenRelease, tmp_path: Path
) -> None:
    (tmp_path / "manifest.json").write_text('{"files": {}}')
    with pytest.raises(Conflict, match="another folder"):
        export(release, tmp_path)
    assert (tmp_path / "manifest.json").read_text() == '{"files": {}}'


def test_verification_passes_what_was_written(release: FrozenRelease, tmp_path: Path) -> None:
    export(release, tmp_path)
    (tmp_path / "notes.txt").write_text("of the lab's own")
    expected = sha256(release.folder / "manifest.json")
    states = {str(one.state) for one in verify_release(release.folder, expected_sha256=expected)}
    assert states == {"intact"}
    verify(release, tmp_path)


@examples(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=strategies.data())
def test_one_flipped_byte_anywhere_is_noticed(
    release: FrozenRelease, tmp_path: Path, data: strategies.DataObject
) -> None:
    exported = tmp_path / "export"
    expected = sha256(release.folder / "manifest.json")
    if not exported.exists():
        export(release, exported)
        export(release, exported, form=JSONL)

    def verify_both() -> None:
        verify_release(release.folder, expected_sha256=expected)
        verify(release, exported)

    files = sorted([*release.folder.iterdir(), *exported.iterdir()])
    path = data.draw(strategies.sampled_from(files))
    place = data.draw(strategies.integers(0, path.stat().st_size - 1))
    flip(path, place)
    try:
        with pytest.raises(VerificationFailed) as failure:
            verify_both()
        assert path.name in failure.value.message
    finally:
        flip(path, place)


def test_missing_and_extra_files_are_named(release: FrozenRelease) -> None:
    (release.folder / "items.parquet").unlink()
    (release.folder / "smuggled.parquet").write_bytes(b"PAR1")
    expected = sha256(release.folder / "manifest.json")
    with pytest.raises(VerificationFailed) as failure:
        verify_release(release.folder, expected_sha256=expected)
    assert {row.field: row.problem for row in failure.value.rows} == {
        "items.parquet": "the file is missing",
        "smuggled.parquet": "the file is extra",
    }


def test_a_changed_release_is_not_exported(release: FrozenRelease, tmp_path: Path) -> None:
    path = release.folder / "records_preference.parquet"
    for place in (path.stat().st_size // 3, path.stat().st_size - 6):
        flip(path, place)
        with pytest.raises(VerificationFailed, match=r"records_preference\.parquet"):
            export(release, tmp_path / "out")
        flip(path, place)
    assert list((tmp_path / "out").iterdir()) == []
    flip(release.folder / "manifest.json", 40)
    with pytest.raises(VerificationFailed):
        export_release(
            release.folder,
            manifest_sha256="0" * 64,
            exporter=get_exporter("trl_preference"),
            options=read_options(get_exporter("trl_preference"), {}),
            format=PARQUET,
            to=tmp_path / "out",
        )


def test_an_exporter_without_records_in_the_release_is_refused(
    release: FrozenRelease, tmp_path: Path
) -> None:
    with pytest.raises(BadRequest, match="trl_stepwise exports stepwise_supervision"):
        export(release, tmp_path, exporter="trl_stepwise")


@pytest.mark.parametrize("given_options", [{"form": "plain"}, {"colour": "red"}])
def test_options_that_make_no_sense_are_refused(given_options: dict[str, str]) -> None:
    with pytest.raises(OptionInvalid) as failure:
        read_options(get_exporter("trl_preference"), given_options)
    assert failure.value.rows[0].field == next(iter(given_options))


def test_an_export_that_was_made_before_is_found_while_it_is_intact(
    release: FrozenRelease, tmp_path: Path
) -> None:
    assert find_export(tmp_path, wanted()) is None
    made = export(release, tmp_path)
    assert find_export(tmp_path, wanted()) == made
    assert find_export(tmp_path, wanted(form=JSONL)) is None
    assert find_export(tmp_path, wanted(splits="a=0.5,b=0.5")) is None
    flip(made.path, 100)
    assert find_export(tmp_path, wanted()) is None


def test_the_preview_is_the_first_rows_of_the_export(
    release: FrozenRelease, tmp_path: Path
) -> None:
    preview = preview_release(release.folder, wanted(), rows=2)
    exported = export(release, tmp_path)
    assert preview.rows == pq.read_table(exported.path).to_pylist()[:2]
    assert (preview.rows_in, preview.left_out) == (exported.rows_in, exported.left_out)
    assert (preview.counts, preview.is_complete) == ({None: exported.rows}, True)


def test_the_preview_counts_what_is_left_out_and_the_rows_of_each_split(
    release: FrozenRelease, tmp_path: Path
) -> None:
    chosen = wanted("raw_judgments", splits="train=0.5,test=0.5")
    preview = preview_release(release.folder, chosen)
    written = export(release, tmp_path, exporter="raw_judgments", splits="train=0.5,test=0.5")
    assert preview.left_out == written.left_out == {"superseded": 1}
    assert preview.counts == {table.split: table.rows for table in written.tables}
    some = preview_release(release.folder, chosen, counted=4)
    assert (some.rows_in, some.is_complete) == (4, False)


@pytest.mark.parametrize("form", [PARQUET, JSONL])
@pytest.mark.parametrize("shape", ["standard", "conversational"])
def test_rows_nobody_really_judged_are_marked_in_the_export(
    sqlite_database: Database,
    settings: Settings,
    clock: FixedClock,
    tmp_path: Path,
    form: ExportFormat,
    shape: str,
) -> None:
    with sqlite_database.write() as session:
        campaign, items, _ = make_compared(session, clock, [[1], [None]])
        robot = make_annotators(session, clock, campaign, ["robot"], simulated=True)[0]
        judge(session, clock, items[1], robot, {"strength": 2})
    frozen = freeze_release(
        sqlite_database, settings, campaign_id=campaign.id, actor="cli", clock=clock
    )
    exported = export(frozen, tmp_path, form=form, options={"form": shape})
    if form is PARQUET:
        rows = pq.read_table(exported.path).to_pylist()
    else:
        rows = [json.loads(line) for line in exported.path.read_text().splitlines()]
    assert [row["simulated"] for row in rows] == [False, True]
    manifest = json.loads(exported.manifest.read_text())
    assert manifest["releases"][frozen.id]["simulated"] is True
