"""`workbench release`: freeze, export, verify, compare and list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from workbench.cli.difference import difference
from workbench.cli.environment import (
    ACTOR,
    CampaignReference,
    Environment,
    InOrganization,
    find_campaign,
    open_environment,
)
from workbench.cli.measure import MethodName
from workbench.cli.output import AsJson, answer, table
from workbench.cli.previews import previews
from workbench.cli.progress import progress_bar
from workbench.cli.renderings import read_renderings

if TYPE_CHECKING:
    from rich.console import RenderableType

    from workbench.releases.queries import ReleaseView

app = typer.Typer(
    help="Frozen releases: freeze, export, verify, compare.",
    no_args_is_help=True,
    add_completion=False,
)

LISTED = 1000

ReleaseReference = Annotated[
    str, typer.Argument(metavar="RELEASE", help="The release's id, or CAMPAIGN/name.")
]


@app.command("freeze")
def freeze(
    campaign: CampaignReference,
    name: Annotated[str | None, typer.Option("--name", help="v1, v2 … if not given.")] = None,
    consensus: Annotated[
        MethodName, typer.Option("--consensus", help="How votes become a consensus.")
    ] = "majority",
    min_judgments: Annotated[
        int, typer.Option("--min-judgments", help="Leave out items with fewer judgments.")
    ] = 1,
    min_confidence: Annotated[
        float, typer.Option("--min-confidence", help="Leave out items with less confidence.")
    ] = 0.0,
    drop_ties: Annotated[
        bool, typer.Option("--drop-ties", help="Leave out items whose consensus is a tie.")
    ] = False,
    exclude: Annotated[
        Path | None,
        typer.Option(
            "--exclude",
            metavar="FILE",
            help="Leave out items whose prompt, or one nearly like it, is in this file.",
        ),
    ] = None,
    organization: InOrganization = None,
    as_json: AsJson = False,
) -> None:
    """Freeze a snapshot of a campaign: hashed files that never change."""
    from workbench.contracts.task_template import ConsensusMethod
    from workbench.releases.freeze import freeze_release
    from workbench.releases.snapshot import Filters

    with open_environment() as environment:
        with environment.database.read() as session:
            campaign_id = find_campaign(session, campaign, organization).id
        with progress_bar() as progress:
            frozen = freeze_release(
                environment.database,
                environment.settings,
                campaign_id=campaign_id,
                name=name,
                consensus=ConsensusMethod(consensus),
                filters=Filters(
                    min_judgments=min_judgments,
                    min_confidence=min_confidence,
                    drop_ties=drop_ties,
                ),
                exclude=exclude,
                actor=ACTOR,
                clock=environment.clock,
                progress=progress,
            )
        view = _find(environment, frozen.id, None)
    document = {
        **view.as_document(),
        "folder": str(frozen.folder),
        "steps": frozen.manifest["steps"],
        "files": frozen.manifest["files"],
    }
    answer(document, lambda: _steps(view), as_json=as_json)


@app.command("preview")
def preview(
    release: ReleaseReference,
    exporter: Annotated[
        str | None,
        typer.Option("--exporter", metavar="E", help="The format; without one, all that fit."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="KEY=VALUE", help="An option of the exporter; repeat."),
    ] = None,
    splits: Annotated[
        str, typer.Option("--splits", metavar="NAME=RATIO,…", help="As in train=0.9,test=0.1.")
    ] = "",
    organization: InOrganization = None,
    as_json: AsJson = False,
) -> None:
    """Show what an export would hold, and leave out and why, before anything is written."""
    from workbench.contracts.registry import get_exporter
    from workbench.releases.export import list_fitting, preview_release
    from workbench.releases.folders import release_folder
    from workbench.releases.rendering import Layout

    with open_environment() as environment:
        view = _find(environment, release, organization)
    keys = [one.key for one in list_fitting(view.manifest)] if exporter is None else [exporter]
    folder = release_folder(environment.settings, view.public_id)
    found = {}
    for key in keys:
        kind = str(get_exporter(key).formats[0])
        (wanted,) = read_renderings([key], option or [], kind, splits, Layout.PLAIN)
        found[key] = preview_release(folder, wanted)
    document = {"previews": {key: asdict(one) for key, one in found.items()}}
    answer(document, lambda: previews(found, shows_rows=exporter is not None), as_json=as_json)


@app.command("export")
def export(
    release: ReleaseReference,
    exporter: Annotated[
        list[str],
        typer.Option("--exporter", metavar="E", help="The format's name; repeat for several."),
    ],
    format: Annotated[  # noqa: A002
        Literal["parquet", "jsonl", "json"], typer.Option("--format", help="The kind of file.")
    ],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="PLACE",
            help="A folder, s3://bucket/prefix, gs://bucket/prefix or hf:organization/name.",
        ),
    ],
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="KEY=VALUE",
            help="An option of the exporter (of several: EXPORTER.KEY=VALUE); repeat.",
        ),
    ] = None,
    splits: Annotated[
        str,
        typer.Option(
            "--splits",
            metavar="NAME=RATIO,…",
            help="A file for each split, as in train=0.9,test=0.1; no prompt is in two.",
        ),
    ] = "",
    layout: Annotated[
        Literal["plain", "huggingface"],
        typer.Option("--layout", help="Files side by side, or a Hugging Face dataset folder."),
    ] = "plain",
    endpoint: Annotated[
        str | None,
        typer.Option("--endpoint", metavar="URL", help="An S3-compatible server, for s3://."),
    ] = None,
    organization: InOrganization = None,
    as_json: AsJson = False,
) -> None:
    """Render a release's records in a training format, with a manifest beside them."""
    from workbench.releases.delivery import deliver_release
    from workbench.releases.destinations import read_destination
    from workbench.releases.download import record_export
    from workbench.releases.rendering import Layout

    wanted = read_renderings(exporter, option or [], format, splits, Layout(layout))
    place = read_destination(to, endpoint=endpoint, layout=Layout(layout))
    with open_environment() as environment:
        view = _find(environment, release, organization)
        with progress_bar() as progress:
            delivered = deliver_release(
                environment.settings,
                view,
                wanted,
                to=place,
                progress=None if progress is None else partial(progress, "export"),
            )
        with environment.database.write() as session:
            for one in delivered:
                record_export(
                    session,
                    view,
                    one.wanted,
                    one.exported,
                    action="release_exported",
                    actor=ACTOR,
                    now=environment.clock.now(),
                )
    documents = [
        {
            "release": view.public_id,
            **one.wanted.as_document(),
            **one.exported.as_document(),
            "path": one.paths[0],
            "manifest": one.manifest,
        }
        for one in delivered
    ]
    document = documents[0] if len(documents) == 1 else {"exports": documents}
    lines = [f"{one.exported.rows:,} rows in {', '.join(one.paths)}" for one in delivered]
    answer(document, "\n".join(lines), as_json=as_json)


@app.command("verify")
def verify(
    release: ReleaseReference,
    folder: Annotated[
        Path | None, typer.Option("--in", metavar="DIR", help="Check an export in DIR as well.")
    ] = None,
    organization: InOrganization = None,
    as_json: AsJson = False,
) -> None:
    """Check every file of a release, and of an export of it, against the manifest."""
    from workbench.releases.folders import release_folder
    from workbench.releases.verify import verify_export, verify_release

    with open_environment() as environment:
        view = _find(environment, release, organization)
        stored = release_folder(environment.settings, view.public_id)
    checked = verify_release(stored, expected_sha256=view.manifest_sha256)
    exported = []
    if folder is not None:
        exported = verify_export(
            folder, release_id=view.public_id, release_sha256=view.manifest_sha256
        )
    document: dict[str, Any] = {
        "release": view.public_id,
        "verified": True,
        "files": [{"file": one.file, "state": str(one.state)} for one in checked],
    }
    if folder is not None:
        document["export"] = [{"file": one.file, "state": str(one.state)} for one in exported]
    text = f"{len(checked) + len(exported)} files are what was written"
    answer(document, text, as_json=as_json)


@app.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A release.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="A later one.")],
    organization: InOrganization = None,
    as_json: AsJson = False,
) -> None:
    """Tell what changed between two releases: items, rows, labels, agreement."""
    from workbench.releases.diff import compare_releases
    from workbench.releases.folders import release_folder

    with open_environment() as environment:
        views = [_find(environment, one, organization) for one in (before, after)]
        folders = [release_folder(environment.settings, view.public_id) for view in views]
    found = compare_releases(
        *folders,
        before_sha256=views[0].manifest_sha256,
        after_sha256=views[1].manifest_sha256,
    )
    answer(found.as_document(), lambda: difference(found), as_json=as_json)


@app.command("list")
def list_(
    campaign: Annotated[
        str | None, typer.Argument(metavar="[CAMPAIGN]", help="Only this campaign's releases.")
    ] = None,
    organization: InOrganization = None,
    as_json: AsJson = False,
) -> None:
    """List releases, newest first."""
    from workbench.people.organizations import get_organization
    from workbench.releases.queries import list_releases

    with open_environment() as environment, environment.database.read() as session:
        within = None
        if organization is not None:
            within = get_organization(session, reference=organization).id
        campaign_id = None
        if campaign is not None:
            campaign_id = find_campaign(session, campaign, organization).id
        found = list_releases(
            session, organization_id=within, campaign_id=campaign_id, page_size=LISTED
        )
    document = {
        "releases": [view.as_document() for view in found.rows],
        "total": found.total,
    }
    answer(document, lambda: _releases(found.rows), as_json=as_json)


def _find(environment: Environment, reference: str, organization: str | None) -> ReleaseView:
    from workbench.people.organizations import get_organization
    from workbench.releases.queries import get_release

    with environment.database.read() as session:
        within = None
        if organization is not None:
            within = get_organization(session, reference=organization).id
        return get_release(session, reference=reference, organization_id=within)


def _steps(view: ReleaseView) -> RenderableType:
    from rich.console import Group

    rows = (
        (
            step["step"],
            step["in"],
            step["out"],
            ", ".join(f"{reason} {count}" for reason, count in step["left_out"].items()),
        )
        for step in view.manifest["steps"]
    )
    return Group(
        f"Release {view.name} of {view.campaign_name}: {view.public_id}",
        table(("step", "in", "out", "left out"), rows),
    )


def _releases(views: Sequence[ReleaseView]) -> RenderableType:
    return table(
        ("release", "id", "frozen", "consensus", "rows"),
        (
            (
                f"{view.campaign_name}/{view.name}",
                view.public_id,
                f"{view.created_at:%Y-%m-%d %H:%M}",
                view.manifest["consensus"]["method"],
                ", ".join(f"{kind} {rows}" for kind, rows in view.rows.items()),
            )
            for view in views
        ),
    )
