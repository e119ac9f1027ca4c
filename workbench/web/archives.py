"""Exports as responses: the media types of their files, and all of one as a zip."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Response
from starlette.responses import StreamingResponse

from workbench.contracts.exporter import ExportFormat
from workbench.releases.archive import stream_archive
from workbench.releases.export import Exported
from workbench.releases.folders import release_folder
from workbench.releases.queries import ReleaseView
from workbench.web.edge import Edge

MEDIA_TYPES = {
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
    ExportFormat.JSONL: "application/x-ndjson",
    ExportFormat.JSON: "application/json",
}


def archive_response(edge: Edge, view: ReleaseView, exported: Exported) -> Response:
    """Send an export as a zip that is made on the way."""
    name = f"{view.name}.{exported.path.stem}.zip"
    return StreamingResponse(
        stream_archive(exported, release_folder(edge.settings, view.public_id)),
        media_type="application/zip",
        headers={"content-disposition": f"attachment; filename*=utf-8''{quote(name)}"},
    )
