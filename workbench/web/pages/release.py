"""One release: where its rows came from, how to read them, and exports of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic_core import to_json
from starlette.responses import FileResponse

from workbench.contracts.exporter import AnyExporter, ExportFormat
from workbench.contracts.registry import get_exporter, task_templates
from workbench.contracts.rendering import render_prose
from workbench.errors import BadRequest, OptionInvalid, VerificationFailed
from workbench.models import Role
from workbench.releases.download import prepare_download, record_export
from workbench.releases.export import (
    ExportPreview,
    list_fitting,
    preview_release,
    read_options,
)
from workbench.releases.folders import release_folder
from workbench.releases.queries import ReleaseView, get_release, list_releases_beside
from workbench.releases.rendering import Rendering
from workbench.releases.snapshot import records_file
from workbench.releases.splits import read_splits
from workbench.releases.verify import verify_release
from workbench.settings import Settings
from workbench.web.archives import MEDIA_TYPES, archive_response
from workbench.web.charts import (
    Amount,
    BarChart,
    Estimate,
    IntervalChart,
    flow_chart,
    interval_chart,
)
from workbench.web.edge import Edge, allow
from workbench.web.figures import METHOD_TITLES, outcome_word, reason_in_words, reason_word
from workbench.web.forms import refusals_to, see_other
from workbench.web.option_fields import OptionField, option_fields, read_option_fields
from workbench.web.templating import render

router = APIRouter(prefix="/releases", include_in_schema=False)

_CELL = 4_000
_FORMAT_TITLES = {
    ExportFormat.PARQUET: "Parquet",
    ExportFormat.JSONL: "JSONL",
    ExportFormat.JSON: "JSON",
}

SplitsText = Annotated[str, Query(max_length=400)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExporterChoice:
    key: str
    title: str
    summary: str
    rows: int
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One value of a previewed row: messages one by one, text as it is, anything else as JSON."""

    column: str
    messages: Sequence[tuple[str, str]]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportView:
    """The chosen exporter under the chosen options; `fault` says why there is no preview.

    Attributes:
        left_out: Reasons in words with how many rows, of the `rows_in` records counted.
        counts: Rows by split.
        formats: (value, title) of the kinds of file.
        is_one_file: Whether rows come in one file, which then can be downloaded alone.
    """

    key: str
    title: str
    summary: str
    options: Sequence[OptionField]
    splits: str
    rows: Sequence[Sequence[Cell]]
    rows_in: int
    left_out: Sequence[tuple[str, int]]
    counts: Mapping[str, int]
    is_complete: bool
    companions: Sequence[str]
    formats: Sequence[tuple[str, str]]
    is_one_file: bool
    fault: str
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    name: str
    rows: int | None
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseContext:
    release: ReleaseView
    manifest: Mapping[str, Any]
    method: str
    flow: BarChart
    agreement: IntervalChart
    card_html: str
    files: Sequence[FileRow]
    others: Sequence[tuple[str, str]]
    exporters: Sequence[ExporterChoice]
    export: ExportView | None
    may_export: bool


@router.get("/{release}")
def release_page(
    request: Request,
    edge: Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER)],
    release: str,
    exporter: Annotated[str, Query(max_length=64)] = "",
    splits: SplitsText = "",
) -> Response:
    with edge.read() as work:
        view = get_release(
            work.session, reference=release, organization_id=work.actor.organization_id
        )
        others = list_releases_beside(work.session, view)
    may_export = work.actor.role in {Role.ENGINEER, Role.ADMIN}
    fitting = list_fitting(view.manifest)
    chosen = next((one for one in fitting if one.key == exporter), fitting[0] if fitting else None)
    given = read_option_fields(request.query_params) if exporter else {}
    context = ReleaseContext(
        release=view,
        manifest=view.manifest,
        method=METHOD_TITLES[view.manifest["consensus"]["method"]],
        flow=_flow(view),
        agreement=_agreement(view),
        card_html=_card(edge.settings, view),
        files=[FileRow(name=name, **entry) for name, entry in view.manifest["files"].items()],
        others=[(one.public_id, one.name) for one in others],
        exporters=[
            ExporterChoice(
                key=one.key,
                title=one.title,
                summary=one.summary,
                rows=view.manifest["files"][records_file(one.record)]["rows"],
                is_chosen=one is chosen,
            )
            for one in fitting
        ],
        export=_export(edge.settings, view, chosen, given, splits)
        if chosen and may_export
        else None,
        may_export=may_export,
    )
    return render(request, "releases/release.html", context)


def _flow(view: ReleaseView) -> BarChart:
    """Draw the items' way through the filters to the rows of their first kind of record."""
    template = task_templates().get(view.manifest["campaign"]["template"]["key"])
    filters = [step for step in view.manifest["steps"] if "rows" not in step]
    records = [step for step in view.manifest["steps"] if "rows" in step][:1]
    amounts = [Amount(label="Items in the campaign", value=filters[0]["in"], kind="in")]
    for step in filters:
        amounts += [_lost(reason_word(reason), n) for reason, n in step["left_out"].items()]
    for step in records:
        amounts += [
            _lost(
                outcome_word(template, reason) if template else reason_word(reason),
                n,
                note="yields no training row",
            )
            for reason, n in step["left_out"].items()
        ]
    note = f"{records[0]['rows']:,} training rows" if records else ""
    out = (filters + records)[-1]["out"]
    amounts.append(Amount(label="Items out", value=out, kind="out", note=note))
    return flow_chart("Items in, left out by reason, and out", amounts)


def _lost(label: str, count: int, note: str = "") -> Amount:
    return Amount(label=label, value=count, kind="lost", figure=f"−{count:,}", note=note)


def _agreement(view: ReleaseView) -> IntervalChart:
    return interval_chart(
        "Agreement when this was frozen: Krippendorff's α with its 95 % interval",
        [
            Estimate(
                label=measure["title"],
                detail=f"α, {measure['level']} · unit: {measure['unit']}",
                value=measure["alpha"],
                interval=_pair(measure["interval"]),
                note=f"n = {measure['n_units']:,}"
                if measure["alpha"] is not None
                else reason_in_words(measure["reason"]),
            )
            for measure in view.manifest["agreement"]
        ],
    )


def _pair(interval: Sequence[float] | None) -> tuple[float, float] | None:
    return None if interval is None else (interval[0], interval[1])


def _card(settings: Settings, view: ReleaseView) -> str:
    """Return the card as safe HTML; empty where its file is gone."""
    try:
        card = (release_folder(settings, view.public_id) / "card.md").read_text(encoding="utf-8")
    except OSError:
        return ""
    return render_prose(card)


def _export(
    settings: Settings,
    view: ReleaseView,
    exporter: AnyExporter,
    given: Mapping[str, str],
    splits: str,
) -> ExportView:
    preview = ExportPreview(rows=(), rows_in=0, left_out={}, counts={}, is_complete=True)
    fault = ""
    try:
        wanted = Rendering(
            exporter=exporter,
            options=read_options(exporter, given),
            format=exporter.formats[0],
            splits=read_splits(splits),
        )
        preview = preview_release(release_folder(settings, view.public_id), wanted)
    except (BadRequest, OptionInvalid, VerificationFailed) as error:
        fault = error.message
    except OSError:
        fault = "the files of this release cannot be read"
    fields = option_fields(exporter.options, given)
    query = {"exporter": exporter.key, **{field.name: field.value for field in fields}}
    return ExportView(
        key=exporter.key,
        title=exporter.title,
        summary=exporter.summary,
        options=fields,
        splits=splits,
        rows=[[_cell(name, value) for name, value in row.items()] for row in preview.rows],
        rows_in=preview.rows_in,
        left_out=[(reason_word(reason), count) for reason, count in preview.left_out.items()],
        counts={name: count for name, count in preview.counts.items() if name is not None},
        is_complete=preview.is_complete,
        companions=exporter.companion_names,
        formats=[(str(one), _FORMAT_TITLES[one]) for one in exporter.formats],
        is_one_file=not splits.strip(),
        fault=fault,
        query=query | ({"splits": splits} if splits.strip() else {}),
    )


def _cell(column: str, value: Any) -> Cell:
    if isinstance(value, list) and value and all(_is_message(one) for one in value):
        messages = [(one["role"], _clipped(one["content"])) for one in value]
        return Cell(column=column, messages=messages, text="")
    text = value if isinstance(value, str) else to_json(value).decode()
    return Cell(column=column, messages=(), text=_clipped(text))


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"role", "content"}


def _clipped(text: str) -> str:
    return text if len(text) <= _CELL else f"{text[:_CELL]}…"


@router.get("/{release}/download")
def download_release(
    request: Request,
    edge: Annotated[Edge, allow(Role.ENGINEER)],
    release: str,
    exporter: Annotated[str, Query(max_length=64)],
    format: ExportFormat = ExportFormat.PARQUET,  # noqa: A002
    part: Literal["rows", "manifest", "all"] = "rows",
    splits: SplitsText = "",
) -> Response:
    """Hand out an export, made now unless it is there already, in units of work of its own."""
    with edge.read() as work:
        view = get_release(
            work.session, reference=release, organization_id=work.actor.organization_id
        )
    with refusals_to(request, "release_page", release=release):
        chosen = get_exporter(exporter)
        options = read_options(chosen, read_option_fields(request.query_params))
        wanted = Rendering(
            exporter=chosen, options=options, format=format, splits=read_splits(splits)
        )
        exported = prepare_download(edge.settings, view, wanted)
    with edge.write() as work:
        record_export(
            work.session,
            view,
            wanted,
            exported,
            action="release_downloaded",
            actor=work.actor.person_public_id,
            now=work.now,
        )
    if part == "manifest":
        name = f"{view.name}.{chosen.key}.manifest.json"
        return FileResponse(exported.manifest, media_type="application/json", filename=name)
    if part == "all" or len(exported.tables) > 1:
        return archive_response(edge, view, exported)
    name = f"{view.name}.{exported.path.name}"
    return FileResponse(exported.path, media_type=MEDIA_TYPES[format], filename=name)


@router.post("/{release}/verify")
def verify(
    request: Request, edge: Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER)], release: str
) -> Response:
    with edge.read() as work:
        view = get_release(
            work.session, reference=release, organization_id=work.actor.organization_id
        )
    with refusals_to(request, "release_page", release=release):
        checked = verify_release(
            release_folder(edge.settings, view.public_id), expected_sha256=view.manifest_sha256
        )
    notice = f"All {len(checked)} files are what was frozen, byte for byte."
    return see_other(request, "release_page", release=release, notice=notice)
