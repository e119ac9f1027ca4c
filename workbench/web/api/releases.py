"""Frozen releases, their cards and manifests, and exports of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response, status
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse

from workbench.campaigns.campaign import get_campaign
from workbench.contracts.exporter import ExportFormat
from workbench.contracts.registry import exporters, get_exporter
from workbench.contracts.task_template import ConsensusMethod
from workbench.database.paging import Page
from workbench.errors import NotFound, VerificationFailed
from workbench.models import Role
from workbench.people.tokens import Scope
from workbench.releases.archive import ARCHIVE
from workbench.releases.diff import compare_releases
from workbench.releases.download import find_download, prepare_download, record_export
from workbench.releases.export import preview_release, read_options
from workbench.releases.folders import release_folder
from workbench.releases.freeze import freeze_release
from workbench.releases.manifest import MANIFEST
from workbench.releases.queries import ReleaseView, get_release, list_releases
from workbench.releases.rendering import Rendering
from workbench.releases.snapshot import Filters
from workbench.releases.splits import read_splits
from workbench.releases.verify import FileState, verify_release
from workbench.web.api.differences import Difference
from workbench.web.archives import MEDIA_TYPES, archive_response
from workbench.web.edge import Edge, allow
from workbench.web.parameters import PageNumber
from workbench.web.uploads import Upload, receive_upload

router = APIRouter(prefix="/api/v1", tags=["releases"])

Readers = Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER, scope=Scope.RELEASES_READ)]
Takers = Annotated[Edge, allow(Role.ENGINEER, scope=Scope.RELEASES_READ)]
Freezers = Annotated[Edge, allow(Role.ENGINEER, scope=Scope.RELEASES_WRITE)]


class ExcludedShown(BaseModel):
    """The file whose prompts the release does not have."""

    file: str
    sha256: str
    prompts: int


class FiltersShown(BaseModel):
    min_judgments: int
    min_confidence: float
    drop_ties: bool
    exclude: ExcludedShown | None = None


class ReleaseShown(BaseModel):
    id: str
    name: str
    campaign: str
    campaign_name: str
    created_at: datetime
    simulated: bool = Field(description="Some of it was made by a program for demonstration.")
    consensus: ConsensusMethod
    filters: FiltersShown
    rows: dict[str, int] = Field(description="Training rows by kind of record.")
    manifest_sha256: str


class ReleaseWithManifest(ReleaseShown):
    manifest: dict[str, Any] = Field(
        description="What is in it: files with hashes, and rows in and out by reason."
    )


class ReleaseList(BaseModel):
    releases: list[ReleaseShown]
    page: int
    pages: int
    total: int


class NewRelease(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, max_length=200, description="v1, v2 … if not given.")
    consensus: ConsensusMethod = ConsensusMethod.MAJORITY
    min_judgments: int = Field(default=1, ge=1)
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    drop_ties: bool = False


class NewGuardedRelease(NewRelease):
    filename: str = Field(default="", description="The name of the file that is the raw body.")


class FileChecked(BaseModel):
    file: str
    state: FileState


class Verified(BaseModel):
    release: str
    verified: bool
    files: list[FileChecked]


class Preview(BaseModel):
    exporter: str
    rows: list[dict[str, Any]] = Field(description="The first three rows.")
    rows_in: int = Field(description="How many records were converted to count what is left out.")
    left_out: dict[str, int] = Field(description="Of these, rows left out, by reason.")
    splits: dict[str, int] = Field(description="Of these, rows by split; empty without splits.")
    complete: bool = Field(description="Whether these are all records of the release.")


class NewExport(BaseModel):
    model_config = ConfigDict(extra="forbid")

    exporter: str = Field(max_length=64)
    format: ExportFormat = ExportFormat.PARQUET
    options: dict[str, str | bool | int | float] = {}
    splits: dict[str, float] = Field(
        default={},
        description="Ratios by name, which sum to 1; no prompt, nor one nearly like it, is in two.",
    )

    def read(self) -> Rendering:
        exporter = get_exporter(self.exporter)
        return Rendering(
            exporter=exporter,
            options=read_options(exporter, self.options),
            format=self.format,
            splits=read_splits(self.splits),
        )


class ExportedFileShown(BaseModel):
    file: str
    split: str | None
    rows: int | None = Field(description="None for a companion of the rows.")
    bytes: int
    sha256: str


class ExportShown(BaseModel):
    """An export: its files, `manifest.json` and `export.zip` with all of them are at `export`/…."""

    export: str = Field(description="Names this way of exporting the release.")
    file: str = Field(description="The file of rows; the first one where there are several.")
    rows_in: int
    rows: int
    left_out: dict[str, int] = Field(description="Rows left out, by reason.")
    bytes: int = Field(description="Of all files of rows.")
    sha256: str = Field(description="Of `file`.")
    files: list[ExportedFileShown]


class ExporterShown(BaseModel):
    key: str
    version: str
    title: str
    summary: str
    record: str = Field(description="The kind of record it exports.")
    formats: list[ExportFormat] = Field(description="The kinds of file it may be.")
    options: dict[str, Any] = Field(description="JSON Schema of its options.")


class ExporterList(BaseModel):
    exporters: list[ExporterShown]


@router.get("/exporters", operation_id="list_exporters")
def list_known_exporters(edge: Readers) -> ExporterList:
    """List the formats that releases can be exported to."""
    with edge.read():
        pass
    return ExporterList(
        exporters=[
            ExporterShown(
                key=one.key,
                version=one.version,
                title=one.title,
                summary=one.summary,
                record=str(one.record),
                formats=list(one.formats),
                options=one.options.model_json_schema(),
            )
            for one in exporters().values()
        ]
    )


@router.get("/releases", operation_id="list_releases")
def list_own_releases(edge: Readers, page: PageNumber = 1) -> ReleaseList:
    """List the organization's releases, newest first."""
    with edge.read() as work:
        found = list_releases(
            work.session,
            organization_id=work.actor.organization_id,
            page=page,
        )
    return _list(found)


@router.get("/campaigns/{campaign}/releases", operation_id="list_campaign_releases")
def list_releases_of_campaign(edge: Readers, campaign: str, page: PageNumber = 1) -> ReleaseList:
    """List a campaign's releases, newest first."""
    with edge.read() as work:
        organization_id = work.actor.organization_id
        of = get_campaign(work.session, reference=campaign, organization_id=organization_id)
        found = list_releases(
            work.session,
            organization_id=organization_id,
            campaign_id=of.id,
            page=page,
        )
    return _list(found)


@router.post(
    "/campaigns/{campaign}/releases",
    operation_id="freeze_release",
    status_code=status.HTTP_201_CREATED,
)
def freeze_campaign_release(edge: Freezers, campaign: str, wanted: NewRelease) -> ReleaseShown:
    """Freeze a snapshot of a campaign, in units of work of its own."""
    return _freeze(edge, campaign, wanted, exclude=None)


@router.post(
    "/campaigns/{campaign}/releases/guarded",
    operation_id="freeze_guarded_release",
    status_code=status.HTTP_201_CREATED,
)
def freeze_guarded_release(
    edge: Freezers,
    campaign: str,
    upload: Annotated[Upload, Depends(receive_upload)],
    wanted: Annotated[NewGuardedRelease, Query()],
) -> ReleaseShown:
    """Freeze without the prompts of a file, and without those nearly like one of them.

    The file (a form's `file`, or a raw body named by `?filename=`) is JSONL, CSV or Parquet with a
    column `prompt`, or lines of text.
    """
    return _freeze(edge, campaign, wanted, exclude=upload.path)


def _freeze(edge: Edge, campaign: str, wanted: NewRelease, *, exclude: Path | None) -> ReleaseShown:
    with edge.read() as work:
        of = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
    frozen = freeze_release(
        edge.database,
        edge.settings,
        campaign_id=of.id,
        name=wanted.name,
        consensus=wanted.consensus,
        filters=Filters(
            min_judgments=wanted.min_judgments,
            min_confidence=wanted.min_confidence,
            drop_ties=wanted.drop_ties,
        ),
        exclude=exclude,
        actor=work.actor.person_public_id,
        clock=edge.clock,
    )
    return ReleaseShown.model_validate(_find(edge, frozen.id).as_document())


@router.get("/releases/{release}", operation_id="get_release")
def get_known_release(edge: Readers, release: str) -> ReleaseWithManifest:
    """Return a release with its manifest."""
    view = _find(edge, release)
    return ReleaseWithManifest.model_validate(
        {**view.as_document(), "manifest": dict(view.manifest)}
    )


@router.get(
    "/releases/{release}/card",
    operation_id="get_release_card",
    response_class=PlainTextResponse,
)
def get_card(edge: Readers, release: str) -> Response:
    """Return the release's card, in Markdown."""
    path = release_folder(edge.settings, _find(edge, release).public_id) / "card.md"
    try:
        return PlainTextResponse(path.read_text(encoding="utf-8"), media_type="text/markdown")
    except OSError as error:
        message = "the card of the release cannot be read"
        raise VerificationFailed(message) from error


@router.post("/releases/{release}/verify", operation_id="verify_release")
def verify_stored_release(edge: Readers, release: str) -> Verified:
    """Check every file of the stored release against its manifest."""
    view = _find(edge, release)
    checked = verify_release(
        release_folder(edge.settings, view.public_id), expected_sha256=view.manifest_sha256
    )
    files = [FileChecked(file=one.file, state=one.state) for one in checked]
    return Verified(release=view.public_id, verified=True, files=files)


@router.get("/releases/{release}/diff", operation_id="compare_releases")
def compare_with_another(
    edge: Readers,
    release: str,
    before: Annotated[str, Query(max_length=64, description="The earlier release's id.")],
) -> Difference:
    """Tell what changed from another release to this one: items, rows, labels, agreement."""
    views = [_find(edge, one) for one in (before, release)]
    found = compare_releases(
        *(release_folder(edge.settings, view.public_id) for view in views),
        before_sha256=views[0].manifest_sha256,
        after_sha256=views[1].manifest_sha256,
    )
    return Difference.model_validate(found, from_attributes=True)


@router.post("/releases/{release}/preview", operation_id="preview_export")
def preview_export(edge: Readers, release: str, wanted: NewExport) -> Preview:
    """Return the first three rows that an export would have, and what it would leave out."""
    view = _find(edge, release)
    chosen = wanted.read()
    preview = preview_release(release_folder(edge.settings, view.public_id), chosen)
    return Preview(
        exporter=chosen.exporter.key,
        rows=[dict(row) for row in preview.rows],
        rows_in=preview.rows_in,
        left_out=dict(preview.left_out),
        splits={name: count for name, count in preview.counts.items() if name is not None},
        complete=preview.is_complete,
    )


@router.post("/releases/{release}/exports", operation_id="export_release")
def export_known_release(edge: Takers, release: str, wanted: NewExport) -> ExportShown:
    """Render a release in a training format, unless that was done before."""
    view = _find(edge, release)
    exported = prepare_download(edge.settings, view, wanted.read())
    address = f"/api/v1/releases/{view.public_id}/exports/{exported.folder.name}"
    return ExportShown(export=address, **exported.as_document())


@router.get(
    "/releases/{release}/exports/{export}/{file}",
    operation_id="download_export",
    response_class=FileResponse,
    responses={
        200: {
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            }
        }
    },
)
def download_export(
    edge: Takers,
    release: str,
    export: str,
    file: Annotated[str, Field(max_length=100)],
) -> Response:
    """Hand out a file of an export, its `manifest.json`, or all and the card as `export.zip`."""
    view = _find(edge, release)
    found = find_download(edge.settings, view, export, file)
    if found is None:
        message = f"there is no such export of this release: {export}/{file}"
        raise NotFound(message)
    if file != MANIFEST:
        with edge.write() as work:
            record_export(
                work.session,
                view,
                found.wanted,
                found.exported,
                action="release_downloaded",
                actor=work.actor.person_public_id,
                now=work.now,
            )
    if file == ARCHIVE:
        return archive_response(edge, view, found.exported)
    return FileResponse(found.path, filename=file, media_type=_media_type(found.path))


def _find(edge: Edge, release: str) -> ReleaseView:
    with edge.read() as work:
        return get_release(
            work.session, reference=release, organization_id=work.actor.organization_id
        )


def _list(found: Page[ReleaseView]) -> ReleaseList:
    return ReleaseList(
        releases=[ReleaseShown.model_validate(one.as_document()) for one in found.rows],
        page=found.number,
        pages=found.pages,
        total=found.total,
    )


def _media_type(path: Path) -> str:
    try:
        return MEDIA_TYPES[ExportFormat(path.suffix.removeprefix("."))]
    except ValueError:
        return "application/octet-stream"
