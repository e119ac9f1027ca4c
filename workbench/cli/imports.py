"""`workbench import`: items, and judgments collected elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.environment import (
    ACTOR,
    CampaignReference,
    InOrganization,
    find_campaign,
    open_environment,
    read_settings,
)
from workbench.cli.output import AsJson, answer
from workbench.cli.progress import progress_bar
from workbench.errors import ImportRejected

if TYPE_CHECKING:
    from workbench.importing.report import ImportReport

app = typer.Typer(
    help="Bring in items, and judgments collected elsewhere. The same file again changes nothing.",
    no_args_is_help=True,
)

ImportFile = Annotated[
    Path, typer.Argument(metavar="FILE", help=".jsonl, .jsonl.gz, .csv or .parquet")
]
SkipBadRows = Annotated[
    bool,
    typer.Option(
        "--skip-bad-rows", help="Import the rest; write the bad ones to FILE.rejected.jsonl."
    ),
]


AllowImageHost = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-image-host",
        metavar="HOST",
        help="Fetch images from this host although its address is an internal one; may be repeated."
        " WORKBENCH_IMAGE_HOSTS lists those that are always allowed.",
    ),
]


@app.command("items")
def items(
    campaign: CampaignReference,
    file: ImportFile,
    organization: InOrganization = None,
    skip_bad_rows: SkipBadRows = False,
    allow_image_host: AllowImageHost = None,
    as_json: AsJson = False,
) -> None:
    """Add items; change those that nobody has judged yet. Their images are fetched and kept."""
    from workbench.importing.images import ImageRules
    from workbench.importing.items import import_items

    rules = ImageRules.of(read_settings(), also_allow=allow_image_host or ())
    use_case = partial(import_items, images=rules)
    _import(use_case, "items", campaign, organization, file, skip_bad_rows, as_json)


@app.command("judgments")
def judgments(
    campaign: CampaignReference,
    file: ImportFile,
    organization: InOrganization = None,
    skip_bad_rows: SkipBadRows = False,
    as_json: AsJson = False,
) -> None:
    """Add judgments; a changed one supersedes the one before."""
    from workbench.importing.judgments import import_judgments

    _import(import_judgments, "judgments", campaign, organization, file, skip_bad_rows, as_json)


def _import(
    use_case: Callable[..., ImportReport],
    what: str,
    reference: str,
    organization: str | None,
    path: Path,
    skip_bad_rows: bool,
    as_json: bool,
) -> None:
    with open_environment() as environment:
        with environment.database.read() as session:
            campaign = find_campaign(session, reference, organization)
        with progress_bar() as progress:
            try:
                report = use_case(
                    environment.database,
                    campaign_id=campaign.id,
                    path=path,
                    actor=ACTOR,
                    clock=environment.clock,
                    skip_bad_rows=skip_bad_rows,
                    progress=progress,
                )
            except ImportRejected as rejection:
                if not skip_bad_rows and "rejected" in rejection.extra:
                    rejection.message += "; --skip-bad-rows imports the rest"
                raise
    answer(report.as_document(), lambda: _sentence(report, what), as_json=as_json)


def _sentence(report: ImportReport, what: str) -> str:
    counts = vars(report.counts) | {"rejected": report.rejected}
    said = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
    text = f"Imported {what}: {said or 'none'}."
    if report.rejected_file is not None:
        text += f" The rejected rows are in {report.rejected_file}."
    return text
