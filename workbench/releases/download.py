"""Exports that are handed out: kept for the next time, and recorded each time."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from sqlalchemy.orm import Session

from workbench.audit import record_event
from workbench.contracts.exporter import ExportFormat
from workbench.contracts.registry import get_exporter
from workbench.errors import VerificationFailed
from workbench.identifiers import hash_content
from workbench.releases.archive import ARCHIVE
from workbench.releases.conversion import Progress
from workbench.releases.export import Exported, find_export, read_options, write_rendering
from workbench.releases.folders import export_folder, release_folder
from workbench.releases.manifest import MANIFEST, read_export_manifest
from workbench.releases.queries import ReleaseView
from workbench.releases.rendering import Rendering
from workbench.releases.splits import read_splits
from workbench.settings import Settings

_DIGITS = 20
_EXPORT = re.compile(f"[0-9a-f]{{{_DIGITS}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file that can be handed out, and the export that it belongs to."""

    path: Path
    wanted: Rendering
    exported: Exported


def export_known(
    settings: Settings,
    release: ReleaseView,
    wanted: Rendering,
    *,
    to: Path,
    progress: Progress | None = None,
) -> Exported:
    """Export a release, holding it to the hash that the database keeps of its manifest."""
    return write_rendering(
        release_folder(settings, release.public_id),
        wanted,
        manifest_sha256=release.manifest_sha256,
        to=to,
        progress=progress,
    )


def prepare_download(settings: Settings, release: ReleaseView, wanted: Rendering) -> Exported:
    """Return an export of a release, the one that was made before if it is intact."""
    digest = hash_content(
        {
            "release": release.manifest_sha256,
            **wanted.as_document(),
            "pyarrow": pa.__version__,
        }
    )
    folder = export_folder(settings, release.public_id, digest[:_DIGITS])
    found = find_export(folder, wanted)
    if found is not None:
        return found
    # A companion is merged with what is there, which here is nothing but what this export wrote.
    shutil.rmtree(folder, ignore_errors=True)
    return export_known(settings, release, wanted, to=folder)


def find_download(
    settings: Settings, release: ReleaseView, export: str, file: str
) -> Download | None:
    """Return a file that was prepared for download; `export` is the name of its folder."""
    if not _EXPORT.fullmatch(export):
        return None
    folder = export_folder(settings, release.public_id, export)
    try:
        files = read_export_manifest(folder)["files"]
    except VerificationFailed:
        return None
    if file not in {MANIFEST, ARCHIVE, *files}:
        return None
    entry = next(entry for entry in files.values() if "companion_of" not in entry)
    exporter = get_exporter(entry["exporter"])
    wanted = Rendering(
        exporter=exporter,
        options=read_options(exporter, entry["options"]),
        format=ExportFormat(entry["format"]),
        splits=read_splits(entry["splits"]),
    )
    exported = find_export(folder, wanted)
    if exported is None:
        return None
    return Download(path=folder / file, wanted=wanted, exported=exported)


def record_export(
    session: Session,
    release: ReleaseView,
    wanted: Rendering,
    exported: Exported,
    *,
    action: str,
    actor: str,
    now: datetime,
) -> None:
    """Leave an audit row that says who took which rows out."""
    record_event(
        session,
        organization_id=release.organization_id,
        actor=actor,
        action=action,
        subject=release.public_id,
        now=now,
        detail={
            **wanted.as_document(),
            "rows": exported.rows,
            "sha256": {file.name: file.sha256 for file in exported.files},
        },
    )
