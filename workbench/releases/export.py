"""Exporting a release: its records through an exporter, with companions and a manifest."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from workbench.contracts.exporter import (
    AnyExporter,
    ExportedTable,
    ExportFormat,
    ExportOptions,
)
from workbench.contracts.faults import explain_faults
from workbench.contracts.registry import exporters
from workbench.errors import BadRequest, OptionInvalid, VerificationFailed
from workbench.releases.conversion import Conversion, Progress, WrittenSplit
from workbench.releases.files import CODEC, CODEC_LEVEL, hash_file, rows_of, write_bytes
from workbench.releases.manifest import (
    MANIFEST,
    merge_export,
    read_export_manifest,
    read_release_manifest,
)
from workbench.releases.rendering import Layout, Rendering
from workbench.releases.snapshot import records_file
from workbench.releases.splits import Splits

PREVIEWED = 3
COUNTED = 50_000
"""How many records a preview converts to count what is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    """A file of an export; `rows` is None for a companion, `split` where there are no splits."""

    name: str
    split: str | None
    rows: int | None
    bytes: int
    sha256: str

    def as_document(self) -> dict[str, Any]:
        return {
            "file": self.name,
            "split": self.split,
            "rows": self.rows,
            "bytes": self.bytes,
            "sha256": self.sha256,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An export in a folder: what went in, what came out and what was left out, by reason.

    `tables` has one file for each split.
    """

    folder: Path
    tables: Sequence[ExportedFile]
    companions: Sequence[ExportedFile]
    rows_in: int
    left_out: Mapping[str, int]

    @property
    def manifest(self) -> Path:
        return self.folder / MANIFEST

    @property
    def path(self) -> Path:
        """The file of rows; the first one where there are several."""
        return self.folder / self.tables[0].name

    @property
    def sha256(self) -> str:
        return self.tables[0].sha256

    @property
    def rows(self) -> int:
        return sum(table.rows or 0 for table in self.tables)

    @property
    def files(self) -> Sequence[ExportedFile]:
        return (*self.tables, *self.companions)

    def as_document(self) -> dict[str, Any]:
        """Return what is told of the export to whoever asked for it."""
        return {
            "file": self.tables[0].name,
            "rows_in": self.rows_in,
            "rows": self.rows,
            "left_out": dict(self.left_out),
            "bytes": sum(table.bytes for table in self.tables),
            "sha256": self.sha256,
            "files": [file.as_document() for file in self.files],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPreview:
    """The first rows that an export would have, and what comes of its first records.

    Attributes:
        rows_in: How many records were converted: all of them if `is_complete`.
        counts: Rows by split.
    """

    rows: Sequence[Mapping[str, Any]]
    rows_in: int
    left_out: Mapping[str, int]
    counts: Mapping[str | None, int]
    is_complete: bool


def read_options(exporter: AnyExporter, given: Mapping[str, Any]) -> ExportOptions:
    """Validate options, which may be text as a command line or a form gives them."""
    try:
        options: ExportOptions = exporter.options.model_validate(dict(given))
    except ValidationError as error:
        rows = explain_faults(error, dict(given), exporter.options)
        known = ", ".join(exporter.options.model_fields)
        message = (
            f"option {rows[0].field} {rows[0].problem}; expected {rows[0].expected}. "
            f"{exporter.key} has the options {known}"
        )
        raise OptionInvalid(message, rows=rows) from None
    return options


def export_release(
    folder: Path,
    *,
    manifest_sha256: str | None,
    exporter: AnyExporter,
    options: ExportOptions,
    format: ExportFormat,  # noqa: A002
    to: Path,
    splits: Splits | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write `to/<exporter>[-<split>].<format>` and enter it in `to/manifest.json`.

    The same release, exporter, options, format and splits give the same bytes.

    Args:
        folder: The release's folder.
        manifest_sha256: The hash of its manifest as the database keeps it, if it is at hand.
        progress: Told how many rows are read, and of how many.

    Raises:
        VerificationFailed: The release is not what was frozen.
        BadRequest: It has no records of the kind that the exporter eats, or the exporter writes no
            files of that kind.
        Conflict: `to` holds a manifest that is not an export's.
    """
    wanted = Rendering(exporter=exporter, options=options, format=format, splits=splits or Splits())
    return write_rendering(
        folder, wanted, manifest_sha256=manifest_sha256, to=to, progress=progress
    )


def write_rendering(
    folder: Path,
    wanted: Rendering,
    *,
    manifest_sha256: str | None,
    to: Path,
    progress: Progress | None = None,
) -> Exported:
    """Do as `export_release` does."""
    release = read_release_manifest(folder, expected_sha256=manifest_sha256)
    source, expected = find_source(release, wanted.exporter)
    for name in wanted.files.values():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
    conversion = Conversion(folder, source, wanted, marks_simulated=release["simulated"])
    with partial_files([to / name for name in wanted.files.values()]) as partials:
        written = conversion.write(expected, partials, progress)
    entries = _table_entries(wanted, release, written) | _write_companions(
        wanted, release, written, to
    )
    enter_in_manifest(to, release, folder, entries)
    return _exported(to, wanted, entries)


def find_export(folder: Path, wanted: Rendering) -> Exported | None:
    """Return an export that is in a folder and intact."""
    try:
        known = read_export_manifest(folder)["files"]
    except VerificationFailed:
        return None
    names = [*wanted.files.values(), *wanted.exporter.companion_names]
    entries = {name: known[name] for name in names if name in known}
    if not all(name in entries for name in wanted.files.values()):
        return None
    for name, entry in entries.items():
        path = folder / name
        if not path.is_file() or hash_file(path) != entry["sha256"]:
            return None
    return _exported(folder, wanted, entries)


def preview_release(
    folder: Path, wanted: Rendering, *, rows: int = PREVIEWED, counted: int = COUNTED
) -> ExportPreview:
    """Return the first rows that an export would have, and count over its first records."""
    release = read_release_manifest(folder)
    source, _ = find_source(release, wanted.exporter)
    conversion = Conversion(folder, source, wanted, marks_simulated=release["simulated"])
    names = wanted.splits.names
    found: list[Mapping[str, Any]] = []
    rows_in, left_out, counts = 0, Counter[str](), dict.fromkeys(names, 0)
    for parts in conversion.parts(counted):
        for name, part in zip(names, parts, strict=True):
            found += rows_of(part.table.slice(0, max(0, rows - len(found))))
            rows_in += part.rows_in
            left_out.update(part.left_out)
            counts[name] += len(part.table)
    return ExportPreview(
        rows=found,
        rows_in=rows_in,
        left_out=dict(sorted(left_out.items())),
        counts=counts,
        is_complete=rows_in == release["files"][source]["rows"],
    )


def list_fitting(release: Mapping[str, Any]) -> list[AnyExporter]:
    """Return the exporters whose records a release's manifest names, training formats first."""
    held = release["files"]
    fitting = [one for one in exporters().values() if records_file(one.record) in held]
    return sorted(fitting, key=lambda one: not records_file(one.record).startswith("records_"))


def find_source(release: Mapping[str, Any], exporter: AnyExporter) -> tuple[str, str]:
    """Return the file of the release that an exporter eats, and its hash."""
    name = records_file(exporter.record)
    entry = release["files"].get(name)
    if entry is None:
        message = (
            f"{exporter.key} exports {exporter.record} records; a release of a "
            f"{release['campaign']['template']['key']} campaign has none"
        )
        raise BadRequest(message)
    return name, entry["sha256"]


def enter_in_manifest(
    to: Path, release: Mapping[str, Any], folder: Path, entries: Mapping[str, dict[str, Any]]
) -> None:
    """Write the manifest of a folder last of all: what it names is there."""
    kept = {key: value for key, value in release.items() if key not in {"files", "format"}}
    provenance = kept | {"manifest_sha256": hash_file(folder / MANIFEST)}
    manifest = merge_export(to, provenance, entries)
    with partial_files([to / MANIFEST]) as (partial,):
        partial.write_bytes(manifest)


@contextmanager
def partial_files(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Give names to write to; the files get their own when all went well."""
    partials = [path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial") for path in paths]
    try:
        yield partials
        for partial, path in zip(partials, paths, strict=True):
            partial.replace(path)
    finally:
        for partial in partials:
            partial.unlink(missing_ok=True)


def _table_entries(
    wanted: Rendering, release: Mapping[str, Any], written: Sequence[WrittenSplit]
) -> dict[str, dict[str, Any]]:
    is_parquet = wanted.format is ExportFormat.PARQUET
    shared = {
        "release": release["id"],
        **wanted.as_document(),
        "codec": f"{CODEC} {CODEC_LEVEL}" if is_parquet else None,
        "pyarrow": pa.__version__,
    }
    return {
        one.file.name: {
            **one.file.as_entry(),
            **shared,
            "split": one.split,
            "rows_in": one.rows_in,
            "left_out": dict(one.left_out),
        }
        for one in written
    }


def _write_companions(
    wanted: Rendering,
    release: Mapping[str, Any],
    written: Sequence[WrittenSplit],
    to: Path,
) -> dict[str, dict[str, Any]]:
    exporter = wanted.exporter
    if exporter.companions is None or wanted.layout is Layout.HUGGINGFACE:
        return {}
    tables = [
        ExportedTable(name=one.file.name, split=one.split, rows=one.file.rows or 0)
        for one in written
    ]
    present = {
        name: (to / name).read_bytes() for name in exporter.companion_names if (to / name).is_file()
    }
    contents = exporter.companions(tables, wanted.options, present)
    with partial_files([to / name for name in contents]) as partials:
        entries = [
            write_bytes(partial, content)
            for partial, content in zip(partials, contents.values(), strict=True)
        ]
    return {
        name: {**entry.as_entry(), "release": release["id"], "companion_of": exporter.key}
        for name, entry in zip(contents, entries, strict=True)
    }


def _exported(
    folder: Path, wanted: Rendering, entries: Mapping[str, Mapping[str, Any]]
) -> Exported:
    tables = [entries[name] for name in wanted.files.values()]
    left_out = Counter[str]()
    for entry in tables:
        left_out.update(entry["left_out"])
    return Exported(
        folder=folder,
        tables=[_file(name, entries[name]) for name in wanted.files.values()],
        companions=[
            _file(name, entry) for name, entry in entries.items() if "companion_of" in entry
        ],
        rows_in=sum(entry["rows_in"] for entry in tables),
        left_out=dict(sorted(left_out.items())),
    )


def _file(name: str, entry: Mapping[str, Any]) -> ExportedFile:
    return ExportedFile(
        name=name,
        split=entry.get("split"),
        rows=entry["rows"],
        bytes=entry["bytes"],
        sha256=entry["sha256"],
    )
