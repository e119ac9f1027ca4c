"""Exports that are handed out: kept for the next time, and recorded each time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from sqlalchemy.orm import Session

from workbench.audit import record_event
from workbench.contracts.exporter import AnyExporter, ExportFormat, ExportOptions
from workbench.contracts.registry import get_exporter
from workbench.errors import VerificationFailed
from workbench.identifiers import hash_content
from workbench.releases.export import (
    Exported,
    Progress,
    export_release,
    find_export,
    read_options,
)
from workbench.releases.folders import export_folder, release_folder
from workbench.releases.manifest import MANIFEST, read_export_manifest
from workbench.releases.queries import ReleaseView
from workbench.settings import Settings

_DIGITS = 20
_EXPORT = re.compile(f"[0-9a-f]{{{_DIGITS}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What is wanted of a release: which format, under which options, in which kind of file."""

    exporter: AnyExporter
    options: ExportOptions
    format: ExportFormat


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
    return export_release(
        release_folder(settings, release.public_id),
        manifest_sha256=release.manifest_sha256,
        exporter=wanted.exporter,
        options=wanted.options,
        format=wanted.format,
        to=to,
        progress=progress,
    )


def prepare_download(settings: Settings, release: ReleaseView, wanted: Rendering) -> Exported:
    """Return an export of a release, the one that was made before if it is intact."""
    digest = hash_content(
        {
            "release": release.manifest_sha256,
            "exporter": wanted.exporter.key,
            "version": wanted.exporter.version,
            "options": wanted.options.model_dump(mode="json"),
            "format": str(wanted.format),
            "pyarrow": pa.__version__,
        }
    )
    folder = export_folder(settings, release.public_id, digest[:_DIGITS])
    found = find_export(folder, exporter=wanted.exporter, format=wanted.format)
    if found is not None:
        return found
    (folder / MANIFEST).unlink(missing_ok=True)
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
    name = next(iter(files)) if file == MANIFEST else file
    if name not in files:
        return None
    entry = files[name]
    exporter = get_exporter(entry["exporter"])
    wanted = Rendering(
        exporter=exporter,
        options=read_options(exporter, entry["options"]),
        format=ExportFormat(entry["format"]),
    )
    exported = find_export(folder, exporter=exporter, format=wanted.format)
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
            "exporter": wanted.exporter.key,
            "format": str(wanted.format),
            "options": wanted.options.model_dump(mode="json"),
            "rows": exported.rows,
            "sha256": exported.sha256,
        },
    )
