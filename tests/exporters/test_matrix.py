"""Every task type's written examples, judged, frozen and exported to every format that fits them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.judged_examples import ANNOTATORS, freeze_examples
from workbench.clock import FixedClock
from workbench.contracts.exporter import AnyExporter, ExportFormat
from workbench.contracts.records import RecordKind
from workbench.contracts.registry import exporters, get_exporter, get_template, task_templates
from workbench.database.session import Database
from workbench.releases.export import Exported, export_release
from workbench.releases.freeze import FrozenRelease
from workbench.releases.snapshot import records_file
from workbench.releases.splits import Splits, read_splits
from workbench.settings import Settings

Releases = Callable[[str], list[FrozenRelease]]

HALVES = read_splits("test=0.5,train=0.5")
ROWS_OF_A_RECORD = {
    "trl_unpaired_from_pairs": 2,
    "prm800k": len(ANNOTATORS),
    "lmsys_battles": len(ANNOTATORS),
}
"""Where a record gives more rows than one: for each response, or for each judgment."""

RUBRICS_WITHOUT_ATTRIBUTES = {
    ("rubric_grading", "helpsteer2_ratings"),
    ("rubric_grading", "helpsteer2_disagreements"),
}
"""Their criteria are their own, and none of HelpSteer's five: everything is left out, and counted."""

OF_EVERY_RELEASE = {
    RecordKind.CONSENSUS,
    RecordKind.ITEM,
    RecordKind.JUDGMENT,
    RecordKind.LABEL_STUDIO_TASK,
}
MATRIX = [
    (template, exporter.key)
    for template in sorted(task_templates())
    for exporter in exporters().values()
    if exporter.record in OF_EVERY_RELEASE | set(get_template(template).record_kinds)
]


@pytest.fixture(scope="module")
def releases_of(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Releases:
    """Releases of the examples of a task type, frozen once for all formats."""

    @cache
    def freeze(template: str) -> list[FrozenRelease]:
        folder = tmp_path_factory.mktemp(template)
        shutil.copy(sqlite_template, folder / "workbench.db")
        database = Database.open(f"sqlite:///{folder / 'workbench.db'}", pool_size=2)
        settings = Settings(data_dir=folder / "data", database_url="")
        clock = FixedClock(datetime(2026, 5, 1, 10, tzinfo=UTC))
        try:
            return freeze_examples(database, settings, clock, template)
        finally:
            database.dispose()

    return freeze


def export(
    release: FrozenRelease,
    exporter: AnyExporter,
    format: ExportFormat,  # noqa: A002
    to: Path,
    splits: Splits | None = None,
) -> Exported:
    return export_release(
        release.folder,
        manifest_sha256=None,
        exporter=exporter,
        options=exporter.options(),
        format=format,
        to=to,
        splits=splits,
    )


def load(path: Path, cache_dir: Path) -> list[dict[str, Any]]:
    """Read a file as training scripts do."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from datasets import load_dataset

    kind = "parquet" if path.suffix == ".parquet" else "json"
    loaded = load_dataset(kind, data_files=str(path), split="train", cache_dir=str(cache_dir))
    rows: list[dict[str, Any]] = loaded.to_list()
    return rows


def read_back(path: Path, schema: pa.Schema) -> list[dict[str, Any]]:
    """Read a file's rows, whose columns must be those declared."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        assert table.schema.equals(schema)
        table.validate(full=True)
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows
    text = path.read_text("utf-8")
    # Lines end in line feeds alone: texts may hold other characters that Python splits at.
    rows = (
        json.loads(text)
        if path.suffix == ".json"
        else [json.loads(line) for line in text.split("\n")[:-1]]
    )
    assert all(list(row) == schema.names for row in rows)
    return rows


def read_exported(
    release: FrozenRelease, exported: Exported, exporter: AnyExporter
) -> list[dict[str, Any]]:
    """Read an export's files back in both ways, with what must hold of their counts."""
    assert exported.rows_in == release.manifest["files"][records_file(exporter.record)]["rows"]
    n_kept = exported.rows_in - sum(exported.left_out.values())
    assert exported.rows == n_kept * ROWS_OF_A_RECORD.get(exporter.key, 1)
    schema = exporter.schema(exporter.options())
    found = []
    for table in exported.tables:
        path = exported.folder / table.name
        rows = read_back(path, schema)
        assert len(rows) == table.rows
        # `datasets` finds nothing to infer columns from in a file of JSON without rows.
        if rows:
            assert len(load(path, exported.folder / "cache" / table.name)) == len(rows)
        found += rows
    return found


@pytest.mark.parametrize(("template", "key"), MATRIX)
def test_examples_are_exported_whole_and_read_back(
    template: str, key: str, releases_of: Releases, tmp_path: Path
) -> None:
    exporter = get_exporter(key)
    of_format = {}
    for format in exporter.formats:  # noqa: A001
        of_format[format] = [
            read_exported(release, export(release, exporter, format, tmp_path / f"{n}"), exporter)
            for n, release in enumerate(releases_of(template))
        ]
    has_rows = (template, key) not in RUBRICS_WITHOUT_ATTRIBUTES
    assert all(any(releases) is has_rows for releases in of_format.values())
    sizes = [[len(rows) for rows in releases] for releases in of_format.values()]
    assert all(one == sizes[0] for one in sizes)


@pytest.mark.parametrize(("template", "key"), sorted(dict(reversed(MATRIX)).items()))
def test_splits_share_the_rows_out(
    template: str, key: str, releases_of: Releases, tmp_path: Path
) -> None:
    exporter = get_exporter(key)
    format = exporter.formats[0]  # noqa: A001
    for number, release in enumerate(releases_of(template)):
        whole = export(release, exporter, format, tmp_path / f"whole-{number}")
        split = export(release, exporter, format, tmp_path / f"split-{number}", HALVES)
        assert [table.split for table in split.tables] == ["test", "train"]
        rows = [str(row) for row in read_exported(release, split, exporter)]
        expected = [str(row) for row in read_exported(release, whole, exporter)]
        assert sorted(rows) == sorted(expected)
        assert split.left_out == whole.left_out
